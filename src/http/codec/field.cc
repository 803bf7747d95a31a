// Finds field names by one multiplication and one comparison.
#include "http/codec/field.h"

#include <cstring>
#include <utility>

namespace fairlead::http {
namespace {

constexpr std::array<std::string_view, kFieldIds> kNames = {
    "",
    "accept",
    "accept-encoding",
    "age",
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "etag",
    "expect",
    "expires",
    "forwarded",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "last-modified",
    "location",
    "max-forwards",
    "origin",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "referer",
    "retry-after",
    "sec-websocket-accept",
    "sec-websocket-key",
    "server",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "vary",
    "via",
    "www-authenticate",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-real-ip",
    "x-request-id",
};

// In a token this bit makes letters lower-case and leaves digits and dashes alone; no other token character becomes
// one of those.
constexpr unsigned kLowerBit = 0x20;

// Length and three letters tell all names apart. The multiplier was found by search, so that they fall into slots
// of their own; the table below does not compile with a bad one.
constexpr std::size_t slot_of(std::string_view name) {
  const auto letter = [&](std::size_t index) { return static_cast<unsigned char>(name[index]) | kLowerBit; };
  const std::uint32_t key = static_cast<std::uint32_t>(name.size() & 0xff) | letter(0) << 8 |
                            letter(name.size() / 2) << 16 | letter(name.size() - 2) << 24;
  return (key * 0x43ecf2b9U) >> 25;
}

constexpr std::array<FieldId, 128> make_slots() {
  std::array<FieldId, 128> slots{};
  for (std::size_t id = 1; id < kFieldIds; ++id) {
    FieldId& slot = slots.at(slot_of(kNames[id]));
    if (slot != FieldId::other) std::unreachable();  // Two names in one slot.
    slot = static_cast<FieldId>(id);
  }
  return slots;
}

constexpr std::array<FieldId, 128> kSlots = make_slots();

template <typename Word>
bool words_differ(const char* token, const char* lower, Word lower_bits) {
  Word left;
  Word right;
  std::memcpy(&left, token, sizeof left);
  std::memcpy(&right, lower, sizeof right);
  return (left | lower_bits) != right;
}

// `name` in lower case. The last word overlaps the one before.
bool matches(std::string_view text, std::string_view name) {
  if (text.size() != name.size()) return false;
  const std::size_t size = text.size();
  const char* token = text.begin();
  const char* lower = name.begin();
  if (size >= 8) {
    constexpr std::uint64_t kBits = 0x2020202020202020U;
    for (std::size_t at = 0; at + 8 < size; at += 8)
      if (words_differ(token + at, lower + at, kBits)) return false;
    return !words_differ(token + size - 8, lower + size - 8, kBits);
  }
  if (size >= 4) {
    constexpr std::uint32_t kBits = 0x20202020U;
    return !words_differ(token, lower, kBits) && !words_differ(token + size - 4, lower + size - 4, kBits);
  }
  for (std::size_t at = 0; at < size; ++at)
    if ((static_cast<unsigned char>(token[at]) | kLowerBit) != static_cast<unsigned char>(lower[at])) return false;
  return true;
}

constexpr char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | kLowerBit) : letter;
}

}  // namespace

FieldId classify_field(std::string_view name) {
  if (name.size() < 2) return FieldId::other;
  const FieldId id = kSlots[slot_of(name)];
  return matches(name, name_of(id)) ? id : FieldId::other;
}

std::string_view name_of(FieldId id) { return kNames[static_cast<std::size_t>(id)]; }

bool equals_ignoring_case(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  for (std::size_t at = 0; at < left.size(); ++at)
    if (lower(left[at]) != lower(right[at])) return false;
  return true;
}

const Field* FieldList::find(FieldId id) const {
  if (!has(id)) return nullptr;
  for (const Field& field : *this)
    if (field.id == id) return &field;
  return nullptr;
}

const Field* FieldList::find(std::string_view name) const {
  for (const Field& field : *this)
    if (equals_ignoring_case(field.name, name)) return &field;
  return nullptr;
}

std::size_t FieldList::count(FieldId id) const {
  if (!has(id)) return 0;
  std::size_t occurrences = 0;
  for (const Field& field : *this) occurrences += field.id == id;
  return occurrences;
}

}  // namespace fairlead::http
