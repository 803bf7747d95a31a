#include "cli/demo/script.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace fairlead::cli::demo {

namespace {

using namespace std::chrono_literals;
using pool::ServerState;

constexpr Duration kWrittenFor = 60s;
constexpr Duration kCrash = 12s;
constexpr Duration kReturn = 28s;
constexpr Duration kDrain = 42s;
constexpr Duration kEnd = 55s;

constexpr std::array<std::string_view, 10> kNumbers{"No",   "One", "Two",   "Three", "Four",
                                                    "Five", "Six", "Seven", "Eight", "Nine"};
constexpr std::array<std::string_view, 4> kSmallNumbers{"no", "one", "two", "three"};

std::string count_of(std::uint64_t count, std::string_view thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

// `check` is what the server's last failed checks said.
std::string words_for(const pool::ServerEvent& check) {
  if (check.reason == word(ErrorCode::connect_refused)) return "connection refused";
  return check.why;
}

std::string small_number(std::uint32_t number) {
  return number < kSmallNumbers.size() ? std::string(kSmallNumbers[number]) : std::to_string(number);
}

// What the keys do; one digit for each server.
std::string break_things(std::size_t servers) {
  const std::string digits = servers == 2 ? "1 or 2" : servers == 3 ? "1, 2 or 3" : fmt::format("1 to {}", servers);
  return fmt::format(
      " Break things yourself: press {} to crash a server, s to slow one, d to drain one, + or - to "
      "change the load.",
      digits);
}

std::string short_seconds(Duration duration) {
  return fmt::format("{:.3g} s", std::chrono::duration<double>(duration).count());
}

}  // namespace

Script::Script(runtime::EventLoop& loop, Stage& stage, const ScriptPlan& plan)
    : loop_(loop), stage_(stage), plan_(plan), start_(loop.now()), last_(plan.servers), changed_(loop) {
  for (pool::ServerEvent& event : last_) event.to = ServerState::checking;
}

runtime::Task<void> Script::run() {
  start_ = loop_.now();
  stage_.say({"start", fmt::format("{} copies of one app. {} is slow, so least_requests gives it fewer requests: "
                                   "watch the shares.",
                                   kNumbers[plan_.servers], name(plan_.slow()))});
  co_await reach(kCrash);
  co_await crash_one();
  co_await reach(kReturn);
  co_await bring_it_back();
  co_await reach(kDrain);
  co_await drain_one();
  co_await reach(kEnd);
  stage_.say({"end", fmt::format("That was it.{}", plan_.is_interactive ? break_things(plan_.servers) : "")});
}

runtime::Task<void> Script::crash_one() {
  const std::size_t server = plan_.crashing();
  const Counts before = stage_.counts();
  stage_.crash(server);
  // Once it is out of rotation, no request can hit it any more, and the counts are what they are.
  const bool is_out = co_await happens([&] { return !pool::is_serving(state(server)); }, moment(kReturn));
  const Counts after = stage_.counts();
  const std::uint64_t retried = after.retries - before.retries;
  stage_.say({"crash", fmt::format("{} crashed. {} hit it and {} retried on another server. Users saw {}.",
                                   name(server), count_of(retried, "request"), retried == 1 ? "was" : "were",
                                   count_of(after.errors - before.errors, "error"))});
  if (!is_out) co_return;
  const bool was_ejected = state(server) == ServerState::ejected;
  if (was_ejected) stage_.say({"ejected", fmt::format("Out of rotation at once: {}.", last_[server].why)});
  if (!co_await happens([&] { return state(server) == ServerState::down; }, moment(kReturn))) co_return;
  stage_.say({"down", fmt::format("{} after {} failed checks. Reason: {}.", was_ejected ? "Down" : "Out of rotation",
                                  plan_.fall, words_for(last_[server]))});
}

runtime::Task<void> Script::bring_it_back() {
  const std::size_t server = plan_.crashing();
  const bool was_down = state(server) == ServerState::down;
  stage_.bring_back(server);
  if (!was_down) co_return;
  if (!co_await happens([&] { return pool::is_serving(state(server)); }, moment(kDrain))) co_return;
  stage_.say({"back", fmt::format("{} is back: {} good checks, then a {} warm-up instead of a flood.", name(server),
                                  small_number(plan_.rise), short_seconds(plan_.warmup))});
}

runtime::Task<void> Script::drain_one() {
  const std::size_t server = plan_.slow();
  stage_.drain(server);
  // A worker may have chosen it at this very moment, and count its request a little later.
  co_await happens([] { return false; }, loop_.now() + kLook);
  if (!co_await happens([&] { return stage_.in_flight(server) == 0; }, moment(kEnd))) co_return;
  stage_.say({"drained", fmt::format("Draining {}, as you would before a deploy. Its last request finished; it is "
                                     "safe to stop.",
                                     name(server))});
}

runtime::Task<bool> Script::happens(std::function<bool()> fact, TimePoint until) {
  while (!is_stopping_ && !fact() && loop_.now() < until) {
    changed_.clear();
    static_cast<void>(co_await with_result(changed_.wait(std::min(until, loop_.now() + kLook))));
  }
  if (is_stopping_) co_await runtime::fail({.code = ErrorCode::canceled, .detail = "the demo is stopped"});
  co_return fact();
}

runtime::Task<void> Script::reach(Duration second) {
  co_await happens([] { return false; }, moment(second));
}

TimePoint Script::moment(Duration second) const {
  const double part = static_cast<double>(second.count()) / static_cast<double>(kWrittenFor.count());
  return start_ + Duration(static_cast<Duration::rep>(part * static_cast<double>(plan_.duration.count())));
}

void Script::on_server_event(const pool::ServerEvent& event) {
  for (std::size_t server = 0; server < last_.size(); ++server) {
    if (event.server == name(server)) last_[server] = event;
  }
  changed_.set();
}

void Script::stop() {
  is_stopping_ = true;
  changed_.set();
}

}  // namespace fairlead::cli::demo
