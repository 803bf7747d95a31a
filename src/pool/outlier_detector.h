// Judges a server by real traffic: too many failures in a row, or in a window where they are also too great a share of
// its requests.
//
// Workers only bump the server's counters and compare one of them with a threshold; the window and the judgement are
// the control thread's, which alone changes states.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/error.h"
#include "base/time.h"
#include "pool/options.h"
#include "pool/pool.h"
#include "pool/server.h"

namespace fairlead::pool {

// What counts against a server (ux.md 3.5): errors in connecting, resets, answers that are not HTTP. An answer that is
// too late only does where `options` say so: busy is not dead.
bool counts_against_server(const Error& error, const PassiveOptions& options);

// What a window held when a server was found to deserve ejection.
struct OutlierFinding {
  std::uint64_t failures = 0;
  std::uint64_t requests = 0;
  Duration window{};
  std::uint32_t in_a_row = 0;  // 0: the share of the window decided

  // `5 requests failed in a row`, `5 of 8 requests failed within 30 s`.
  std::string words() const;
};

// One per server, on the control thread. The server outlives it.
class OutlierDetector {
 public:
  // Arms the server's threshold.
  OutlierDetector(Server& server, PassiveOptions options, TimePoint now);

  // How often assess() must be called to keep the window sliding.
  Duration tick() const { return options_.window / kBuckets; }
  // Call on each tick and when SuspectListener::on_suspect names the server. Slides the window; says whether the
  // server deserves ejection now; arms the threshold at which a worker reports next.
  std::optional<OutlierFinding> assess(TimePoint now);
  // How much longer than a tick nobody need call assess(): nothing while the window holds a request; else as long as
  // there is a bucket left to which what comes meanwhile is added.
  Duration may_rest() const;
  // Forgets the window; after an ejection.
  void reset(TimePoint now);

 private:
  static constexpr std::size_t kBuckets = 10;
  struct Totals {
    std::uint64_t successes = 0;
    std::uint64_t failures = 0;

    friend bool operator==(const Totals&, const Totals&) = default;
  };

  Totals totals() const { return {.successes = server_.successes(), .failures = server_.failures()}; }
  void slide(TimePoint now);
  void arm(Totals base, std::uint64_t successes_in_window, std::uint64_t at_least);

  Server& server_;
  PassiveOptions options_;
  // Running totals at the start of each of the last buckets; the oldest is what the window is counted from.
  std::array<Totals, kBuckets> starts_{};
  std::size_t newest_ = 0;
  TimePoint newest_start_;
};

// Whether `server` may be ejected now: not from a pool of one, not beyond `max_share` of the pool, and not while no
// other member serves. Members that the operator took out do not count.
bool may_eject(std::span<const Member> members, const Server& server, Share max_share);
// The same for giving it less work because it is slow: at most `max_share` of the pool is slow or ejected at a time.
bool may_slow_down(std::span<const Member> members, const Server& server, Share max_share);

}  // namespace fairlead::pool
