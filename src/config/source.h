// The texts that a configuration was read from, and places in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::config {

// Line and column count from 1, the column in characters (not bytes). Line 0 means: not in a text.
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  friend bool operator==(const Position&, const Position&) = default;
};

// A piece of one source; `end` is exclusive. The default is nowhere (a default value).
struct Place {
  std::uint32_t file = 0;
  Position begin;
  Position end;
  bool is_known() const { return file != 0; }
  friend bool operator==(const Place&, const Place&) = default;
};

// Owns the texts of one load. Source 0 is "nowhere".
class Sources {
 public:
  Sources();

  // Adds a text under the name that messages use, and returns its number for `Place::file`.
  std::uint32_t add(std::string name, std::string text);

  const std::string& name(std::uint32_t file) const { return files_[file].name; }
  const std::string& text(std::uint32_t file) const { return files_[file].text; }
  // The text of a line without its end; empty where there is none.
  std::string_view line(std::uint32_t file, std::uint32_t number) const;
  // Where the `count`-th (from 0) occurrence of `wanted` at or after `from` is, or `from` if there is none.
  Position find(std::uint32_t file, Position from, char wanted, std::size_t count) const;

 private:
  struct File {
    std::string name;
    std::string text;
    std::vector<std::size_t> line_starts;
  };
  std::vector<File> files_;
};

// Characters (not bytes) of valid UTF-8.
std::size_t character_count(std::string_view text);
// The byte offset of the character with this column (from 1), at most the length of the line.
std::size_t byte_offset(std::string_view line, std::uint32_t column);
// The offset of the first byte that is not valid UTF-8 (RFC 3629), or `npos`.
std::size_t find_invalid_utf8(std::string_view text);

}  // namespace fairlead::config
