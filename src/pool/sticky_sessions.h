// Stickiness by what is there already: a header that clients send, or the app's own session cookie.
//
// Remembers which server answered with which value; tells servers and clients nothing.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/time.h"
#include "http/codec/field.h"
#include "pool/server.h"
#include "pool/sticky_options.h"
#include "pool/sticky_table.h"

namespace fairlead::pool {

struct Member;

// Immutable but for its table, of one generation of a pool; any thread.
class StickySessions {
 public:
  // How long an unused session is remembered where the configuration does not say.
  static constexpr Duration kUsualTtl = std::chrono::hours(1);

  // `members` and `table` outlive it.
  StickySessions(const StickyOptions& options, std::span<const Member> members, StickyTable& table);

  // Of the session that a request belongs to, or that a response begins; empty: of none.
  std::optional<std::uint64_t> key_of_request(const http::FieldList& fields) const;
  std::optional<std::uint64_t> key_of_response(const http::FieldList& fields) const;
  // Its server, if that is still one of the pool; else null.
  Server* find(std::uint64_t key, TimePoint now) const;
  void remember(std::uint64_t key, const Server& server, TimePoint now) const;

 private:
  std::string header_;
  std::string cookie_;
  Duration ttl_;
  StickyTable& table_;
  boost::unordered_flat_map<std::uint64_t, Server*> servers_;
};

}  // namespace fairlead::pool
