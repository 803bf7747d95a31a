#include "proxy/retry_policy.h"

#include <algorithm>
#include <utility>

namespace fairlead::proxy {

namespace {

bool retries_on(const RetryOptions& options, RetryOn event) {
  return std::ranges::find(options.on, event) != options.on.end();
}

}  // namespace

void RetryPolicy::begin(const RetryOptions& options, std::string_view method) {
  options_ = &options;
  method_ = method;
  may_repeat_method_ = std::ranges::find(options.methods, method) != options.methods.end();
}

RetryPolicy::Next RetryPolicy::after(const Failure& failure, pool::PoolView& pool, const pool::TriedServers& tried,
                                     TimePoint now) {
  if (std::exchange(is_granted_, false)) return Next::other_server;
  const Error& error = failure.error;
  if (!error.retry_is_safe && !error.retry_if_idempotent) return refuse("");
  if (failure.body_is_gone) return refuse("body_streamed");
  if (!error.retry_is_safe && !may_repeat_method_) return refuse(method_);
  // Nobody's failure: it is not paid for, and does not lead away from the server.
  if (failure.was_race) return Next::same_server;
  // Who sets a time for each try wants another one after it.
  const bool is_timeout = error.code == ErrorCode::response_timeout;
  const RetryOn event = error.retry_is_safe ? RetryOn::connect : RetryOn::reset;
  if (!is_timeout && !retries_on(*options_, event)) return refuse("off");
  if (failure.is_bound) return refuse("sticky");
  return spend(pool, tried, now);
}

bool RetryPolicy::wants_other_server(int status, bool body_is_gone, pool::PoolView& pool,
                                     const pool::TriedServers& tried, TimePoint now) {
  if (!options_->statuses.contains(status)) return false;
  if (body_is_gone || !may_repeat_method_) {
    refuse(body_is_gone ? std::string_view("body_streamed") : method_);
    return false;
  }
  return is_granted_ = spend(pool, tried, now) == Next::other_server;
}

RetryPolicy::Next RetryPolicy::spend(pool::PoolView& pool, const pool::TriedServers& tried, TimePoint now) {
  if (retries_ >= options_->attempts) return refuse(options_->attempts == 0 ? "off" : "attempts");
  if (!pool.has_untried(tried)) return refuse("no_other_server");
  if (!pool.pool().retry_budget().try_spend(options_->budget, now)) return refuse("budget");
  ++retries_;
  note_ = {};
  return Next::other_server;
}

}  // namespace fairlead::proxy
