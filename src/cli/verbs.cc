#include "cli/verbs.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

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
    Flag{"--algorithm", "NAME", "How a server is chosen: round_robin, least_requests (default), random."},
    Flag{"--sticky", "HOW", "Keep a client on its server. Not in this version: refused."},
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

constexpr std::array kVerbs{
    Verb{"run",
         "",
         "Balance requests over your servers.",
         kRunFlags,
         {"fairlead run --listen :8080 --to 127.0.0.1:3001 --to 127.0.0.1:3002", "fairlead run -c fairlead.yaml"}},
    Verb{"check",
         "[FILE...]",
         "Find every fault of a configuration; changes nothing.",
         kCheckFlags,
         {"fairlead check fairlead.yaml", "fairlead check --format github fairlead.yaml"}},
    Verb{"demo",
         "",
         "See it work: three toy servers, a crash, no error for clients.",
         kDemoFlags,
         {"fairlead demo", "fairlead demo --duration 30s --json"}},
    Verb{"explain",
         "CODE",
         "Say what a fault's code means, with a wrong and a right example.",
         {},
         {"fairlead explain F0203", "fairlead explain F1004"}},
    Verb{"schema",
         "",
         "Print the JSON Schema of the configuration, for editors.",
         {},
         {"fairlead schema > fairlead.schema.json", "fairlead schema | less"}},
    Verb{"completion",
         "bash|zsh|fish",
         "Print the completion script of a shell.",
         {},
         {"fairlead completion bash > /etc/bash_completion.d/fairlead", "source <(fairlead completion bash)"}},
    Verb{"version", "", "Print the version.", {}, {"fairlead version", "fairlead version --json"}},
    Verb{"reference",
         "configuration|diagnostics|commands",
         "Print a page of the reference.",
         {},
         {"fairlead reference commands", "fairlead reference configuration"},
         true},
};

constexpr std::array<std::string_view, 24> kPlanned{"reload", "diff",     "status",  "top",    "logs",    "tap",
                                                    "events", "drain",    "undrain", "enable", "disable", "weight",
                                                    "add",    "remove",   "reset",   "canary", "certs",   "dashboard",
                                                    "advise", "simulate", "bench",   "import", "upgrade", "man"};

std::string flag_line(const Flag& flag) {
  std::string left(flag.name);
  std::replace(left.begin(), left.end(), ',', ' ');
  if (!flag.value.empty()) left += fmt::format(" {}", flag.choices.empty() ? flag.value : flag.choices);
  std::string line = fmt::format("  {:<28} {}", left, flag.help);
  if (flag.is_repeatable) line += " May be repeated.";
  return line + '\n';
}

std::string usage_line(const Verb& verb) {
  return fmt::format("usage: fairlead {}{}{}{}\n", verb.name, verb.flags.empty() ? "" : " [FLAG...]",
                     verb.arguments.empty() ? "" : " ", verb.arguments);
}

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }

std::span<const Flag> global_flags() { return kGlobalFlags; }

const Verb* find_verb(std::string_view name) {
  const auto found = std::ranges::find(kVerbs, name, &Verb::name);
  return found == kVerbs.end() ? nullptr : &*found;
}

bool is_planned(std::string_view name) { return std::ranges::find(kPlanned, name) != kPlanned.end(); }

std::string_view nearest_verb(std::string_view name) {
  std::vector<std::string_view> names(kPlanned.begin(), kPlanned.end());
  for (const Verb& verb : kVerbs) names.push_back(verb.name);
  const std::string found = config::nearest(name, names);
  const auto known = std::ranges::find(names, found);
  return known == names.end() ? std::string_view() : *known;
}

std::string_view nearest_flag(const Verb& verb, std::string_view name) {
  std::vector<std::string_view> names;
  for (const Flag& flag : verb.flags) names.push_back(flag.long_name());
  for (const Flag& flag : kGlobalFlags) names.push_back(flag.long_name());
  const std::string found = config::nearest(name, names);
  const auto known = std::ranges::find(names, found);
  return known == names.end() ? std::string_view() : *known;
}

std::string welcome_text() {
  std::string text =
      "Fairlead stands in front of your servers and decides which of them serves each request.\n\n"
      "  fairlead demo                                                           # see it work, no app needed\n"
      "  fairlead run --listen :8080 --to 127.0.0.1:3001 --to 127.0.0.1:3002     # balance your own app\n\n";
  for (const Verb& verb : kVerbs) {
    if (!verb.is_hidden) text += fmt::format("  {:<12} {}\n", verb.name, verb.summary);
  }
  return text + "\n`fairlead VERB -h` shows examples, `fairlead VERB --help` every flag.\n";
}

std::string short_help(const Verb& verb) {
  return fmt::format("{}{}\n\n  {}\n  {}\n", usage_line(verb), verb.summary, verb.examples[0], verb.examples[1]);
}

std::string long_help(const Verb& verb) {
  std::string text = short_help(verb) + "\nFlags:\n";
  for (const Flag& flag : verb.flags) text += flag_line(flag);
  for (const Flag& flag : kGlobalFlags) text += flag_line(flag);
  return text +
         "\nExit codes: 0 done, 1 failed, 2 bad command line, 3 configuration invalid, 6 timed out, 8 not permitted, "
         "130 interrupted.\n";
}

std::string commands_reference() {
  std::string page = "<!-- Generated by `fairlead reference commands`. Do not edit. -->\n# Commands\n";
  for (const Verb& verb : kVerbs) {
    if (verb.is_hidden) continue;
    page += fmt::format("\n## fairlead {}\n\n{}\n\n```\n{}\n{}\n```\n", verb.name, verb.summary, verb.examples[0],
                        verb.examples[1]);
    if (verb.flags.empty()) continue;
    page += "\n| Flag | Meaning |\n| --- | --- |\n";
    for (const Flag& flag : verb.flags) {
      page += fmt::format("| `{}{}{}` | {}{} |\n", flag.long_name(), flag.value.empty() ? "" : " ", flag.value,
                          flag.help, flag.is_repeatable ? " May be repeated." : "");
    }
  }
  page += "\n## Flags of every command\n\n| Flag | Meaning |\n| --- | --- |\n";
  for (const Flag& flag : kGlobalFlags) {
    page += fmt::format("| `{}{}{}` | {} |\n", flag.name, flag.value.empty() ? "" : " ", flag.value, flag.help);
  }
  page +=
      "\n## Exit codes\n\n| Code | Meaning |\n| --- | --- |\n| 0 | done |\n| 1 | failed at run time |\n"
      "| 2 | bad command line |\n| 3 | configuration invalid |\n| 6 | work had to be cut when time was up |\n"
      "| 8 | not permitted |\n| 130 | interrupted |\n";
  return page;
}

}  // namespace fairlead::cli
