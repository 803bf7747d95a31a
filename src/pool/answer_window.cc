#include "pool/answer_window.h"

#include <algorithm>

namespace fairlead::pool {

AnswerWindow::AnswerWindow(const Server& server, TimePoint now) : server_(server) { restart(now); }

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
  const Mark& middle = start_of(kParts / 2 - 1);
  const Mark end = mark(now);
  const PaceSums::Reading sums = end.times - oldest.times;
  // A server that answers little tells little of its pace, but those who wait do. Of those that came in the older half
  // of the window at most so many wait no longer; the others have waited for the whole of the newer half, and will for
  // as long as those that were answered.
  const std::uint64_t came = middle.begun - oldest.begun;
  const std::uint64_t gone = sums.count() + (end.ended - oldest.ended);
  const std::uint64_t waiting = came - std::min(came, gone);
  if (sums.count() + waiting == 0) return {};
  const auto answered = static_cast<double>(sums.count());
  const double usual = sums.count() == 0 ? 0 : static_cast<double>(sums.positions()) / answered;
  const double waited = std::max(usual, static_cast<double>(PaceSums::position_of(now - middle.at)));
  const double count = answered + static_cast<double>(waiting);
  const double mean = (answered * usual + static_cast<double>(waiting) * waited) / count;
  const double squares = static_cast<double>(sums.squares) + static_cast<double>(waiting) * waited * waited;
  return {.count = sums.count() + waiting,
          .mean = mean,
          .variance = std::max(squares / count - mean * mean, 0.0),
          .is_stuck = waiting > 0 && gone == 0};
}

}  // namespace fairlead::pool
