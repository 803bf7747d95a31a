// The one file that knows CLI11; it costs seconds to compile.
#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "config/report.h"

namespace fairlead::cli {

namespace {

// CLI11 calls back once for all values of a flag.
void add_flags(CLI::App& app, std::span<const Flag> flags, CommandLine& line) {
  for (const Flag& flag : flags) {
    std::vector<std::string>* values = &line.flags[std::string(flag.long_name())];
    if (flag.value.empty()) {
      app.add_flag_function(std::string(flag.name), [values](std::int64_t) { values->emplace_back(); })
          ->disable_flag_override();
      continue;
    }
    CLI::Option* option = app.add_option(std::string(flag.name), *values);
    option->allow_extra_args(false)->expected(1)->take_all();
  }
}

const Flag* find_flag(std::span<const Flag> flags, std::string_view name) {
  const auto found = std::ranges::find_if(flags, [&](const Flag& flag) {
    return name == flag.long_name() || (!flag.name.starts_with("--") && name == flag.name.substr(0, 2));
  });
  return found == flags.end() ? nullptr : &*found;
}

bool is_flag(const Verb& verb, std::string_view word) {
  return find_flag(verb.flags, word) != nullptr || find_flag(global_flags(), word) != nullptr;
}

std::string missing_value(const Flag& flag) {
  return fmt::format("error: `{0}` needs a value: {0} {1}", flag.long_name(), flag.value);
}

std::string unknown_verb(const std::string& word) {
  if (is_planned(word)) return fmt::format("error: `{}` is not in this version yet. `fairlead` lists what is.", word);
  const std::string near = nearest_verb(word);
  if (!near.empty()) return fmt::format("error: no command `{}`. Did you mean `{}`?", word, near);
  return fmt::format("error: no command `{}`. `fairlead` lists them.", word);
}

std::string flag_without_verb(const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  for (const Verb& verb : verbs()) {
    if (find_flag(verb.flags, name) == nullptr) continue;
    return fmt::format("error: `{0}` is a flag of a command: fairlead {1} {0} ...", name, verb.name);
  }
  return fmt::format("error: no flag `{}` before a command. `fairlead` lists the commands.", name);
}

std::string unknown_flag(const Verb& verb, const std::string& word) {
  const std::string flag = word.substr(0, word.find('='));
  if (verb.name == "run" && flag == "--watch") {
    return "error: `--watch` is not in this version yet. To reload: kill -HUP PID";
  }
  const std::string near = nearest_flag(verb, flag);
  if (!near.empty()) return fmt::format("error: `{}` has no flag `{}`. Did you mean `{}`?", verb.name, flag, near);
  return fmt::format("error: `{0}` has no flag `{1}`. All flags: fairlead {0} --help", verb.name, flag);
}

// `error: WHAT takes human|json|github, not `jsn`. Did you mean `json`?`; empty if the word is one of them.
std::string wrong_choice(std::string_view what, std::string_view choices, const std::string& word) {
  const std::vector<std::string_view> words = words_of(choices);
  if (words.empty() || std::ranges::find(words, word) != words.end()) return {};
  const std::string near = config::nearest(word, words);
  return fmt::format("error: {} takes {}, not `{}`{}", what, choices, word,
                     near.empty() ? "" : fmt::format(". Did you mean `{}`?", near));
}

std::string fault_of_flags(std::span<const Flag> flags, const CommandLine& line) {
  for (const Flag& flag : flags) {
    const std::vector<std::string> values = line.values(flag.long_name());
    if (flag.value.empty() || values.empty()) continue;
    // CLI11 would take `--to --health` for a server of that name.
    const auto is_none = [&](const std::string& value) { return value.empty() || is_flag(*line.verb, value); };
    if (std::ranges::any_of(values, is_none)) return missing_value(flag);
    if (values.size() > 1 && !flag.is_repeatable) {
      return fmt::format("error: `{}` can be given once only, not {} times", flag.long_name(), values.size());
    }
    const std::string fault = wrong_choice(fmt::format("`{}`", flag.long_name()), flag.choices, values.back());
    if (!fault.empty()) return fault;
  }
  return {};
}

std::string fault_of_arguments(const Verb& verb, const std::vector<std::string>& words) {
  const bool takes_many = verb.arguments.contains("...");
  const bool may_be_none = verb.arguments.empty() || verb.arguments.starts_with('[');
  if (words.empty()) {
    if (may_be_none) return {};
    return fmt::format("error: `{}` needs {}. For example: {}", verb.name, verb.arguments, verb.examples[0]);
  }
  if (verb.arguments.empty()) {
    return fmt::format("error: `{}` takes no argument, but got `{}`{}", verb.name, words[0],
                       verb.name == "run" ? ". A server comes after --to, a file after -c" : "");
  }
  if (words.size() > 1 && !takes_many) {
    return fmt::format("error: `{}` takes one {}, but got `{}` too", verb.name, verb.arguments, words[1]);
  }
  return wrong_choice(fmt::format("`{}`", verb.name), verb.arguments, words[0]);
}

// The first fault of a line that CLI11 could read; empty if there is none.
std::string fault_of(const Verb& verb, const std::vector<std::string>& unread, const CommandLine& line) {
  if (!unread.empty()) return unknown_flag(verb, unread.front());
  for (std::string fault : {fault_of_flags(verb.flags, line), fault_of_flags(global_flags(), line)}) {
    if (!fault.empty()) return fault;
  }
  return line.wants_help() ? std::string() : fault_of_arguments(verb, line.arguments);
}

// The values of `words`, which are without the verb; the words that are no flag of the verb are returned.
std::expected<std::vector<std::string>, std::string> read_words(std::vector<std::string> words, CommandLine& line) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  app.add_flag("-h", line.wants_short_help);
  app.add_flag("--help", line.wants_long_help);
  add_flags(app, line.verb->flags, line);
  add_flags(app, global_flags(), line);
  app.add_option("arguments", line.arguments);
  std::ranges::reverse(words);  // as CLI11 wants them
  try {
    app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {  // The library's way to say what is wrong.
    const std::string_view text = error.what();
    // It begins with the flag, whose dashes are left out of some messages.
    std::string name(text.substr(0, text.find_first_of(": ")));
    if (!name.starts_with('-')) name.insert(0, "--");
    for (const std::span<const Flag> flags : {line.verb->flags, global_flags()}) {
      if (const Flag* flag = find_flag(flags, name)) {
        return std::unexpected(flag->value.empty() ? fmt::format("error: `{}` takes no value", name)
                                                   : missing_value(*flag));
      }
    }
    return std::unexpected(fmt::format("error: {}. All flags: fairlead {} --help", text, line.verb->name));
  }
  std::vector<std::string> unread = app.remaining();
  std::erase(unread, "--");  // has made arguments of what comes after it
  return unread;
}

// Where the verb stands: flags that every verb takes may come before it. The end where there is none.
std::vector<std::string>::const_iterator find_verb_word(const std::vector<std::string>& words) {
  auto word = words.begin();
  while (word != words.end() && word->starts_with('-')) {
    const Flag* flag = find_flag(global_flags(), word->substr(0, word->find('=')));
    if (flag == nullptr) break;
    const bool value_follows = !flag->value.empty() && !word->contains('=');
    word += value_follows && word + 1 != words.end() ? 2 : 1;
  }
  return word;
}

// Other ways to say the same.
std::vector<std::string> usual_form(std::vector<std::string> words) {
  if (words.empty()) return words;
  if (words[0] == "--version" || words[0] == "-V") words[0] = "version";
  if (words[0] == "-h" || words[0] == "--help") words[0] = "help";
  if (words[0] != "help") return words;
  words.erase(words.begin());
  if (!words.empty()) words.emplace_back("--help");
  return words;
}

}  // namespace

bool CommandLine::has(std::string_view flag) const { return !values(flag).empty(); }

std::string CommandLine::value(std::string_view flag) const {
  const std::vector<std::string> all = values(flag);
  return all.empty() ? std::string() : all.back();
}

std::vector<std::string> CommandLine::values(std::string_view flag) const {
  const auto found = flags.find(flag);
  return found == flags.end() ? std::vector<std::string>() : found->second;
}

std::expected<CommandLine, std::string> parse_command_line(const std::vector<std::string>& given) {
  const std::vector<std::string> words = usual_form(given);
  CommandLine line;
  const auto verb = find_verb_word(words);
  if (words.empty()) return line;
  if (verb == words.end()) return std::unexpected("error: there are flags, but no command. `fairlead` lists them.");
  if (verb->starts_with('-')) return std::unexpected(flag_without_verb(*verb));
  line.verb = find_verb(*verb);
  if (line.verb == nullptr) return std::unexpected(unknown_verb(*verb));
  std::vector<std::string> others(words.begin(), verb);
  others.insert(others.end(), verb + 1, words.end());
  const auto unread = read_words(std::move(others), line);
  if (!unread) return std::unexpected(unread.error());
  std::string fault = fault_of(*line.verb, *unread, line);
  if (!fault.empty()) return std::unexpected(std::move(fault));
  return line;
}

}  // namespace fairlead::cli
