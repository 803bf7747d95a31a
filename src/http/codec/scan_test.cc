// The vector scans against the scalar reference, at every place of a vector and its rest.
#include "http/codec/scan.h"

#include <gtest/gtest.h>

#include <string>

namespace fairlead::http::scan {
namespace {

// Every byte at every place of a run that is longer than two vectors.
template <typename Reference, typename Subject>
void expect_same_stops(char filler, Reference reference, Subject subject) {
  for (std::size_t size = 1; size <= 40; ++size) {
    for (std::size_t place = 0; place < size; ++place) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string bytes(size, filler);
        bytes[place] = static_cast<char>(byte);
        const char* end = bytes.data() + size;
        ASSERT_EQ(subject(bytes.data(), end), reference(bytes.data(), end)) << size << ' ' << place << ' ' << byte;
      }
    }
  }
}

TEST(Scan, vectors_stop_in_values_where_the_reference_stops) { expect_same_stops('v', scalar::skip_value, skip_value); }

TEST(Scan, vectors_stop_in_targets_where_the_reference_stops) {
  expect_same_stops('/', scalar::skip_target, skip_target);
}

TEST(Scan, vectors_stop_in_names_where_the_reference_stops) {
  expect_same_stops('n', scalar::skip_token, skip_token);
  expect_same_stops('_', scalar::skip_token, skip_token);
}

TEST(Scan, values_hold_all_but_control_characters) {
  for (int byte = 0; byte < 256; ++byte)
    EXPECT_EQ(is_in(kValue, static_cast<char>(byte)), byte == '\t' || (byte >= 0x20 && byte != 0x7f)) << byte;
}

TEST(Scan, targets_hold_visible_ascii_without_the_fragment_mark) {
  for (int byte = 0; byte < 256; ++byte)
    EXPECT_EQ(is_in(kTarget, static_cast<char>(byte)), byte > 0x20 && byte < 0x7f && byte != '#') << byte;
}

TEST(Scan, tokens_hold_no_delimiters) {
  for (const char byte : std::string_view("\"(),/:;<=>?@[\\]{} \t\r\n\0\x7f\x80", 24))
    EXPECT_FALSE(is_in(kToken, byte));
}

}  // namespace
}  // namespace fairlead::http::scan
