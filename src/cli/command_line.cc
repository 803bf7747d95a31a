// The one file that knows CLI11; it costs seconds to compile.
#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

namespace fairlead::cli {

namespace {

void add_flags(CLI::App& app, std::span<const Flag> flags, CommandLine& line) {
  for (const Flag& flag : flags) {
    const std::string name(flag.long_name());
    const std::string names(flag.name);
    if (flag.value.empty()) {
      app.add_flag_function(names, [&line, name](std::int64_t) { line.flags[name].emplace_back(); });
      continue;
    }
    CLI::Option* option =
        app.add_option_function<std::vector<std::string>>(names, [&line, name](const std::vector<std::string>& values) {
          std::vector<std::string>& all = line.flags[name];
          all.insert(all.end(), values.begin(), values.end());
        });
    option->allow_extra_args(false)->expected(1);
    if (flag.is_repeatable) option->take_all();
  }
}

std::string unknown_verb(const std::string& word) {
  if (is_planned(word)) return fmt::format("error: `{}` is not in this version yet. `fairlead` lists what is.", word);
  const std::string_view near = nearest_verb(word);
  if (!near.empty()) return fmt::format("error: no command `{}`. Did you mean `{}`?", word, near);
  return fmt::format("error: no command `{}`. `fairlead` lists them.", word);
}

std::string unknown_flag(const Verb& verb, const std::string& word) {
  const std::string flag = word.substr(0, word.find('='));
  if (verb.name == "run" && flag == "--watch") {
    return "error: `--watch` is not in this version yet. To reload: kill -HUP PID";
  }
  const std::string_view near = nearest_flag(verb, flag);
  if (!near.empty()) return fmt::format("error: `{}` has no flag `{}`. Did you mean `{}`?", verb.name, flag, near);
  return fmt::format("error: `{0}` has no flag `{1}`. All flags: fairlead {0} --help", verb.name, flag);
}

// The fault of a flag whose value is not one of its words; empty if there is none.
std::string wrong_choice(const CommandLine& line, std::span<const Flag> flags) {
  for (const Flag& flag : flags) {
    if (flag.choices.empty() || !line.has(flag.long_name())) continue;
    const std::string value = line.value(flag.long_name());
    const std::vector<std::string> words = CLI::detail::split(std::string(flag.choices), '|');
    if (std::ranges::find(words, value) == words.end()) {
      return fmt::format("error: {} takes {}, not `{}`", flag.long_name(), flag.choices, value);
    }
  }
  return {};
}

std::string fault_of(const Verb& verb, const CLI::App& app, const CommandLine& line) {
  for (const std::string& word : app.remaining()) {
    if (word.starts_with('-') && word != "-") return unknown_flag(verb, word);
  }
  if (verb.arguments.empty() && !line.arguments.empty()) {
    return fmt::format("error: `{}` takes no argument, but got `{}`", verb.name, line.arguments.front());
  }
  const std::string fault = wrong_choice(line, verb.flags);
  return fault.empty() ? wrong_choice(line, global_flags()) : fault;
}

}  // namespace

std::string CommandLine::value(std::string_view flag) const {
  const auto found = flags.find(flag);
  return found == flags.end() || found->second.empty() ? std::string() : found->second.back();
}

std::vector<std::string> CommandLine::values(std::string_view flag) const {
  const auto found = flags.find(flag);
  return found == flags.end() ? std::vector<std::string>() : found->second;
}

std::expected<CommandLine, std::string> parse_command_line(const std::vector<std::string>& words) {
  CommandLine line;
  if (words.empty() || words[0] == "-h" || words[0] == "--help" || words[0] == "help") return line;
  const std::string verb_name = words[0] == "--version" ? "version" : words[0];
  line.verb = find_verb(verb_name);
  if (line.verb == nullptr) return std::unexpected(unknown_verb(verb_name));

  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  app.add_flag("-h", line.wants_short_help);
  app.add_flag("--help", line.wants_long_help);
  add_flags(app, line.verb->flags, line);
  add_flags(app, global_flags(), line);
  std::vector<std::string> reversed(words.rbegin(), words.rend() - 1);  // as CLI11 wants them
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {  // the library's way to say what is wrong
    return std::unexpected(fmt::format("error: {}. All flags: fairlead {} --help", error.what(), line.verb->name));
  }
  for (const std::string& word : app.remaining()) {
    if (!word.starts_with('-') || word == "-") line.arguments.push_back(word);
  }
  const std::string fault = fault_of(*line.verb, app, line);
  if (!fault.empty()) return std::unexpected(fault);
  return line;
}

}  // namespace fairlead::cli
