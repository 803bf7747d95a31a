// The demo's timeline: what happens to which server, and the sentence that says so once it is a fact.
//
// Knows no sockets: the stage (demo.h) does what it asks and tells it what became of it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "cli/demo/narrator.h"
#include "pool/server_event.h"
#include "runtime/event_loop.h"
#include "runtime/task.h"
#include "runtime/wait.h"

namespace fairlead::cli::demo {

// What the script can do, and what it can see.
class Stage {
 public:
  virtual void crash(std::size_t server) = 0;
  virtual void bring_back(std::size_t server) = 0;
  // Takes no new requests from now on.
  virtual void drain(std::size_t server) = 0;
  virtual std::uint32_t in_flight(std::size_t server) = 0;
  virtual Counts counts() const = 0;
  virtual void say(const Sentence& sentence) = 0;

 protected:
  ~Stage() = default;
};

struct ScriptPlan {
  std::size_t servers = 3;
  Duration duration{};          // of everything; the steps are fixed parts of it
  Duration warmup{};            // of the pool, for the sentence about it
  std::uint32_t fall = 3;       // failed checks that take a server out
  std::uint32_t rise = 2;       // good checks that take it in again
  bool is_interactive = false;  // people can press keys afterwards

  std::size_t slow() const { return 1; }
  std::size_t crashing() const { return servers > 2 ? 2 : 0; }
};

// Belongs to the control loop's thread.
class Script {
 public:
  // Both outlive it.
  Script(runtime::EventLoop& loop, Stage& stage, const ScriptPlan& plan);

  // From the first sentence to the last. Ends with `canceled` after `stop`.
  runtime::Task<void> run();
  void on_server_event(const pool::ServerEvent& event);
  void stop();

 private:
  // How often facts are looked at that no event tells of.
  static constexpr Duration kLook = std::chrono::milliseconds(50);

  runtime::Task<void> crash_one();
  runtime::Task<void> bring_it_back();
  runtime::Task<void> drain_one();
  // Ends when `fact` holds (true) or at `until` (false).
  runtime::Task<bool> happens(std::function<bool()> fact, TimePoint until);
  runtime::Task<void> reach(Duration second);
  // A moment of the sixty seconds in which the script is written.
  TimePoint moment(Duration second) const;
  pool::ServerState state(std::size_t server) const { return last_[server].to; }
  std::string name(std::size_t server) const { return "app-" + std::to_string(server + 1); }

  runtime::EventLoop& loop_;
  Stage& stage_;
  ScriptPlan plan_;
  TimePoint start_;
  std::vector<pool::ServerEvent> last_;  // by server
  runtime::Signal changed_;
  bool is_stopping_ = false;
};

}  // namespace fairlead::cli::demo
