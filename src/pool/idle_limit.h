// How long a server keeps an idle connection, as learned from those that it closed.
//
// A server that closes a connection just as we send a request on it loses the request (RFC 9112, 9.5). So a connection
// that has been idle for nearly as long as the server allows is not used again. Shared by all workers of a server.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/time.h"

namespace fairlead::pool {

// A restart closes connections of any age, but all at one moment. So a limit is believed where two closes at different
// moments agree on it, and is forgotten after a while. Any thread, no lock: of workers that record at one moment, one
// may not be heard.
class IdleLimit {
 public:
  // The share of the server's limit for which we use a connection: clocks, ticks and the way between differ.
  static constexpr double kSafeShare = 0.75;
  // Closes that are this near one another have one cause.
  static constexpr Duration kOneMoment = std::chrono::milliseconds(200);
  // Two ages agree where the shorter is at least this share of the longer one.
  static constexpr double kAgreement = 0.8;
  // A limit counts for so long after the last close that agreed with it. Then one more such close renews it.
  static constexpr Duration kTrust = std::chrono::minutes(10);

  // The server closed a connection that had been idle for `age`.
  void record_close(Duration age, TimePoint now);
  // How long a connection may be idle and still be used: at most `most`.
  Duration at_most(Duration most, TimePoint now) const;

 private:
  // In milliseconds, so that both fit into one word; the instant wraps after 49 days.
  struct Close {
    std::uint32_t age = 0;  // 0: there was none
    std::uint32_t instant = 0;
  };
  static Close unpack(std::uint64_t word) {
    return {static_cast<std::uint32_t>(word >> 32), static_cast<std::uint32_t>(word)};
  }
  static std::uint64_t pack(Close close) { return std::uint64_t{close.age} << 32 | close.instant; }

  std::atomic<std::uint64_t> last_{0};      // the first close of the last moment that had any
  std::atomic<std::uint64_t> believed_{0};  // the shorter of two that agree
};

}  // namespace fairlead::pool
