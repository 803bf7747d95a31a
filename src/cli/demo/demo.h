// The demo on its stage: Fairlead's own engine, the traffic, the script, and what people do with their keys.
#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <string>
#include <vector>

#include "app/engine.h"
#include "cli/demo/demo_command.h"
#include "cli/demo/narrator.h"
#include "cli/demo/script.h"
#include "cli/demo/traffic.h"
#include "net/resolver.h"
#include "runtime/event_loop.h"
#include "runtime/task_group.h"
#include "runtime/wait.h"

namespace fairlead::cli::demo {

// Listening sockets of this process alone, closed when the engine gives them back.
class DemoSockets final : public app::SocketSource {
 public:
  std::expected<std::vector<int>, net::ListenError> open(const net::Endpoint& endpoint, std::size_t count) override;
  void close(const net::Endpoint& endpoint, const std::vector<int>& sockets) override;
};

// Belongs to the thread of its loop, the control thread.
class Demo final : private Stage, private app::HealthListener, private runtime::Timer {
 public:
  // `loop` and `narrator` outlive it.
  Demo(runtime::EventLoop& loop, const DemoFlags& flags, bool is_interactive, Narrator& narrator);
  ~Demo() override;

  // Plays to the end. Fails with words where it could not start.
  std::expected<Outcome, std::string> run();

  // What a key does; from within the loop.
  void on_key(char key);
  // Ends early; `by` says who wanted it.
  void stop(std::string_view by);

 private:
  // Shares are those of this many seconds.
  static constexpr std::size_t kShareWindow = 5;
  // Whoever plays is waited for this long after each key.
  static constexpr Duration kPlayTime = std::chrono::seconds(60);

  void crash(std::size_t server) override;
  void bring_back(std::size_t server) override;
  void drain(std::size_t server) override;
  std::uint32_t in_flight(std::size_t server) override;
  Counts counts() const override;
  void say(const Sentence& sentence) override;
  void on_server_event(const pool::ServerEvent& event) override;
  void on_pool_event(const pool::PoolEvent&) override {}
  void on_zone_event(const pool::ZoneEvent&) override {}
  void on_timer() override;

  std::expected<void, std::string> start();
  runtime::Task<void> play();
  runtime::Task<void> wait_for_players();
  Outcome outcome();
  std::vector<ServerShare> shares() const;
  std::vector<std::uint64_t> request_counts() const;
  void toggle_crash(std::size_t server);
  void toggle_drain();
  void toggle_slow();
  void change_rate(double factor);
  std::string subject(std::size_t server) const;
  Duration elapsed() const { return loop_.now() - start_; }

  // What people did to a server, as far as it is not the script's.
  struct Played {
    bool is_crashed = false;
    bool is_draining = false;
    bool is_slow = false;
    pool::ServerState state = pool::ServerState::checking;
  };

  runtime::EventLoop& loop_;
  DemoFlags flags_;
  Narrator& narrator_;
  DemoSockets sockets_;
  net::SystemResolver resolver_;
  Traffic traffic_;
  app::Engine engine_;
  net::Endpoint address_;
  std::vector<Played> played_;
  Script script_;
  TimePoint start_;
  double rate_;
  std::deque<std::vector<std::uint64_t>> seen_requests_;  // by server, at each second of the window
  runtime::Signal touched_;
  TimePoint last_key_;
  bool is_script_over_ = false;
  std::string_view ended_by_ = "script";
  bool is_stopping_ = false;
  runtime::TaskGroup tasks_;
};

}  // namespace fairlead::cli::demo
