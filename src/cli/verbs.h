// Every verb with its flags: the one table from which parsing, help, completion and the reference come.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::cli {

struct Flag {
  std::string_view name;   // `--listen`, or with a short form `-c,--config`
  std::string_view value;  // what it takes: `ADDR`; empty: nothing
  std::string_view help;
  bool is_repeatable = false;
  std::string_view choices = {};  // separated by `|`, where only some words are taken

  // `--listen`, without the short form.
  std::string_view long_name() const { return name.substr(name.find("--")); }
};

struct Verb {
  std::string_view name;
  std::string_view arguments;  // `[FILE…]`; empty: none
  std::string_view summary;    // one line
  std::string_view about;      // what one should know before using it: paragraphs, for `--help` and the reference
  std::span<const Flag> flags;
  std::array<std::string_view, 2> examples;
  bool is_hidden = false;  // for our own scripts
};

std::span<const Verb> verbs();
// Flags that every verb takes.
std::span<const Flag> global_flags();
// Null where there is none of that name.
const Verb* find_verb(std::string_view name);
// Verbs that are planned, so that they can be refused by name.
bool is_planned(std::string_view name);

// The name among all verbs, or among the flags of `verb`, that is at most two edits away; empty: none.
std::string nearest_verb(std::string_view name);
std::string nearest_flag(const Verb& verb, std::string_view name);

// The words of `auto|always|never`; none where there is no `|`.
std::vector<std::string_view> words_of(std::string_view choices);

}  // namespace fairlead::cli
