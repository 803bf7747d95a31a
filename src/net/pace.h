// How long a peer is waited for that must keep moving bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace fairlead::net {

// Without a rate, every byte that moves makes us wait for the whole patience again. With one, waiting uses the patience
// up, and a byte earns back only the time that it may take: who is slower for long enough is out of it, however often
// a byte comes; who pauses for less than the patience, and is fast otherwise, is not.
struct Pace {
  Duration patience{};
  std::uint64_t min_rate = 0;  // bytes a second; 0: none

  // What is left of `left` after a wait in which `bytes` moved.
  Duration after(Duration left, Duration waited, std::size_t bytes) const {
    if (min_rate == 0) return bytes > 0 ? patience : left - waited;
    // A second of bytes at a time cannot overflow: the patience is at most a day.
    const std::uint64_t most = (static_cast<std::uint64_t>(patience.count()) / kSecond + 1) * min_rate;
    const auto earned = static_cast<Duration::rep>(std::min<std::uint64_t>(bytes, most) * kSecond / min_rate);
    return std::min(patience, left - waited + Duration(earned));
  }

 private:
  static constexpr std::uint64_t kSecond = 1'000'000'000;
};

}  // namespace fairlead::net
