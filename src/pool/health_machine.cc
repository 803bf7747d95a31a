#include "pool/health_machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "pool/health/duration_text.h"

namespace fairlead::pool {

HealthMachine::Options HealthMachine::options_of(const PoolOptions& options) {
  return {.fall = options.health.fall,
          .rise = options.health.rise,
          .every = options.health.every,
          .warmup = options.warmup,
          .passive = options.passive};
}

HealthMachine::HealthMachine(Server& server, Options options, Origin origin, TimePoint now)
    : server_(server),
      options_(std::move(options)),
      is_resolved_(server.address() != nullptr),
      warms_on_admission_(origin == Origin::added),
      successes_seen_(server.successes()),
      shown_(computed()),
      since_(now),
      reason_(origin == Origin::added ? "added" : "started"),
      why_(is_resolved_ ? "the first check is not finished" : "the name has no address yet") {
  server_.publish_state(shown_, warmup_start_, options_.warmup);
}

std::optional<Transition> HealthMachine::checked(CheckResult result, TimePoint now) {
  const std::string_view reason = result.verdict == CheckVerdict::passed ? "check_passed" : result.reason;
  const CheckVerdict verdict = result.verdict;
  count(verdict);
  remember(std::move(result), now);
  if (verdict == CheckVerdict::slow) return std::nullopt;
  if (verdict == CheckVerdict::passed) {
    passed(now);
    return settle(reason, last_check().summary, now);
  }
  failed(verdict);
  return settle(reason, failure_words(), now);
}

std::optional<Transition> HealthMachine::check_timed_out(CheckResult result, TimePoint now) {
  note_traffic(now);
  if (answered_at_ && now - *answered_at_ <= options_.every) {
    result.verdict = CheckVerdict::slow;
    result.summary += ", but real requests were answered meanwhile: slow, not down";
  }
  return checked(std::move(result), now);
}

void HealthMachine::note_traffic(TimePoint now) {
  const std::uint64_t successes = server_.successes();
  if (std::exchange(successes_seen_, successes) != successes) answered_at_ = now;
}

std::optional<Transition> HealthMachine::eject(const OutlierFinding& finding, TimePoint now) {
  if (!is_serving(shown_)) return std::nullopt;
  const Duration length = next_ejection(now);
  ++counts_.ejections;
  is_ejected_ = true;
  is_warming_ = false;
  is_slow_ = false;
  last_ejection_ = length;
  eject_until_ = deadline_after(now, length);
  return settle("ejected", fmt::format("{}; returns in {}", finding.words(), short_duration(length)), now);
}

std::optional<Transition> HealthMachine::turned_slow(const std::string& why, TimePoint now) {
  if (!is_serving(shown_) || is_slow_) return std::nullopt;
  ++counts_.slowdowns;
  is_slow_ = true;
  is_warming_ = false;
  return settle("slow", why, now);
}

std::optional<Transition> HealthMachine::caught_up(const std::string& why, Duration warmup, TimePoint now) {
  if (!std::exchange(is_slow_, false)) return std::nullopt;
  start_warmup(std::min(warmup, options_.warmup), now);
  return settle("caught_up", why, now);
}

std::optional<Transition> HealthMachine::resolved(const net::SocketAddress& address, TimePoint now) {
  server_.publish_address(address);
  if (is_resolved_) return std::nullopt;
  is_resolved_ = true;
  lookup_failed_ = false;
  return settle("resolved", fmt::format("the name has the address {}", address.text()), now);
}

std::optional<Transition> HealthMachine::unresolved(const std::string& why, TimePoint now) {
  is_resolved_ = false;
  lookup_failed_ = true;
  // Whatever answers at the next address has passed no check yet.
  health_ = Health::checking;
  is_slow_ = false;
  was_admitted_ = false;
  failures_ = 0;
  passes_ = 0;
  return settle(word(ErrorCode::dns_failed), why, now);
}

std::optional<Transition> HealthMachine::set_admin(AdminState admin, const std::string& why, TimePoint now) {
  const bool comes_back = admin == AdminState::enabled && admin_ != AdminState::enabled;
  admin_ = admin;
  if (comes_back && health_ == Health::up && !is_ejected_ && !is_slow_) start_warmup(options_.warmup, now);
  return settle("operator", why, now);
}

std::optional<Transition> HealthMachine::advance(TimePoint now) {
  if (is_ejected_ && now >= eject_until_) {
    is_ejected_ = false;
    if (health_ == Health::up) start_warmup(options_.warmup, now);
    return settle("ejection_over", fmt::format("tried again after {} out", short_duration(last_ejection_)), now);
  }
  if (is_warming_ && now >= warm_at_) {
    is_warming_ = false;
    return settle("warmed_up", fmt::format("full share after {} of warm-up", short_duration(warm_at_ - warmup_start_)),
                  now);
  }
  return std::nullopt;
}

std::vector<Evidence> HealthMachine::evidence() const {
  std::vector<Evidence> ordered;
  for (std::size_t check = checks_ - std::min(checks_, kEvidence); check < checks_; ++check)
    ordered.push_back(evidence_[check % kEvidence]);
  return ordered;
}

Deadline HealthMachine::wake_at() const {
  return std::min(is_ejected_ ? eject_until_ : kNever, is_warming_ ? warm_at_ : kNever);
}

void HealthMachine::remember(CheckResult result, TimePoint now) {
  evidence_[checks_++ % kEvidence] = {.at = now, .check = std::move(result)};
}

const CheckResult& HealthMachine::last_check() const { return evidence_[(checks_ - 1) % kEvidence].check; }

void HealthMachine::count(CheckVerdict verdict) {
  if (verdict == CheckVerdict::passed)
    ++counts_.checks_passed;
  else
    ++(verdict == CheckVerdict::slow ? counts_.checks_slow : counts_.checks_failed);
}

void HealthMachine::passed(TimePoint now) {
  failures_ = 0;
  ++passes_;
  if (health_ == Health::up) return;
  // A server that never passed a check is let in by its first pass.
  const bool is_admitted = !was_admitted_ || passes_ >= options_.rise;
  if (!is_admitted) return;
  const bool warms = health_ == Health::down || warms_on_admission_;
  health_ = Health::up;
  was_admitted_ = true;
  warms_on_admission_ = true;
  if (warms && !is_ejected_) start_warmup(options_.warmup, now);
}

void HealthMachine::failed(CheckVerdict verdict) {
  passes_ = 0;
  ++failures_;
  // The first check decides at once: a server that nobody has seen well gets no traffic on trust. So does a server
  // that says of itself that it is not ready; it also knows when it is, so that one pass brings it back.
  const bool is_down = health_ == Health::checking || failures_ >= options_.fall || verdict == CheckVerdict::not_ready;
  if (verdict == CheckVerdict::not_ready) was_admitted_ = false;
  if (!is_down) return;
  health_ = Health::down;
  is_warming_ = false;
  // From here on the checks decide: once they pass again they know better than failures of before.
  is_ejected_ = false;
  is_slow_ = false;
}

void HealthMachine::start_warmup(Duration length, TimePoint now) {
  warmup_start_ = now;
  warm_at_ = deadline_after(now, length);
  is_warming_ = length > Duration::zero();
}

// Doubles with each ejection, until the server has stayed in for as long as it was out and for a whole window.
Duration HealthMachine::next_ejection(TimePoint now) const {
  const PassiveOptions& passive = options_.passive;
  const bool is_repeated =
      last_ejection_ > Duration::zero() && now - eject_until_ < std::max(passive.window, last_ejection_);
  return std::min(is_repeated ? 2 * last_ejection_ : passive.eject, passive.max_eject);
}

// The order of ServerState: the first that applies is shown.
ServerState HealthMachine::computed() const {
  if (admin_ == AdminState::disabled) return ServerState::disabled;
  if (admin_ == AdminState::draining) return ServerState::draining;
  if (!is_resolved_) return ServerState::unresolved;
  if (health_ == Health::checking) return ServerState::checking;
  if (health_ == Health::down) return ServerState::down;
  if (is_ejected_) return ServerState::ejected;
  if (is_slow_) return ServerState::slow;
  return is_warming_ ? ServerState::warming : ServerState::up;
}

std::string HealthMachine::failure_words() const {
  const CheckResult& last = last_check();
  const std::size_t remembered = std::min<std::size_t>({failures_, checks_, kEvidence});
  bool are_alike = true;
  for (std::size_t back = 1; back <= remembered; ++back)
    are_alike &= evidence_[(checks_ - back) % kEvidence].check.summary == last.summary;
  if (failures_ < 2) return last.summary;
  return are_alike ? fmt::format("{}, {} times", last.summary, failures_)
                   : fmt::format("{}; {} checks failed in a row", last.summary, failures_);
}

std::optional<Transition> HealthMachine::settle(std::string_view reason, const std::string& why, TimePoint now) {
  const ServerState to = computed();
  // Published in any case: a warm-up may have begun anew without a change of the shown state.
  if (to != shown_ || to == ServerState::warming) server_.publish_state(to, warmup_start_, warm_at_ - warmup_start_);
  const bool is_first_failed_lookup =
      to == ServerState::unresolved && reason == word(ErrorCode::dns_failed) && reason_ != word(ErrorCode::dns_failed);
  if (to == shown_ && !is_first_failed_lookup) return std::nullopt;
  const ServerState from = std::exchange(shown_, to);
  since_ = now;
  reason_ = reason;
  why_ = why;
  return Transition{.from = from, .to = to, .at = now, .reason = reason, .why = why, .evidence = evidence()};
}

}  // namespace fairlead::pool
