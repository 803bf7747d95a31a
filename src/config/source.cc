#include "config/source.h"

#include <algorithm>
#include <utility>

namespace fairlead::config {
namespace {

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

// The length of the sequence that begins at `at`, or 0 where it is not valid. RFC 3629, section 4.
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t offset) -> unsigned {
    return at + offset < text.size() ? static_cast<unsigned char>(text[at + offset]) : 0U;
  };
  const auto tail = [&](std::size_t offset, unsigned low = 0x80, unsigned high = 0xBF) {
    return byte(offset) >= low && byte(offset) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : 0xBF;
    return tail(1, low, high) && tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
    return tail(1, low, high) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

Sources::Sources() { files_.push_back({}); }

std::uint32_t Sources::add(std::string name, std::string text) {
  File file{std::move(name), std::move(text), {0}};
  for (std::size_t at = 0; at < file.text.size(); ++at)
    if (file.text[at] == '\n') file.line_starts.push_back(at + 1);
  files_.push_back(std::move(file));
  return static_cast<std::uint32_t>(files_.size() - 1);
}

std::string_view Sources::line(std::uint32_t file, std::uint32_t number) const {
  const File& source = files_[file];
  if (number == 0 || number > source.line_starts.size()) return {};
  const std::size_t start = source.line_starts[number - 1];
  std::string_view line = std::string_view(source.text).substr(start);
  line = line.substr(0, line.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

Position Sources::find(std::uint32_t file, Position from, char wanted, std::size_t count) const {
  const File& source = files_[file];
  Position at = from;
  for (; at.line >= 1 && at.line <= source.line_starts.size(); ++at.line, at.column = 1) {
    const std::string_view text = line(file, at.line);
    for (std::size_t offset = byte_offset(text, at.column); offset < text.size(); ++offset) {
      if (text[offset] != wanted || count-- != 0) continue;
      at.column = static_cast<std::uint32_t>(character_count(text.substr(0, offset)) + 1);
      return at;
    }
  }
  return from;
}

std::size_t character_count(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char byte) { return !is_continuation(byte); }));
}

std::size_t byte_offset(std::string_view line, std::uint32_t column) {
  std::size_t offset = 0;
  for (std::uint32_t passed = 1; passed < column && offset < line.size(); ++passed) {
    ++offset;
    while (offset < line.size() && is_continuation(line[offset])) ++offset;
  }
  return offset;
}

std::size_t find_invalid_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = sequence_length(text, at);
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

}  // namespace fairlead::config
