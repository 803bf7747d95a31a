#include "cli/completion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>
#include <vector>

#include "cli/verbs.h"

namespace fairlead::cli {

namespace {

using Words = std::vector<std::string_view>;

std::vector<const Verb*> shown_verbs() {
  std::vector<const Verb*> shown;
  for (const Verb& verb : verbs()) {
    if (!verb.is_hidden) shown.push_back(&verb);
  }
  return shown;
}

std::string replace_quotes(std::string_view text, std::string_view quote) {
  std::string replaced;
  for (const char letter : text) replaced += letter == '\'' ? quote : std::string_view(&letter, 1);
  return replaced;
}

// All that may follow a verb where no flag waits for its value.
Words words_after(const Verb& verb) {
  Words words = words_of(verb.arguments);
  for (const Flag& flag : verb.flags) words.push_back(flag.long_name());
  for (const Flag& flag : global_flags()) words.push_back(flag.long_name());
  words.emplace_back("--help");
  return words;
}

// The branches of a `case VERB:WORD-BEFORE in` that bash and zsh share. `complete` prints what completes from words;
// where there are none, file names are as good as anything.
std::string branches(const std::function<std::string(const Words&)>& complete) {
  std::string text;
  const auto add_values = [&](std::string_view verb, std::span<const Flag> flags) {
    for (const Flag& flag : flags) {
      if (flag.value.empty()) continue;
      const std::string short_form =
          flag.name.starts_with("--") ? "" : fmt::format("{}:{} | ", verb, flag.name.substr(0, 2));
      text += fmt::format("    {}{}:{}) {} ;;\n", short_form, verb, flag.long_name(), complete(words_of(flag.choices)));
    }
  };
  add_values("*", global_flags());
  for (const Verb* verb : shown_verbs()) {
    add_values(verb->name, verb->flags);
    text += fmt::format("    {}:*) {} ;;\n", verb->name, complete(words_after(*verb)));
  }
  return text;
}

std::string bash_script() {
  Words names;
  for (const Verb* verb : shown_verbs()) names.push_back(verb->name);
  const auto complete = [](const Words& words) { return fmt::format("words=\"{}\"", fmt::join(words, " ")); };
  // An empty answer makes bash complete file names.
  return fmt::format(
      "# bash completion for fairlead\n"
      "_fairlead() {{\n"
      "  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}} verb=${{COMP_WORDS[1]}} "
      "words=\"\"\n"
      "  # bash takes `--format=json` for three words.\n"
      "  [[ $cur == = ]] && cur=\"\"\n"
      "  [[ $prev == = ]] && prev=${{COMP_WORDS[COMP_CWORD - 2]}}\n"
      "  ((COMP_CWORD > 1)) || verb=\"\"\n"
      "  case $verb:$prev in\n"
      "    :*) words=\"{}\" ;;\n"
      "{}"
      "  esac\n"
      "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
      "}}\n"
      "complete -o default -F _fairlead fairlead\n",
      fmt::join(names, " "), branches(complete));
}

std::string zsh_script() {
  std::string described;
  for (const Verb* verb : shown_verbs()) {
    described += fmt::format("    '{}:{}'\n", verb->name, replace_quotes(verb->summary, "'\\''"));
  }
  const auto complete = [](const Words& words) {
    return words.empty() ? std::string("_files") : fmt::format("compadd -- {}; _files", fmt::join(words, " "));
  };
  return fmt::format(
      "#compdef fairlead\n"
      "_fairlead() {{\n"
      "  local -a verbs\n"
      "  verbs=(\n{}  )\n"
      "  if ((CURRENT == 2)); then\n"
      "    _describe command verbs\n"
      "    return\n"
      "  fi\n"
      "  case $words[2]:$words[CURRENT-1] in\n"
      "{}"
      "  esac\n"
      "}}\n"
      "# A file of $fpath is run as the function itself; a script that is sourced only defines it.\n"
      "if [[ $funcstack[1] == _fairlead ]]; then _fairlead \"$@\"; else compdef _fairlead fairlead; fi\n",
      described, branches(complete));
}

std::string fish_flag(std::string_view condition, const Flag& flag) {
  std::string line = fmt::format("complete -c fairlead{} -l {}", condition, flag.long_name().substr(2));
  if (!flag.name.starts_with("--")) line += fmt::format(" -s {}", flag.name[1]);
  if (!flag.choices.empty()) {
    line += fmt::format(" -x -a '{}'", fmt::join(words_of(flag.choices), " "));
  } else if (!flag.value.empty()) {
    line += flag.value == "FILE" ? " -r -F" : " -x";
  }
  return fmt::format("{} -d '{}'\n", line, replace_quotes(flag.help, "\\'"));
}

std::string fish_script() {
  std::string script = "# fish completion for fairlead\ncomplete -c fairlead -f\n";
  for (const Flag& flag : global_flags()) script += fish_flag("", flag);
  for (const Verb* verb : shown_verbs()) {
    script += fmt::format("complete -c fairlead -n __fish_use_subcommand -a {} -d '{}'\n", verb->name,
                          replace_quotes(verb->summary, "\\'"));
    const std::string condition = fmt::format(" -n '__fish_seen_subcommand_from {}'", verb->name);
    for (const Flag& flag : verb->flags) script += fish_flag(condition, flag);
    if (const Words words = words_of(verb->arguments); !words.empty()) {
      script += fmt::format("complete -c fairlead{} -a '{}'\n", condition, fmt::join(words, " "));
    } else if (verb->arguments.contains("FILE")) {
      script += fmt::format("complete -c fairlead{} -F\n", condition);
    }
  }
  return script;
}

}  // namespace

std::string completion_script(std::string_view shell) {
  if (shell == "bash") return bash_script();
  if (shell == "zsh") return zsh_script();
  if (shell == "fish") return fish_script();
  return {};
}

}  // namespace fairlead::cli
