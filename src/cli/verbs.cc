#include "cli/verbs.h"

#include <algorithm>
#include <ranges>

#include "config/report.h"

namespace fairlead::cli {

namespace {

constexpr std::array kGlobalFlags{
    Flag{"-c,--config", "FILE", "The configuration. Else ./fairlead.yaml, else /etc/fairlead/fairlead.yaml."},
    Flag{"--json", "", "Results and events as JSON."},
    Flag{"--color", "WHEN", "Colour in messages.", false, "auto|always|never"},
    Flag{"--ascii", "", "No characters beyond ASCII."},
    Flag{"-q,--quiet", "", "Only what is needed: no narration, one line for each fault."},
};

constexpr std::array kRunFlags{
    Flag{"--listen", "ADDR", "Listen here: `:8080`, `127.0.0.1:8080`, `unix:/run/x.sock`.", true},
    Flag{"--to", "SERVER", "Send requests to this server: `127.0.0.1:3001`, or `3001` on this machine.", true},
    Flag{"--health", "PATH", "Check servers by asking for this page."},
    Flag{"--algorithm", "NAME",
         "How a server is chosen (least_requests): round_robin, least_requests, p2c, ewma, prequal, random, first, "
         "hash, ip_hash, source."},
    Flag{"--sticky", "HOW", "Send a client to the same server each time, by a cookie.", false, "cookie|off"},
    Flag{"--save", "FILE", "Write the equivalent configuration to FILE, then run."},
    Flag{"--print-config", "", "Print the whole configuration, with every default and where each value is from."},
    Flag{"--log", "", "Print the access log, on a terminal too."},
    Flag{"--dry-run", "", "Say what would run, and end."},
};

constexpr std::array kCheckFlags{
    Flag{"--fix", "", "Apply the fixes that have one possible reading."},
    Flag{"--strict", "", "Warnings make the exit code 3 too."},
    Flag{"--offline", "", "Look no server names up."},
    Flag{"--format", "FORMAT", "How faults are printed.", false, "human|json|github"},
};

constexpr std::array kDemoFlags{
    Flag{"--duration", "DUR", "How long the script takes (60s)."},
    Flag{"--rate", "N", "Requests per second (40)."},
    Flag{"--servers", "N", "App servers, 2 to 9 (3)."},
    Flag{"--seed", "N", "Of arrivals and service times (1)."},
    Flag{"--no-browser", "", "Open no browser. Nothing is opened in this version."},
};

constexpr std::array kSimulateFlags{
    Flag{"--pool", "NAME", "The pool, where the configuration has several."},
    Flag{"--traffic", "WHAT",
         "`synthetic:75/s`, or `log:FILE`: our JSON access log (half of what the servers can do)."},
    Flag{"--arrivals", "HOW", "How synthetic requests arrive (poisson).", false, "poisson|even|bursty"},
    Flag{"--service-time", "TIMES",
         "`42ms` or `p50=42ms,p99=1.2s`, perhaps with `,slow=8%:700ms` (p50=50ms,p99=500ms)."},
    Flag{"--concurrency", "N", "Requests that a server of weight 100 works on at once (4)."},
    Flag{"--servers", "N", "How many servers: `4`, or `2..6` to compare (those of the pool)."},
    Flag{"--algorithms", "NAMES", "Separated by commas (all)."},
    Flag{"--kill", "N", "So many servers die: `1`, `1@120s` (1).", true},
    Flag{"--hang", "N", "So many servers accept requests and never answer: `1`, `1@120s`.", true},
    Flag{"--slow", "N", "So many servers turn slow: `1`, `1:20x@60s` (1:10x).", true},
    Flag{"--surge", "FACTOR", "So much more traffic: `3x`, `3x@60s`.", true},
    Flag{"--duration", "DUR", "What counts of each run (as long as 10,000 requests take; 30s to 10m)."},
    Flag{"--runs", "N", "Runs of each row, at least 20 (20)."},
    Flag{"--seed", "N", "Of all chance (1)."},
};

constexpr std::array kVerbs{
    Verb{"run",
         "",
         "Balance requests over your servers.",
         "Takes a configuration (-c, else ./fairlead.yaml, else /etc/fairlead/fairlead.yaml), or flags that stand for "
         "one: then --to is all it needs, and it listens on port 8080 of this machine.\n"
         "SIGTERM or Ctrl-C finishes open requests, then stops; a second one stops at once. SIGHUP reads the "
         "configuration again without losing a request; a faulty one changes nothing. SIGUSR1 opens log files anew.",
         kRunFlags,
         {"fairlead run --listen :8080 --to 127.0.0.1:3001 --to 127.0.0.1:3002", "fairlead run -c fairlead.yaml"}},
    Verb{"check",
         "[FILE...]",
         "Find every fault of a configuration; changes nothing.",
         "Reports all faults in one run, each at its line, with a cause and a correction. Without FILE it checks what "
         "`fairlead run` would take. Warnings leave the exit code at 0 unless --strict.",
         kCheckFlags,
         {"fairlead check fairlead.yaml", "fairlead check --format github fairlead.yaml"}},
    Verb{
        "demo",
        "",
        "See it work: three toy servers, a crash, no error for clients.",
        "One process with Fairlead, small app servers and a client, on free ports of this machine. One server is slow, "
        "one crashes and comes back, one is drained; a narrator says what happens and counts what users would see. "
        "Exits with 1 if a client saw an error.",
        kDemoFlags,
        {"fairlead demo", "fairlead demo --duration 30s --json"}},
    Verb{"simulate",
         "",
         "Compare algorithms for your pool and your traffic.",
         "Sends made-up or recorded traffic through the code that balances real traffic, to servers that are made up: "
         "each algorithm in normal times, after a server dies and while one is slow. Nothing is sent over the network. "
         "The same --seed gives the same numbers.\n"
         "Where a cell says `same`, the row cannot be told from the best of its column: the difference is noise or "
         "below 1%. ± is the 95% interval over the runs. Times are of all requests, also of failed ones.",
         kSimulateFlags,
         {"fairlead simulate --traffic synthetic:75/s --service-time p50=42ms,p99=1.2s",
          "fairlead simulate -c fairlead.yaml --traffic log:access.log --servers 2..4"}},
    Verb{"explain",
         "CODE",
         "Say what a fault's code means, with a wrong and a right example.",
         "The codes are those of `fairlead check`. F0xxx: syntax and types. F1xxx: references and routes. F2xxx: "
         "environment and safety. F3xxx: advice.",
         {},
         {"fairlead explain F0203", "fairlead explain F1004"}},
    Verb{"schema",
         "",
         "Print the JSON Schema of the configuration, for editors.",
         "Draft 2020-12. An editor that knows YAML completes keys and marks faults with it.",
         {},
         {"fairlead schema > fairlead.schema.json", "fairlead schema | less"}},
    Verb{"completion",
         "bash|zsh|fish",
         "Print the completion script of a shell.",
         "bash: to /etc/bash_completion.d/fairlead. zsh: to a file `_fairlead` in a folder of $fpath. fish: to "
         "~/.config/fish/completions/fairlead.fish.",
         {},
         {"fairlead completion bash > /etc/bash_completion.d/fairlead", "source <(fairlead completion bash)"}},
    Verb{"version",
         "",
         "Print the version, how it was built, and what is in it.",
         "",
         {},
         {"fairlead version", "fairlead version --json"}},
    Verb{"reference",
         "configuration|diagnostics|commands",
         "Print a page of docs/reference/.",
         "",
         {},
         {"fairlead reference commands", "fairlead reference configuration"},
         true},
};

constexpr std::array<std::string_view, 23> kPlanned{"reload", "diff",   "status",  "top",     "logs",    "tap",
                                                    "events", "drain",  "undrain", "enable",  "disable", "weight",
                                                    "add",    "remove", "reset",   "canary",  "certs",   "dashboard",
                                                    "advise", "bench",  "import",  "upgrade", "man"};

std::vector<std::string_view> flag_names(const Verb& verb) {
  std::vector<std::string_view> names{"--help"};
  for (const Flag& flag : verb.flags) names.push_back(flag.long_name());
  for (const Flag& flag : kGlobalFlags) names.push_back(flag.long_name());
  return names;
}

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }

std::span<const Flag> global_flags() { return kGlobalFlags; }

const Verb* find_verb(std::string_view name) {
  const auto found = std::ranges::find(kVerbs, name, &Verb::name);
  return found == kVerbs.end() ? nullptr : &*found;
}

bool is_planned(std::string_view name) { return std::ranges::find(kPlanned, name) != kPlanned.end(); }

std::string nearest_verb(std::string_view name) {
  std::vector<std::string_view> names(kPlanned.begin(), kPlanned.end());
  for (const Verb& verb : kVerbs) names.push_back(verb.name);
  return config::nearest(name, names);
}

std::string nearest_flag(const Verb& verb, std::string_view name) { return config::nearest(name, flag_names(verb)); }

std::vector<std::string_view> words_of(std::string_view choices) {
  std::vector<std::string_view> words;
  if (!choices.contains('|')) return words;
  for (const auto word : std::views::split(choices, '|')) words.emplace_back(word.begin(), word.end());
  return words;
}

}  // namespace fairlead::cli
