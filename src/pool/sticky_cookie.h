// The cookie that brings a client back to its server: which server, until when, and a signature over both.
//
// The server is named by a keyed hash of its name, so that a cookie tells nothing of our network. Whoever has the
// secret reads and issues the same cookies: another instance, or this one after a restart. Sets no policy: see
// proxy/stickiness.h.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "pool/server.h"
#include "pool/sticky_options.h"

namespace fairlead::pool {

struct Member;

// What a cookie turned out to be.
struct StickyReading {
  enum class Verdict : std::uint8_t {
    genuine,
    stale,   // ours, but it has expired, or its server is gone
    forged,  // not ours: another secret, another pool, or made up
  } verdict = Verdict::forged;
  Server* server = nullptr;  // of a genuine one
  bool is_ageing = false;    // more than half of its time is over
};

// Immutable, of one generation of a pool; any thread.
class StickyCookie {
 public:
  // `members` outlive it.
  StickyCookie(StickyOptions options, std::string pool, std::span<const Member> members);

  const StickyOptions& options() const { return options_; }
  StickyReading read(std::string_view value, WallTime now) const;
  // The value of a Set-Cookie field that sends the client to `server` from now on.
  std::string issue(const Server& server, WallTime now, bool is_https) const;

 private:
  std::uint64_t id_of(const Server& server) const;

  StickyOptions options_;
  std::string pool_;
  boost::unordered_flat_map<std::uint64_t, Server*> servers_;
};

}  // namespace fairlead::pool
