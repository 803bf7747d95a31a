#include "proxy/hedge.h"

#include <algorithm>

#include "proxy/connector.h"
#include "runtime/both.h"

namespace fairlead::proxy {

// A second try that is sent earlier hardly ever helps.
constexpr Duration kLeastWait = std::chrono::milliseconds(1);

Deadline Hedge::due() const {
  const std::optional<Duration> after = route_.hedge->after ? route_.hedge->after : pool_.answer_times().p95();
  return after ? deadline_after(asked_, std::max(*after, kLeastWait)) : kNever;
}

bool Hedge::has_moved(const First& first) {
  const TimePoint before = asked_;
  if (first.sent) {
    asked_ = *first.sent;
  } else if (const std::uint64_t taken = first.stream.body_bytes_taken(); taken != taken_) {
    taken_ = taken;
    asked_ = context_.loop.now();
  }
  return asked_ != before;
}

runtime::Task<void> Hedge::race(First first, pool::TriedServers& tried, Deadline last) {
  pool_.pool().hedge_budget().record_request(first.began);
  asked_ = first.sent.value_or(first.began);
  bool is_late = false;
  // A server that still takes the request is not late.
  do {
    const Deadline due = this->due();
    first_outcome_ = co_await first.stream.answer_begins(std::min(due, last)).result();
    is_late = !first_outcome_ && first_outcome_.error().code == ErrorCode::response_timeout && due < last;
  } while (is_late && has_moved(first));
  if (is_late && may_send(tried)) {
    // Each looks after its own failure.
    static_cast<void>(co_await runtime::Both(wait_for_first(first, last), try_second(first, last), [] {}));
  } else if (is_late) {
    first_outcome_ = co_await first.stream.answer_begins(last).result();
  }
  if (first_outcome_ || is_late) pool_.answer_times().record(context_.loop.now() - first.sent.value_or(asked_));
  if (has_won()) {
    if (!first_outcome_) judge(first.server, first.past, first_outcome_.error(), first.began);
    context_.counters.hedges_won.add();
  } else {
    lease_.reset();
    permit_.release();
  }
}

bool Hedge::may_send(pool::TriedServers& tried) {
  const pool::Pool& shared = pool_.pool();
  const TimePoint now = context_.loop.now();
  if (is_canceled_ || !pool_.has_untried(tried)) return false;
  if (!context_.workspace.memory.has_room_for_request()) return false;
  if (shared.has_limits() && !shared.waiting_line().is_empty()) return false;
  if (!shared.hedge_budget().try_spend(route_.hedge->budget, now)) return false;
  Result<pool::Permit> permit = pool_.admit(tried, now, key_hash_);
  if (!permit) return false;
  permit_ = std::move(*permit);
  tried.add(*permit_.server());
  began_ = now;
  context_.counters.hedges.add();
  return true;
}

// Where it fails, the second one goes on.
runtime::Task<void> Hedge::wait_for_first(First first, Deadline last) {
  first_outcome_ = co_await first.stream.answer_begins(last).result();
  if (!first_outcome_ || winner_ != Side::none) co_return;
  winner_ = Side::first;
  cancel();
}

// Where it fails, the first one goes on.
runtime::Task<void> Hedge::try_second(First first, Deadline last) {
  const Result<void> answered = co_await ask_second(last).result();
  second_ = nullptr;
  if (answered && winner_ == Side::none) {
    winner_ = Side::second;
    first.stream.cancel();
    co_return;
  }
  if (!answered) judge(*permit_.server(), lease_ ? lease_->past() : pool::Lease::Past(), answered.error(), *began_);
}

// One that lost was slow, if anything.
void Hedge::judge(pool::Server& server, const pool::Lease::Past& past, const Error& error, TimePoint began) {
  const TimePoint now = context_.loop.now();
  if (was_keepalive_race(error, past, now - began)) {
    server.idle_limit().record_close(*past.idle_for, now);
  } else {
    pool_.report(server, error, now - began, now);
  }
}

runtime::Task<void> Hedge::ask_second(Deadline last) {
  lease_.emplace(co_await lease_connection(
      context_, *permit_.server(), {.pool = pool_.pool().options(), .client = client_, .deadline = last}, second_));
  second_ = &**lease_;
  second_->receive_for(client_);
  const Duration left = std::max(last - context_.loop.now(), Duration::zero());
  co_await request_.send_head(*second_, std::min(route_.timeouts.idle, left));
  if (body_.has_content()) co_await body_.send(*second_);
  co_await second_->answer_begins(last);
}

void Hedge::cancel() {
  is_canceled_ = true;
  if (second_ != nullptr) second_->cancel();
}

}  // namespace fairlead::proxy
