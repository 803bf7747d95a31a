#include "pool/sticky_sessions.h"

#include <functional>
#include <string_view>

#include "http/codec/cookie.h"
#include "pool/pool.h"

namespace fairlead::pool {
namespace {

std::uint64_t hash_of(std::string_view text) { return std::hash<std::string_view>{}(text); }

std::uint64_t id_of(const Server& server) { return hash_of(server.name()) & StickyTable::kIdMask; }

}  // namespace

StickySessions::StickySessions(const StickyOptions& options, std::span<const Member> members, StickyTable& table)
    : header_(options.header), cookie_(options.learn), ttl_(options.ttl.value_or(kUsualTtl)), table_(table) {
  for (const Member& member : members) servers_.emplace(id_of(*member.server), member.server.get());
}

std::optional<std::uint64_t> StickySessions::key_of_request(const http::FieldList& fields) const {
  if (header_.empty()) {
    const auto value = http::find_cookie(fields, cookie_);
    return value ? std::optional(hash_of(*value)) : std::nullopt;
  }
  const http::Field* field = fields.find(header_);
  return field != nullptr ? std::optional(hash_of(field->value)) : std::nullopt;
}

// `Set-Cookie: NAME=VALUE; …` (RFC 6265, 4.1.1).
std::optional<std::uint64_t> StickySessions::key_of_response(const http::FieldList& fields) const {
  if (cookie_.empty()) return std::nullopt;
  for (const http::Field& field : fields) {
    if (field.id != http::FieldId::set_cookie) continue;
    const http::Cookie set = http::cookie_of_set_cookie(field.value);
    if (set.name == cookie_) return hash_of(set.value);
  }
  return std::nullopt;
}

Server* StickySessions::find(std::uint64_t key, TimePoint now) const {
  const std::optional<std::uint64_t> id = table_.find(key, ttl_, now);
  const auto found = id ? servers_.find(*id) : servers_.end();
  return found == servers_.end() ? nullptr : found->second;
}

void StickySessions::remember(std::uint64_t key, const Server& server, TimePoint now) const {
  table_.remember(key, id_of(server), now);
}

}  // namespace fairlead::pool
