// What a server answered of late, as far as it can be compared with what the others did.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/time.h"
#include "pool/pace_sums.h"
#include "pool/server.h"

namespace fairlead::pool {

// Answers of one server, in positions on the scale of PaceSums.
struct RecentAnswers {
  std::uint64_t count = 0;
  double mean = 0;
  double variance = 0;
  // None was answered: `count` requests wait, and have done so for at least `mean`.
  bool is_stuck = false;
  // The server was slow a short while ago.
  bool is_suspect = false;
};

// One per server, on the control thread. The server outlives it.
class AnswerWindow {
 public:
  // The least and the most that it looks back. In between, it is as long as a handful of requests take to come.
  static constexpr Duration kShortest = std::chrono::seconds(1);
  static constexpr Duration kLongest = std::chrono::seconds(10);

  AnswerWindow(const Server& server, TimePoint now);

  // Call it every kShortest / 4 or so.
  void slide(TimePoint now);
  RecentAnswers recent(TimePoint now) const;
  // Forgets what was before `now`.
  void restart(TimePoint now) { starts_.fill(mark(now)); }

 private:
  static constexpr std::size_t kParts = 4;
  static constexpr std::uint64_t kRequestsPerPart = 4;

  struct Mark {
    TimePoint at;
    PaceSums::Reading times;
    std::uint64_t begun = 0;
    std::uint64_t ended = 0;
  };
  Mark mark(TimePoint now) const;
  // Where the part began that is `back` parts before the newest.
  const Mark& start_of(std::size_t back) const { return starts_[(newest_ + kParts - back) % kParts]; }

  const Server& server_;
  std::array<Mark, kParts> starts_;
  std::size_t newest_ = 0;
};

}  // namespace fairlead::pool
