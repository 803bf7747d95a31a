#include "telemetry/json_text.h"

#include <cstdint>

namespace fairlead::telemetry {
namespace {

constexpr std::string_view kReplacement = "\\ufffd";

bool is_plain(unsigned char byte) { return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\'; }

// The length of the UTF-8 character at the start of `text`, or 0 where there is none (RFC 3629, 4).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t index) -> unsigned {
    return index < text.size() ? static_cast<unsigned char>(text[index]) : 0;
  };
  const auto continues = [&](std::size_t index, unsigned low = 0x80, unsigned high = 0xbf) {
    return byte(index) >= low && byte(index) <= high;
  };
  const unsigned first = byte(0);
  if (first >= 0xc2 && first <= 0xdf) return continues(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80;   // no overlong forms
    const unsigned high = first == 0xed ? 0x9f : 0xbf;  // no surrogates
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned low = first == 0xf0 ? 0x90 : 0x80;
    const unsigned high = first == 0xf4 ? 0x8f : 0xbf;
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

std::string_view control_escape(unsigned char byte, JsonScratch& scratch) {
  constexpr std::string_view kHex = "0123456789abcdef";
  scratch = {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]};
  return {scratch.data(), scratch.size()};
}

}  // namespace

JsonPiece next_json_piece(std::string_view text, JsonScratch& scratch) {
  std::size_t plain = 0;
  while (plain < text.size() && is_plain(static_cast<unsigned char>(text[plain]))) ++plain;
  if (plain > 0) return {plain, text.substr(0, plain)};

  const auto byte = static_cast<unsigned char>(text[0]);
  if (byte == '"') return {1, "\\\""};
  if (byte == '\\') return {1, "\\\\"};
  if (byte == '\n') return {1, "\\n"};
  if (byte == '\t') return {1, "\\t"};
  if (byte < 0x80) return {1, control_escape(byte, scratch)};
  const std::size_t length = utf8_length(text);
  // U+0080 to U+009F: terminals take some of them for commands, as they do ESC.
  const auto second = static_cast<unsigned char>(length == 2 ? text[1] : 0xff);
  if (byte == 0xc2 && second < 0xa0) return {2, control_escape(second, scratch)};
  return length == 0 ? JsonPiece{1, kReplacement} : JsonPiece{length, text.substr(0, length)};
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  JsonScratch scratch;
  while (!text.empty()) {
    const JsonPiece piece = next_json_piece(text, scratch);
    out += piece.written;
    text.remove_prefix(piece.taken);
  }
  out += '"';
}

}  // namespace fairlead::telemetry
