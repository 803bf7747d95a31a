#include "pool/outlier_detector.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <utility>

#include "pool/health/duration_text.h"

namespace fairlead::pool {

bool counts_against_server(const Error& error, const PassiveOptions& options) {
  switch (error.code) {
    case ErrorCode::connect_refused:
    case ErrorCode::connect_unreachable:
    case ErrorCode::connect_timeout:
    case ErrorCode::reset_before_response:
    case ErrorCode::reset_mid_response:
    case ErrorCode::bad_response:
    case ErrorCode::response_too_large:
      return true;
    case ErrorCode::response_timeout:
      return options.timeouts;
    default:
      return false;
  }
}

std::string OutlierFinding::words() const {
  if (in_a_row > 0) return fmt::format("{} requests failed in a row", in_a_row);
  return fmt::format("{} of {} requests failed within {}", failures, requests, short_duration(window));
}

OutlierDetector::OutlierDetector(Server& server, PassiveOptions options, TimePoint now)
    : server_(server), options_(std::move(options)), newest_start_(now) {
  reset(now);
}

std::optional<OutlierFinding> OutlierDetector::assess(TimePoint now) {
  slide(now);
  const Totals base = starts_[(newest_ + 1) % kBuckets];
  const std::uint64_t failures = server_.failures() - base.failures;
  const std::uint64_t successes = server_.successes() - base.successes;
  const std::uint64_t requests = failures + successes;
  const bool are_many = failures >= options_.failures && failures > 0;
  const bool are_a_share = static_cast<double>(failures) >= options_.min_share.fraction * static_cast<double>(requests);
  // A server that answers nothing any more shows at once, however well it did before.
  const bool are_in_a_row = options_.failures > 0 && server_.failures_in_a_row() >= options_.failures;
  const bool is_outlier = (are_many && are_a_share) || (are_in_a_row && failures > 0);
  // Where the server may not be ejected, the workers need not say so again with each failure.
  arm(base, successes, is_outlier ? failures + options_.failures : 0);
  if (!is_outlier) return std::nullopt;
  return OutlierFinding{.failures = failures,
                        .requests = requests,
                        .window = options_.window,
                        .in_a_row = are_in_a_row ? server_.failures_in_a_row() : 0};
}

Duration OutlierDetector::may_rest() const {
  constexpr int kSpareBuckets = kBuckets - 3;
  return starts_[(newest_ + 1) % kBuckets] == totals() ? kSpareBuckets * tick() : Duration::zero();
}

void OutlierDetector::reset(TimePoint now) {
  starts_.fill(totals());
  newest_start_ = now;
  server_.clear_failures_in_a_row();
  server_.publish_run_limit(options_.failures);
  arm(starts_.front(), 0, 0);
}

void OutlierDetector::slide(TimePoint now) {
  for (std::size_t moved = 0; now - newest_start_ >= tick(); ++moved) {
    if (moved == kBuckets) {  // Nobody looked for a whole window: nothing in it is known to be recent.
      newest_start_ = now;
      break;
    }
    newest_ = (newest_ + 1) % kBuckets;
    newest_start_ += tick();
    starts_[newest_] = totals();
  }
}

// The fewest failures in all at which the rule can hold: `failures` of them in the window, and `min_share` of the
// window's requests if not one more succeeds; and no fewer than `at_least` in the window.
void OutlierDetector::arm(Totals base, std::uint64_t successes_in_window, std::uint64_t at_least) {
  const double share = options_.min_share.fraction;
  const double successes = static_cast<double>(successes_in_window);
  double needed = options_.failures;
  if (share < 1) needed = std::max(needed, std::ceil(share * successes / (1 - share)));
  server_.publish_suspect_at(base.failures +
                             std::max({static_cast<std::uint64_t>(needed), at_least, std::uint64_t{1}}));
}

namespace {

// Whether one more of the pool may be taken from, where those in one of the states `taken` have been already.
bool may_take_one_more(std::span<const Member> members, const Server& server, Share max_share,
                       std::initializer_list<ServerState> taken) {
  std::size_t in_rotation = 0;
  std::size_t taken_already = 0;
  std::size_t others_serving = 0;
  for (const Member& member : members) {
    const ServerState state = member.server->state();
    if (state == ServerState::disabled || state == ServerState::draining) continue;
    ++in_rotation;
    if (std::ranges::find(taken, state) != taken.end()) ++taken_already;
    if (is_serving(state) && member.server.get() != &server) ++others_serving;
  }
  const double limit = max_share.fraction * static_cast<double>(in_rotation);
  return others_serving > 0 && static_cast<double>(taken_already + 1) <= limit;
}

}  // namespace

bool may_eject(std::span<const Member> members, const Server& server, Share max_share) {
  return may_take_one_more(members, server, max_share, {ServerState::ejected});
}

bool may_slow_down(std::span<const Member> members, const Server& server, Share max_share) {
  return may_take_one_more(members, server, max_share, {ServerState::ejected, ServerState::slow});
}

}  // namespace fairlead::pool
