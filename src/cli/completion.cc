#include "cli/completion.h"

#include <fmt/format.h>

#include "cli/verbs.h"

namespace fairlead::cli {

namespace {

std::string verb_names() {
  std::string names;
  for (const Verb& verb : verbs()) {
    if (!verb.is_hidden) names += fmt::format("{}{}", names.empty() ? "" : " ", verb.name);
  }
  return names;
}

std::string flag_names(const Verb& verb) {
  std::string names;
  for (const Flag& flag : verb.flags) names += fmt::format("{} ", flag.long_name());
  for (const Flag& flag : global_flags()) names += fmt::format("{} ", flag.long_name());
  return names + "--help";
}

// Words that a verb takes as its argument, where they are known.
std::string argument_words(const Verb& verb) {
  std::string words(verb.arguments);
  if (words.find('|') == std::string::npos) return {};
  for (char& letter : words) {
    if (letter == '|') letter = ' ';
  }
  return words;
}

std::string bash_script() {
  std::string script = fmt::format(
      "# bash completion for fairlead\n_fairlead() {{\n  local cur=${{COMP_WORDS[COMP_CWORD]}} words=\"{}\"\n"
      "  if ((COMP_CWORD > 1)); then\n    case ${{COMP_WORDS[1]}} in\n",
      verb_names());
  for (const Verb& verb : verbs()) {
    if (verb.is_hidden) continue;
    script += fmt::format("      {}) words=\"{} {}\" ;;\n", verb.name, argument_words(verb), flag_names(verb));
  }
  return script +
         "    esac\n  fi\n  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n}\n"
         "complete -o default -F _fairlead fairlead\n";
}

std::string zsh_script() {
  std::string script = "#compdef fairlead\n_fairlead() {\n  local -a verbs\n  verbs=(\n";
  for (const Verb& verb : verbs()) {
    if (!verb.is_hidden) script += fmt::format("    '{}:{}'\n", verb.name, verb.summary);
  }
  script += "  )\n  if ((CURRENT == 2)); then\n    _describe command verbs\n    return\n  fi\n  case $words[2] in\n";
  for (const Verb& verb : verbs()) {
    if (verb.is_hidden) continue;
    script += fmt::format("    {}) compadd -- {} {}; _files ;;\n", verb.name, argument_words(verb), flag_names(verb));
  }
  return script + "  esac\n}\n_fairlead \"$@\"\n";
}

std::string fish_script() {
  std::string script = "# fish completion for fairlead\n";
  for (const Verb& verb : verbs()) {
    if (verb.is_hidden) continue;
    script += fmt::format("complete -c fairlead -n __fish_use_subcommand -a {} -d '{}'\n", verb.name, verb.summary);
    for (const Flag& flag : verb.flags) {
      script += fmt::format("complete -c fairlead -n '__fish_seen_subcommand_from {}' -l {}{}\n", verb.name,
                            flag.long_name().substr(2), flag.value.empty() ? "" : " -r");
    }
    if (const std::string words = argument_words(verb); !words.empty()) {
      script += fmt::format("complete -c fairlead -n '__fish_seen_subcommand_from {}' -a '{}'\n", verb.name, words);
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
