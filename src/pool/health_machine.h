// The one state machine of a server: from checks, traffic, names and the operator to the shown state (ux.md 0.2).
//
// Owned by the control thread, one per server; the only writer of the server's published state. Does no I/O.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "net/socket_address.h"
#include "pool/health/check.h"
#include "pool/options.h"
#include "pool/outlier_detector.h"
#include "pool/server.h"
#include "pool/server_state.h"

namespace fairlead::pool {

// A check with the time at which it ended.
struct Evidence {
  TimePoint at{};
  CheckResult check;
};

// One change of the shown state, with what people ask about it.
struct Transition {
  ServerState from;
  ServerState to;
  TimePoint at{};
  std::string_view reason;         // one word, static: `connect_refused`, `check_passed`, `ejected`, `operator`, …
  std::string why;                 // plain words: `GET /health → 500, 3 times`
  std::vector<Evidence> evidence;  // the last three checks, oldest first
};

// What ever happened to a server.
struct HealthCounts {
  std::uint64_t checks_passed = 0;
  std::uint64_t checks_failed = 0;
  std::uint64_t checks_slow = 0;
  std::uint64_t ejections = 0;
  std::uint64_t slowdowns = 0;
};

// How a server came to be. One that a reload adds warms up; those of a process start do not.
enum class Origin : std::uint8_t { process_start, added };

class HealthMachine {
 public:
  struct Options {
    std::uint32_t fall = 3;
    std::uint32_t rise = 2;
    Duration every{};
    Duration warmup{};
    PassiveOptions passive;
  };

  // Takes what it needs of a pool's options.
  static Options options_of(const PoolOptions& options);

  // Publishes the first state: `checking`, or `unresolved` while the server has no address.
  HealthMachine(Server& server, Options options, Origin origin, TimePoint now);

  // Each input returns the change of the shown state that it caused, if any, after publishing it.

  // A finished check. The first one decides at once; later ones follow `fall` and `rise`.
  std::optional<Transition> checked(CheckResult result, TimePoint now);
  // A check that got no answer in time: `slow`, and no failure, where the server answered a real request within the
  // last `every`; else as checked(). `result` is what it counts as if it is a failure.
  std::optional<Transition> check_timed_out(CheckResult result, TimePoint now);
  // Looks whether real requests were answered since the last call; call it a few times in each `every`.
  void note_traffic(TimePoint now);
  // Real traffic failed on it. The caller has asked may_eject(). Ignored unless it is serving.
  std::optional<Transition> eject(const OutlierFinding& finding, TimePoint now);
  // It answers far slower than the others, as `why` says. The caller has asked may_slow_down(). Ignored unless it is
  // serving and not known to be slow.
  std::optional<Transition> turned_slow(const std::string& why, TimePoint now);
  // It does no longer, or nobody can tell any more; it warms up, for `warmup` at most.
  std::optional<Transition> caught_up(const std::string& why, Duration warmup, TimePoint now);
  // Its name has this address now. After `unresolved` it is checked anew.
  std::optional<Transition> resolved(const net::SocketAddress& address, TimePoint now);
  // Its name has no address. The first time is a change, although it was shown as unresolved before.
  std::optional<Transition> unresolved(const std::string& why, TimePoint now);
  // The operator's wish. A server that comes back warms up.
  std::optional<Transition> set_admin(AdminState admin, const std::string& why, TimePoint now);
  // Time passed: an ejection or a warm-up may be over. Call it at wake_at().
  std::optional<Transition> advance(TimePoint now);
  // After a reload of the same server.
  void set_options(Options options) { options_ = std::move(options); }

  Server& server() const { return server_; }
  AdminState admin() const { return admin_; }
  ServerState state() const { return shown_; }
  TimePoint since() const { return since_; }
  std::string_view reason() const { return reason_; }
  const std::string& why() const { return why_; }
  // The last three checks, oldest first.
  std::vector<Evidence> evidence() const;
  const HealthCounts& counts() const { return counts_; }
  // True while nothing is known of it: neither a lookup nor a check has ended.
  bool is_undecided() const {
    return shown_ == ServerState::checking || (shown_ == ServerState::unresolved && !lookup_failed_);
  }
  // True while checks fail: they run at double pace.
  bool is_failing() const { return failures_ > 0 || health_ == Health::down; }
  // When advance() has something to do; kNever if nothing is running.
  Deadline wake_at() const;

 private:
  // What active checks say, apart from everything else.
  enum class Health : std::uint8_t { checking, down, up };
  static constexpr std::size_t kEvidence = 3;

  void remember(CheckResult result, TimePoint now);
  const CheckResult& last_check() const;
  void count(CheckVerdict verdict);
  void passed(TimePoint now);
  void failed(CheckVerdict verdict);
  void start_warmup(Duration length, TimePoint now);
  Duration next_ejection(TimePoint now) const;
  ServerState computed() const;
  std::string failure_words() const;
  std::optional<Transition> settle(std::string_view reason, const std::string& why, TimePoint now);

  Server& server_;
  Options options_;
  AdminState admin_ = AdminState::enabled;
  Health health_ = Health::checking;
  bool is_resolved_;
  bool lookup_failed_ = false;
  bool was_admitted_ = false;  // has passed a check since it was added or resolved
  bool warms_on_admission_;
  std::uint32_t failures_ = 0;  // in a row
  std::uint32_t passes_ = 0;    // in a row
  std::uint64_t successes_seen_ = 0;
  std::optional<TimePoint> answered_at_;  // when a real request was last known to be answered
  TimePoint warmup_start_{};
  Deadline warm_at_{};      // the end of the warm-up; in the past: none
  Deadline eject_until_{};  // in the past: not ejected
  Duration last_ejection_{};
  bool is_warming_ = false;
  bool is_ejected_ = false;
  bool is_slow_ = false;

  ServerState shown_;
  TimePoint since_;
  std::string_view reason_;
  std::string why_;
  std::array<Evidence, kEvidence> evidence_;
  std::size_t checks_ = 0;
  HealthCounts counts_;
};

}  // namespace fairlead::pool
