#include "http/codec/path.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/assert.h"

namespace fairlead::http {

namespace {

constexpr std::size_t kEscape = 3;  // `%XX`

std::optional<unsigned> hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a') + 10U;
  if (digit >= 'A' && digit <= 'F') return static_cast<unsigned>(digit - 'A') + 10U;
  return std::nullopt;
}

char hex_capital(unsigned digit) { return "0123456789ABCDEF"[digit]; }

// RFC 3986, 2.3: means the same, encoded or not.
bool is_unreserved(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '-' ||
         byte == '.' || byte == '_' || byte == '~';
}

// What no UTF-8 has (RFC 3629, 3), and careless decoders take for a shorter character: a dot, a slash.
bool begins_overlong(char lead, char next) {
  const auto first = static_cast<unsigned char>(lead);
  const auto second = static_cast<unsigned char>(next);
  if (second < 0x80) return false;
  return ((first == 0xC0 || first == 0xC1) && second < 0xC0) || (first == 0xE0 && second < 0xA0) ||
         (first == 0xF0 && second < 0x90);
}

// Nothing in the path asks for a closer look.
bool is_plainly_normal(std::string_view path) {
  char before = 0;
  for (const char byte : path) {
    if (byte == '%' || byte == '\\' || (before == '/' && (byte == '/' || byte == '.'))) return false;
    before = byte;
  }
  return true;
}

class Normalizer {
 public:
  Normalizer(const PathPolicy& policy, std::span<char> space) : policy_(policy), space_(space) {}

  NormalPath run(std::string_view path) {
    Rule rule = Rule::none;
    char escaped = 0;  // the byte of the escape just before, if there is one
    for (std::size_t at = 0; at < path.size() && rule == Rule::none;) {
      const char byte = path[at];
      if (byte == '%') {
        rule = take_escape(path.substr(at, kEscape), escaped);
        at += kEscape;
        continue;
      }
      escaped = 0;
      ++at;
      if (byte == '\\') rule = Rule::backslash_in_path;
      if (byte == '/') rule = end_segment(true);
      if (byte != '/' && rule == Rule::none) put(byte);
    }
    if (rule == Rule::none) rule = end_segment(false);
    return rule == Rule::none ? NormalPath{{space_.data(), size_}} : NormalPath{{}, rule};
  }

 private:
  void put(char byte) { space_[size_++] = byte; }

  Rule take_escape(std::string_view escape, char& before) {
    if (escape.size() < kEscape) return Rule::bad_escape;
    const std::optional<unsigned> high = hex_digit(escape[1]);
    const std::optional<unsigned> low = hex_digit(escape[2]);
    if (!high || !low) return Rule::bad_escape;
    const char byte = static_cast<char>(*high * 16 + *low);
    if (byte == 0) return Rule::nul_in_path;
    if (begins_overlong(std::exchange(before, byte), byte)) return Rule::overlong_escape;
    if ((byte == '/' || byte == '\\') && !policy_.keeps_encoded_slashes) return Rule::encoded_slash;
    if (is_unreserved(byte)) {
      put(byte);
    } else {
      put('%');
      put(hex_capital(*high));
      put(hex_capital(*low));
    }
    return Rule::none;
  }

  // What was written since the last slash is a whole segment; a slash comes next, or the end. RFC 3986, 5.2.4
  Rule end_segment(bool slash_follows) {
    const std::string_view segment(space_.data() + segment_, size_ - segment_);
    if (segment.starts_with(".;") || segment.starts_with("..;")) return Rule::dot_segment_with_parameter;
    if (segment == ".") {
      size_ = segment_;
      return Rule::none;
    }
    if (segment == "..") return leave_segment();
    if (!slash_follows) return Rule::none;
    const bool is_second_slash = segment.empty() && size_ > 0;
    if (is_second_slash && policy_.merges_slashes) return Rule::none;
    put('/');
    segment_ = size_;
    return Rule::none;
  }

  // Takes back the segment before `..`, and keeps the slash before that one.
  Rule leave_segment() {
    if (segment_ <= 1) return Rule::path_above_root;
    size_ = segment_ - 1;
    while (space_[size_ - 1] != '/') --size_;
    segment_ = size_;
    return Rule::none;
  }

  const PathPolicy& policy_;
  std::span<char> space_;
  std::size_t size_ = 0;
  std::size_t segment_ = 0;  // where the present segment begins
};

}  // namespace

NormalPath normal_path(std::string_view path, const PathPolicy& policy, std::span<char> space) {
  if (is_plainly_normal(path)) return {path};
  FAIRLEAD_ASSERT(space.size() >= path.size());
  return Normalizer(policy, space).run(path);
}

}  // namespace fairlead::http
