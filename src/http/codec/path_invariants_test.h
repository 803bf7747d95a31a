// What must hold for any path: the fuzzer looks for input that breaks it, the unit tests replay the corpus.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "http/codec/path.h"

namespace fairlead::http::invariants {

// The bytes of a segment that a server would see which decodes everything; nothing where an escape is broken.
inline std::optional<std::string> decoded(std::string_view segment) {
  std::string bytes;
  for (std::size_t at = 0; at < segment.size(); ++at) {
    if (segment[at] != '%') {
      bytes += segment[at];
      continue;
    }
    constexpr std::string_view kHex = "0123456789abcdef";
    const auto digit = [&](std::size_t index) {
      const char letter = index < segment.size() ? segment[index] : ' ';
      return kHex.find(letter >= 'A' && letter <= 'F' ? static_cast<char>(letter + 32) : letter);
    };
    if (digit(at + 1) > 15 || digit(at + 2) > 15) return std::nullopt;
    bytes += static_cast<char>(digit(at + 1) * 16 + digit(at + 2));
    at += 2;
  }
  return bytes;
}

// The shortest characters that are written longer than they are, in two to four bytes.
inline bool has_overlong(std::string_view bytes) {
  for (std::size_t at = 0; at + 1 < bytes.size(); ++at) {
    const unsigned lead = static_cast<unsigned char>(bytes[at]);
    const unsigned next = static_cast<unsigned char>(bytes[at + 1]);
    const bool continues = next >= 0x80 && next <= 0xBF;
    if (continues && (lead == 0xC0 || lead == 0xC1 || (lead == 0xE0 && next <= 0x9F) || (lead == 0xF0 && next <= 0x8F)))
      return true;
  }
  return false;
}

// The decoded segments that a path leads through, by the plainest algorithm; nothing where it must be refused.
inline std::optional<std::vector<std::string>> walk(std::string_view path, const PathPolicy& policy) {
  std::vector<std::string> segments;
  std::string_view rest = path.substr(1);
  while (true) {
    const std::size_t slash = rest.find('/');
    const bool is_last = slash == std::string_view::npos;
    const std::optional<std::string> segment = decoded(rest.substr(0, slash));
    if (!segment || segment->contains('\0') || rest.substr(0, slash).contains('\\')) return std::nullopt;
    if (has_overlong(*segment)) return std::nullopt;
    if (!policy.keeps_encoded_slashes && (segment->contains('/') || segment->contains('\\'))) return std::nullopt;
    if (*segment == "..") {
      if (segments.empty()) return std::nullopt;
      segments.pop_back();
      if (is_last) segments.emplace_back();
    } else if (*segment == ".") {
      if (is_last) segments.emplace_back();
    } else if (!segment->empty() || is_last || !policy.merges_slashes) {
      segments.push_back(*segment);
    }
    if (is_last) return segments;
    rest.remove_prefix(slash + 1);
  }
}

inline std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  for (std::string_view rest = path;;) {
    rest.remove_prefix(1);
    const std::size_t slash = rest.find('/');
    segments.push_back(decoded(rest.substr(0, slash)).value());
    if (slash == std::string_view::npos) return segments;
    rest.remove_prefix(slash);
  }
}

inline void check_normal(std::string_view path, std::string_view normal, const PathPolicy& policy) {
  FAIRLEAD_ASSERT(normal.starts_with('/') && normal.size() <= path.size());
  FAIRLEAD_ASSERT(!normal.contains('\\'));
  FAIRLEAD_ASSERT(!policy.merges_slashes || !normal.contains("//"));
  for (const std::string_view segment : {"/./", "/../"}) FAIRLEAD_ASSERT(!normal.contains(segment));
  FAIRLEAD_ASSERT(!normal.ends_with("/.") && !normal.ends_with("/.."));
  std::string space(normal.size(), '\0');
  const NormalPath again = normal_path(normal, policy, space);
  FAIRLEAD_ASSERT(again.rule == Rule::none && again.path == normal);
}

// Agrees with the plain walk, is its own normal form, and leads to the same place as the path that was sent.
inline void check_path(std::string_view input) {
  // The rest of a target is refused before its path is looked at.
  if (std::ranges::any_of(input, [](char byte) { return byte < '!' || byte > '~'; })) return;
  const std::string path = "/" + std::string(input);
  for (const bool merges : {true, false}) {
    for (const bool keeps : {true, false}) {
      const PathPolicy policy{.merges_slashes = merges, .keeps_encoded_slashes = keeps};
      std::string space(path.size(), '\0');
      const NormalPath normal = normal_path(path, policy, space);
      const auto plain = walk(path, policy);
      const bool has_parameter = normal.rule == Rule::dot_segment_with_parameter;
      FAIRLEAD_ASSERT((normal.rule == Rule::none || has_parameter) == plain.has_value() || has_parameter);
      FAIRLEAD_ASSERT(!has_parameter || input.contains(';') || input.contains("%3"));
      if (normal.rule != Rule::none) continue;
      check_normal(path, normal.path, policy);
      FAIRLEAD_ASSERT(segments_of(normal.path) == *plain);
    }
  }
}

}  // namespace fairlead::http::invariants
