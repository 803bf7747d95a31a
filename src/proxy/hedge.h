// A second server for a request whose first one is late: whichever begins to answer first serves it.
//
// Source: J. Dean and L. A. Barroso, "The Tail at Scale" (CACM 56(2), 2013). For requests that may be sent twice, with
// no body or one that is kept; within a budget of the pool, and never in front of requests that wait for room.
#pragma once

#include <cstdint>
#include <optional>

#include "base/error.h"
#include "base/time.h"
#include "http/stream.h"
#include "pool/keepalive_cache.h"
#include "pool/permit.h"
#include "pool/pool_view.h"
#include "proxy/body_buffer.h"
#include "proxy/context.h"
#include "proxy/forwarded_request.h"
#include "proxy/options.h"
#include "runtime/task.h"

namespace fairlead::proxy {

// Once per exchange, beside its first try. What it is given outlives it.
class Hedge {
 public:
  // The first server was asked from `began` on, and answers on `stream`. `sent` is when nothing more of the request was
  // left to send; empty while its body is on its way.
  struct First {
    http::ClientStream& stream;
    pool::Server& server;
    pool::Lease::Past past;
    TimePoint began;
    const std::optional<TimePoint>& sent;
  };

  // `body` is all of the request's. `key_hash` as in PoolView::admit.
  Hedge(Context& context, pool::PoolView& pool, const ForwardedRequest& request, const BodyBuffer& body,
        const RouteOptions& route, const http::ServerStream& client, std::uint64_t key_hash)
      : context_(context),
        pool_(pool),
        request_(request),
        body_(body),
        route_(route),
        client_(client),
        key_hash_(key_hash) {}
  Hedge(const Hedge&) = delete;
  Hedge& operator=(const Hedge&) = delete;

  // Ends when a server begins to answer, when none will, or at `last`; then the other one was given up, and was judged.
  // Adds the second one to `tried`. Never fails: whoever reads the response finds out what happened.
  runtime::Task<void> race(First first, pool::TriedServers& tried, Deadline last);
  // Ends the second try; whoever calls it ends the first.
  void cancel();

  // Whether a second server was asked.
  bool is_sent() const { return began_.has_value(); }
  // Whether it serves.
  bool has_won() const { return winner_ == Side::second; }
  // Of the second one, where it serves.
  TimePoint began() const { return *began_; }
  pool::Permit take_permit() { return std::move(permit_); }
  pool::Lease take_lease() { return std::move(*lease_); }

 private:
  enum class Side : std::uint8_t { none, first, second };

  // When the first one is late, as far as is known now.
  Deadline due() const;
  // Whether it has taken a part of the request since that was asked last.
  bool has_moved(const First& first);
  bool may_send(pool::TriedServers& tried);
  runtime::Task<void> wait_for_first(First first, Deadline last);
  runtime::Task<void> try_second(First first, Deadline last);
  runtime::Task<void> ask_second(Deadline last);
  void judge(pool::Server& server, const pool::Lease::Past& past, const Error& error, TimePoint began);

  Context& context_;
  pool::PoolView& pool_;
  const ForwardedRequest& request_;
  const BodyBuffer& body_;
  const RouteOptions& route_;
  const http::ServerStream& client_;
  std::uint64_t key_hash_;
  pool::Permit permit_;
  std::optional<pool::Lease> lease_;
  http::ClientStream* second_ = nullptr;  // in use by the second try
  std::optional<TimePoint> began_;
  TimePoint asked_{};        // since when the first one has had what it has of the request
  std::uint64_t taken_ = 0;  // of the body, by the first one
  Result<void> first_outcome_;
  Side winner_ = Side::none;
  bool is_canceled_ = false;
};

}  // namespace fairlead::proxy
