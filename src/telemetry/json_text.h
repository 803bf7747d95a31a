// Text as the inside of a JSON string: always valid JSON and valid UTF-8, whatever a client sent.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace fairlead::telemetry {

// The start of a text, in two forms: the bytes it takes in the text, and what stands for them in JSON.
struct JsonPiece {
  std::size_t taken;
  std::string_view written;
};

// Room for one escape.
using JsonScratch = std::array<char, 6>;

// The longest run at the start of `text` that can stay as it is, or one escape. Bytes that are not UTF-8 become
// U+FFFD. `text` is not empty; the piece points into it or into `scratch`.
JsonPiece next_json_piece(std::string_view text, JsonScratch& scratch);

// Appends `"text"` with its quotes.
void append_json_string(std::string& out, std::string_view text);

}  // namespace fairlead::telemetry
