// Whether a failed try of a request is followed by another, on which server, and if not, why not.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "pool/balancer.h"
#include "pool/pool_view.h"
#include "proxy/options.h"

namespace fairlead::proxy {

// One per exchange.
class RetryPolicy {
 public:
  enum class Next : std::uint8_t { nothing, same_server, other_server };

  // What the exchange knows of the try that failed.
  struct Failure {
    const Error& error;
    bool was_race = false;      // a kept connection that the server closed as we sent
    bool body_is_gone = false;  // a part of the request's body was passed on and is not kept
    bool is_bound = false;      // no other server may serve this client
  };

  // `options` are the route's and outlive it, and so does `method`.
  void begin(const RetryOptions& options, std::string_view method);

  // Whether the method may be sent twice although a server may have seen the first.
  bool may_repeat_method() const { return may_repeat_method_; }
  // What follows a failure that left nothing at the client. Another server is paid for from the pool's budget.
  Next after(const Failure& failure, pool::PoolView& pool, const pool::TriedServers& tried, TimePoint now);
  // Whether a response with `status` is thrown away for another server's. If so, that is what `after` says next.
  bool wants_other_server(int status, bool body_is_gone, pool::PoolView& pool, const pool::TriedServers& tried,
                          TimePoint now);

  // Tries on other servers so far.
  std::uint32_t retries() const { return retries_; }
  // Why the last failure was not followed by another try, for the log; empty where nothing could have been repeated.
  std::string_view note() const { return note_; }

 private:
  Next refuse(std::string_view note) {
    note_ = note;
    return Next::nothing;
  }
  Next spend(pool::PoolView& pool, const pool::TriedServers& tried, TimePoint now);

  const RetryOptions* options_ = nullptr;
  std::string_view method_;
  bool may_repeat_method_ = false;
  bool is_granted_ = false;
  std::uint32_t retries_ = 0;
  std::string_view note_;
};

}  // namespace fairlead::proxy
