#include "cli/demo/demo_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <ostream>

#include "cli/demo/demo.h"
#include "cli/demo/json_narrator.h"
#include "cli/demo/terminal.h"
#include "cli/demo/text_narrator.h"
#include "runtime/epoll/epoll_loop.h"

namespace fairlead::cli::demo {

namespace {

using namespace std::chrono_literals;

constexpr int kFailed = 1;
constexpr int kBadCommandLine = 2;
// In a pipe, over the whole demo.
constexpr int kLinesOfShares = 12;

// Why the flags cannot be; empty where they can.
std::string fault_of(const DemoFlags& flags) {
  if (flags.duration < 5s || flags.duration > 1h) return "--duration must be from 5s to 1h";
  if (flags.rate < 1 || flags.rate > 5000) return "--rate must be from 1 to 5000 requests per second";
  if (flags.servers < 2 || flags.servers > 9) return "--servers must be from 2 to 9";
  return {};
}

std::unique_ptr<Narrator> narrator_for(const DemoFlags& flags, std::ostream& out) {
  if (flags.json) return std::make_unique<JsonNarrator>(out);
  const auto between_lines = std::max<std::int64_t>(1, flags.duration / kLinesOfShares / 1s);
  return std::make_unique<TextNarrator>(out,
                                        TextNarrator::Look{.is_terminal = output_is_terminal(),
                                                           .columns = terminal_columns(),
                                                           .seconds_between_lines = static_cast<int>(between_lines)});
}

}  // namespace

int run_demo(const DemoFlags& flags, std::ostream& out, std::ostream& errors) {
  if (const std::string fault = fault_of(flags); !fault.empty()) {
    errors << "error: " << fault << '\n';
    return kBadCommandLine;
  }
  const bool is_interactive = !flags.json && input_is_terminal() && output_is_terminal() && is_in_foreground();
  const std::unique_ptr<Narrator> narrator = narrator_for(flags, out);
  runtime::EpollLoop loop;
  Demo* running = nullptr;
  const StopSignals signals(loop, [&running] { running->stop("signal"); });
  Demo demo(loop, flags, is_interactive, *narrator);
  running = &demo;
  std::optional<Keyboard> keyboard;
  if (is_interactive) keyboard.emplace(loop, [&demo](char key) { demo.on_key(key); });
  const auto outcome = demo.run();
  if (!outcome) {
    errors << "error: " << outcome.error() << '\n';
    return kFailed;
  }
  return outcome->counts.errors == 0 ? 0 : kFailed;
}

}  // namespace fairlead::cli::demo
