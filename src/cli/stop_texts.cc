#include "cli/stop_texts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>

#include <algorithm>
#include <vector>

#include "cli/output.h"

namespace fairlead::cli {

namespace {

constexpr int kInterrupted = 130;

std::string plural(std::int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

// `30s`, `200ms`.
std::string time_text(Duration duration) {
  if (duration >= std::chrono::seconds(1)) {
    return fmt::format("{}s", std::chrono::round<std::chrono::seconds>(duration).count());
  }
  return fmt::format("{}ms", std::chrono::round<std::chrono::milliseconds>(duration).count());
}

}  // namespace

std::string work_text(const app::OpenWork& work) {
  if (work.tunnels <= 0) return plural(std::max<std::int64_t>(work.requests, 0), "request");
  const std::string tunnels = plural(work.tunnels, "WebSocket");
  return work.requests <= 0 ? tunnels : fmt::format("{} and {}", plural(work.requests, "request"), tunnels);
}

std::string stopping_text(const app::OpenWork& work, Duration delay, Duration grace) {
  const std::string doors = delay > Duration::zero()
                                ? fmt::format("new connections for {} more, so that others notice", time_text(delay))
                                : std::string("no new connections");
  const std::string open = work.empty() ? "Nothing is" : work_text(work);
  return fmt::format("Stopping: {}. {} open; waiting up to {}.", doors, open, time_text(delay + grace));
}

std::string still_open_text(Duration took, const app::OpenWork& left) {
  return fmt::format("    {}   {} left", time_text(took), work_text(left));
}

std::string stopped_text(const StopOutcome& outcome) {
  if (outcome.at_first.empty() && outcome.left.empty()) return "Stopped. Nothing was open.";
  const std::int64_t cut = std::max<std::int64_t>(outcome.left.requests, 0);
  const std::int64_t finished = std::max<std::int64_t>(outcome.at_first.requests - cut, 0);
  const std::int64_t closed = std::max(outcome.at_first.tunnels, outcome.left.tunnels);
  std::vector<std::string> parts;
  if (finished > 0) parts.push_back(fmt::format("{} finished", plural(finished, "request")));
  if (closed > 0) parts.push_back(fmt::format("{} closed (code 1001)", plural(closed, "WebSocket")));
  if (cut > 0) parts.push_back(fmt::format("{} had to be cut", plural(cut, "request")));
  const std::string_view praise = cut == 0 ? " Nothing was cut mid-response." : "";
  return fmt::format("Stopped after {}. {}.{}", time_text(outcome.took), fmt::join(parts, ", "), praise);
}

std::string totals_text(const app::Totals& totals) {
  if (totals.requests == 0) return "";
  std::vector<std::string> parts{
      fmt::format("Served {}", plural(static_cast<std::int64_t>(totals.requests), "request"))};
  const auto add = [&](std::uint64_t count, std::string text) {
    if (count > 0) parts.push_back(std::move(text));
  };
  add(totals.retries, fmt::format("{} retried ({} saved)", totals.retries, totals.retries_recovered));
  add(totals.hedges, fmt::format("{} hedged ({} won)", totals.hedges, totals.hedges_won));
  add(totals.sticky_forged, fmt::format("{} with a forged sticky cookie", totals.sticky_forged));
  add(totals.sticky_stale, fmt::format("{} with a stale one", totals.sticky_stale));
  return fmt::format("{}.", fmt::join(parts, ", "));
}

int stop_exit_code(const StopOutcome& outcome) {
  if (outcome.second_signal == SIGINT) return kInterrupted;
  return outcome.left.requests > 0 ? kTimedOut : kDone;
}

}  // namespace fairlead::cli
