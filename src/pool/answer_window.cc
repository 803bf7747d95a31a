#include "pool/answer_window.h"

#include <algorithm>

namespace fairlead::pool {

AnswerWindow::AnswerWindow(const Server& server, TimePoint now) : server_(server) { starts_.fill(mark(now)); }

AnswerWindow::Mark AnswerWindow::mark(TimePoint now) const {
  const std::uint64_t in_flight = server_.in_flight();
  const std::uint64_t begun = server_.requests();
  return {.at = now, .times = server_.pace_sums().read(), .begun = begun, .ended = begun - std::min(begun, in_flight)};
}

void AnswerWindow::slide(TimePoint now) {
  const Duration age = now - start_of(0).at;
  const bool has_enough = server_.requests() - start_of(0).begun >= kRequestsPerPart;
  if (age < (has_enough ? kShortest : kLongest) / kParts) return;
  newest_ = (newest_ + 1) % kParts;
  starts_[newest_] = mark(now);
}

RecentAnswers AnswerWindow::recent(TimePoint now) const {
  const Mark& oldest = start_of(kParts - 1);
  const Mark end = mark(now);
  // A server that answers nothing tells nothing of its pace, but those who wait do: all that came in the older half of
  // the window have waited for the whole of the newer half.
  const Mark& middle = start_of(kParts / 2 - 1);
  const std::uint64_t waiting = middle.begun - oldest.begun;
  if (waiting > 0 && end.ended <= oldest.ended) {
    return {.count = waiting, .mean = static_cast<double>(PaceSums::position_of(now - middle.at)), .is_stuck = true};
  }
  const PaceSums::Reading sums = end.times - oldest.times;
  if (sums.count() == 0) return {};
  const auto count = static_cast<double>(sums.count());
  const double mean = static_cast<double>(sums.positions()) / count;
  return {.count = sums.count(),
          .mean = mean,
          .variance = std::max(static_cast<double>(sums.squares) / count - mean * mean, 0.0)};
}

}  // namespace fairlead::pool
