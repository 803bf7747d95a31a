// The normal form of a request's path (RFC 3986, 6.2.2): the one that routes match and that servers get, so that no two
// spellings of a path are judged by different rules.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "http/codec/refusal.h"

namespace fairlead::http {

// What is not decided by the standard.
struct PathPolicy {
  // `//` becomes `/`, as most servers read it.
  bool merges_slashes = true;
  // `%2F` and `%5C` are passed on as they are; else refused: some servers take them for a slash, others do not.
  bool keeps_encoded_slashes = false;
  friend bool operator==(const PathPolicy&, const PathPolicy&) = default;
};

// A normal path, or the rule that it breaks.
struct NormalPath {
  std::string_view path;
  Rule rule = Rule::none;
};

// Decodes what needs no encoding (letters, digits, `-._~`), puts other escapes into capitals, resolves `.` and `..`,
// merges slashes. Refuses what servers read in different ways: a path that climbs above its root, a backslash, encoded
// slashes and NUL, overlong UTF-8 (`%C0%AE` is a dot for some decoders), a broken escape, a dot segment with parameters
// (`/..;x/`). `path` begins with `/`; the result is `path` itself where that is normal, else it lies in `space`, which
// has at least the size of `path`.
NormalPath normal_path(std::string_view path, const PathPolicy& policy, std::span<char> space);

}  // namespace fairlead::http
