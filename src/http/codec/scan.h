// Scans over runs of allowed bytes: the inner loops of the head parser.
//
// `scalar` is the reference and serves every processor; `sse2` (in every x86-64) looks at 16 bytes at a time. Tests
// compare the two. Longer vectors gave nothing: most values are shorter than 32 bytes.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace fairlead::http::scan {

// Which classes a byte belongs to.
enum ByteClass : std::uint8_t {
  kToken = 1,   // RFC 9110, 5.6.2
  kValue = 2,   // field-content and the white space in it (RFC 9110, 5.5)
  kTarget = 4,  // visible ASCII but `#`: wider than RFC 3986, as browsers are, but never ambiguous
  kHost = 8,    // a registered name as it occurs; percent-encoding and sub-delims have no use in DNS
};

constexpr std::array<std::uint8_t, 256> make_byte_classes() {
  std::array<std::uint8_t, 256> classes{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    const bool alphanumeric =
        (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    if (alphanumeric) classes[byte] |= kToken | kHost;
    if (byte == '\t' || (byte >= ' ' && byte != 0x7f)) classes[byte] |= kValue;
    if (byte > ' ' && byte < 0x7f && byte != '#') classes[byte] |= kTarget;
  }
  for (const unsigned char byte : {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'})
    classes[byte] |= kToken;
  for (const unsigned char byte : {'-', '.', '_', '~'}) classes[byte] |= kHost;
  return classes;
}

inline constexpr std::array<std::uint8_t, 256> kByteClasses = make_byte_classes();

constexpr bool is_in(ByteClass wanted, char byte) {
  return (kByteClasses[static_cast<unsigned char>(byte)] & wanted) != 0;
}

// Each function returns the first place in [at, end) whose byte does not belong, or `end`.
namespace scalar {

inline const char* skip(ByteClass wanted, const char* at, const char* end) {
  while (at != end && is_in(wanted, *at)) ++at;
  return at;
}
inline const char* skip_token(const char* at, const char* end) { return skip(kToken, at, end); }
inline const char* skip_value(const char* at, const char* end) { return skip(kValue, at, end); }
inline const char* skip_target(const char* at, const char* end) { return skip(kTarget, at, end); }

}  // namespace scalar

#if defined(__SSE2__)

namespace sse2 {

// `stops` maps 16 bytes to a mask of those that do not belong.
template <typename Stops>
const char* skip(ByteClass wanted, const char* at, const char* end, Stops stops) {
  for (; end - at >= 16; at += 16) {
    __m128i bytes;
    std::memcpy(&bytes, at, sizeof bytes);
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(stops(bytes)));
    if (mask != 0) return at + std::countr_zero(mask);
  }
  return scalar::skip(wanted, at, end);
}

// By vector only what nearly every field name is made of, letters and `-`; whatever else a token has is looked up.
inline const char* skip_token(const char* at, const char* end) {
  for (; end - at >= 16; at += 16) {
    __m128i bytes;
    std::memcpy(&bytes, at, sizeof bytes);
    const __m128i lower = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    // As signed numbers, the 26 letters are the lowest ones after this.
    const __m128i shifted = _mm_add_epi8(lower, _mm_set1_epi8(static_cast<char>(0x80 - 'a')));
    const __m128i letter = _mm_cmplt_epi8(shifted, _mm_set1_epi8(-128 + 26));
    const __m128i usual = _mm_or_si128(letter, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')));
    const unsigned others = static_cast<unsigned>(_mm_movemask_epi8(usual)) ^ 0xffffU;
    if (others != 0) return scalar::skip_token(at + std::countr_zero(others), end);
  }
  return scalar::skip_token(at, end);
}

inline const char* skip_value(const char* at, const char* end) {
  return skip(kValue, at, end, [](__m128i bytes) {
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    const __m128i tab = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'));
    return _mm_or_si128(_mm_andnot_si128(tab, control), _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f)));
  });
}

inline const char* skip_target(const char* at, const char* end) {
  return skip(kTarget, at, end, [](__m128i bytes) {
    // As signed numbers the bytes from 0x80 on are below space.
    const __m128i outside = _mm_cmplt_epi8(bytes, _mm_set1_epi8('!'));
    const __m128i deleted = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
    return _mm_or_si128(_mm_or_si128(outside, deleted), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('#')));
  });
}

}  // namespace sse2

using sse2::skip_target;
using sse2::skip_token;
using sse2::skip_value;

#else

using scalar::skip_target;
using scalar::skip_token;
using scalar::skip_value;

#endif

}  // namespace fairlead::http::scan
