#include "cli/help.h"

#include <fmt/format.h>

#include <array>
#include <ranges>
#include <utility>

namespace fairlead::cli {

namespace {

constexpr std::size_t kColumns = 80;

// The same for all verbs.
constexpr std::array<std::pair<int, std::string_view>, 7> kExitCodes{{
    {0, "done"},
    {1, "failed at run time"},
    {2, "bad command line"},
    {3, "configuration invalid"},
    {6, "requests had to be cut when the time to finish them was up"},
    {8, "not permitted"},
    {130, "interrupted"},
}};

// `text` in lines of at most kColumns that begin at column `indent`; the first line is indented by the caller.
std::string wrapped(std::string_view text, std::size_t indent) {
  std::string out;
  std::size_t column = indent;
  for (const auto part : std::views::split(text, ' ')) {
    const std::string_view word(part.begin(), part.end());
    if (column > indent && column + 1 + word.size() > kColumns) {
      out += fmt::format("\n{:{}}", "", indent);
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out + '\n';
}

// Each line of `text` as `print` gives it, with an empty line before it.
template <typename Print>
std::string paragraphs(std::string_view text, Print print) {
  std::string out;
  if (text.empty()) return out;
  for (const auto part : std::views::split(text, '\n')) {
    out += '\n' + print(std::string_view(part.begin(), part.end()));
  }
  return out;
}

// `-c, --config FILE`
std::string flag_usage(const Flag& flag) {
  const std::string_view long_name = flag.long_name();
  const std::string_view short_name = flag.name.substr(0, flag.name.size() - long_name.size());
  std::string usage = short_name.empty() ? "" : fmt::format("{}, ", short_name.substr(0, short_name.find(',')));
  usage += long_name;
  if (!flag.value.empty()) usage += fmt::format(" {}", flag.choices.empty() ? flag.value : flag.choices);
  return usage;
}

std::string flag_help(const Flag& flag) {
  return fmt::format("{}{}", flag.help, flag.is_repeatable ? " May be repeated." : "");
}

std::string flag_lines(std::span<const Flag> flags) {
  constexpr std::size_t kHelpColumn = 33;
  std::string text;
  for (const Flag& flag : flags) {
    text += fmt::format("  {:<{}}", flag_usage(flag), kHelpColumn - 2) + wrapped(flag_help(flag), kHelpColumn);
  }
  return text;
}

std::string usage_of(const Verb& verb) {
  return fmt::format("fairlead {}{}{}{}", verb.name, verb.flags.empty() ? "" : " [FLAG...]",
                     verb.arguments.empty() ? "" : " ", verb.arguments);
}

// A `|` would end the cell.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char letter : text) escaped += letter == '|' ? "\\|" : std::string(1, letter);
  return escaped;
}

std::string flag_table(std::span<const Flag> flags) {
  std::string table = "\n| Flag | Meaning |\n| --- | --- |\n";
  for (const Flag& flag : flags) table += fmt::format("| `{}` | {} |\n", cell(flag_usage(flag)), cell(flag_help(flag)));
  return table;
}

}  // namespace

std::string welcome_text() {
  std::string text =
      "Fairlead stands in front of your servers and decides which of them serves each\nrequest.\n\n"
      "See it work: no app, no config, one minute:\n\n  fairlead demo\n\n"
      "Balance your own app:\n\n"
      "  fairlead run --listen :8080 --to 127.0.0.1:3001 --to 127.0.0.1:3002\n\nCommands:\n\n";
  for (const Verb& verb : verbs()) {
    if (!verb.is_hidden) text += fmt::format("  {:<12}{}\n", verb.name, verb.summary);
  }
  return text + "\n`fairlead COMMAND -h` shows examples, `fairlead COMMAND --help` every flag.\n";
}

std::string short_help(const Verb& verb) {
  return fmt::format("usage: {}\n{}\n\n  {}\n  {}\n\nAll flags: fairlead {} --help\n", usage_of(verb), verb.summary,
                     verb.examples[0], verb.examples[1], verb.name);
}

std::string long_help(const Verb& verb) {
  std::string text = fmt::format("usage: {}\n\n{}\n", usage_of(verb), verb.summary);
  text += paragraphs(verb.about, [](std::string_view paragraph) { return wrapped(paragraph, 0); });
  text += fmt::format("\nExamples:\n  {}\n  {}\n", verb.examples[0], verb.examples[1]);
  if (!verb.flags.empty()) text += "\nFlags:\n" + flag_lines(verb.flags);
  text += "\nFlags of every command:\n" + flag_lines(global_flags()) + "\nExit codes:\n";
  for (const auto& [code, meaning] : kExitCodes) text += fmt::format("  {:<5}{}\n", code, meaning);
  return text;
}

std::string commands_reference() {
  std::string page =
      "# Commands\n\n"
      "Generated from the table that parses the command line; do not edit. `fairlead COMMAND --help` prints the same. "
      "Results go to the standard output, everything else to the standard error.\n";
  for (const Verb& verb : verbs()) {
    if (verb.is_hidden) continue;
    page += fmt::format("\n## `{}`\n\n{}\n", usage_of(verb), verb.summary);
    page += paragraphs(verb.about, [](std::string_view paragraph) { return fmt::format("{}\n", paragraph); });
    page += fmt::format("\n```sh\n{}\n{}\n```\n", verb.examples[0], verb.examples[1]);
    if (!verb.flags.empty()) page += flag_table(verb.flags);
  }
  page += "\n## Flags of every command\n" + flag_table(global_flags());
  page += "\n## Exit codes\n\n| Code | Meaning |\n| --- | --- |\n";
  for (const auto& [code, meaning] : kExitCodes) page += fmt::format("| {} | {} |\n", code, meaning);
  return page;
}

}  // namespace fairlead::cli
