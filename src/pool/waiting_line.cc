#include "pool/waiting_line.h"

#include <algorithm>

#include "runtime/task.h"

namespace fairlead::pool {

void WaitingLine::call() {
  if (is_empty()) return;
  const std::scoped_lock lock(mutex_);
  call_first();
}

void WaitingLine::call_first() {
  for (Place& place : places_) {
    if (!std::exchange(place.is_called_, true)) {
      place.loop_.post_from_anywhere([call = place.call_] {
        if (call->place != nullptr) call->place->signal_.set();
      });
    }
    if (can_use_all(place)) return;
  }
}

std::uint64_t WaitingLine::begin_generation() {
  const std::scoped_lock lock(mutex_);
  ++generation_;
  call_first();
  return generation_;
}

bool WaitingLine::can_use_all(const Place& place) const { return !place.is_retry_ && place.generation_ == generation_; }

Place::Place(WaitingLine& line, runtime::EventLoop& loop, std::uint64_t generation, bool is_retry)
    : line_(line),
      loop_(loop),
      signal_(loop),
      call_(std::make_shared<Call>(this)),
      generation_(generation),
      is_retry_(is_retry) {}

Place::~Place() {
  call_->place = nullptr;
  if (!is_in_line_) return;
  const std::scoped_lock lock(line_.mutex_);
  line_.places_.erase(line_.places_.iterator_to(*this));
  line_.length_.fetch_sub(1, std::memory_order_seq_cst);
  // It may have been called and not have looked, or there is room for more than one.
  line_.call_first();
}

Result<bool> Place::enter(std::uint32_t max) {
  const std::scoped_lock lock(line_.mutex_);
  if (line_.length() >= max) {
    return std::unexpected(Error{.code = ErrorCode::queue_full,
                                 .blame = Blame::upstream,
                                 .detail = "every server is at `max_inflight` and the waiting line is full"});
  }
  line_.length_.fetch_add(1, std::memory_order_seq_cst);
  is_in_line_ = true;
  if (line_.places_.empty()) line_.standing_since_ = loop_.now();
  line_age_ = std::max(loop_.now() - line_.standing_since_, Duration::zero());  // clocks differ a little
  const bool is_next =
      is_retry_ || std::ranges::none_of(line_.places_, [&](const Place& place) { return line_.can_use_all(place); });
  if (is_retry_) {
    line_.places_.push_front(*this);
  } else {
    line_.places_.push_back(*this);
  }
  return is_next;
}

runtime::Task<void> Place::called(Deadline deadline) {
  const Result<void> heard = co_await runtime::with_result(signal_.wait(deadline));
  if (given_up_) co_await runtime::fail({.code = ErrorCode::canceled, .blame = Blame::downstream});
  if (!heard) {
    co_await runtime::fail({.code = ErrorCode::queue_timeout,
                            .blame = Blame::upstream,
                            .detail = "no server had room for the request within `queue.timeout`"});
  }
  signal_.clear();
  // From here on another call counts: what becomes free while this one looks is not missed.
  const std::scoped_lock lock(line_.mutex_);
  is_called_ = false;
}

void Place::give_up() {
  given_up_ = true;
  signal_.set();
}

}  // namespace fairlead::pool
