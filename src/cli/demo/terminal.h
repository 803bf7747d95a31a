// Keys, signals and the size of the terminal, for a demo that people play with.
#pragma once

#include <signal.h>
#include <termios.h>

#include <cstddef>
#include <functional>

#include "runtime/event_loop.h"

namespace fairlead::cli::demo {

// Reads keys one by one from the standard input, without echo, for as long as it lives. Belongs to the loop's thread.
class Keyboard final : private runtime::EventSource {
 public:
  // `on_key` is called on the loop's thread. Standard input must be a terminal.
  Keyboard(runtime::EventLoop& loop, std::move_only_function<void(char)> on_key);
  // Gives the terminal back as it was.
  ~Keyboard();
  Keyboard(const Keyboard&) = delete;
  Keyboard& operator=(const Keyboard&) = delete;

 private:
  void on_ready(runtime::Readiness readiness) override;

  runtime::EventLoop& loop_;
  std::move_only_function<void(char)> on_key_;
  termios before_{};
};

// SIGINT and SIGTERM as calls on the loop's thread instead of an end of the process. Made before other threads start,
// so that they inherit the blocked signals.
class StopSignals final : private runtime::EventSource {
 public:
  StopSignals(runtime::EventLoop& loop, std::move_only_function<void()> on_signal);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  void on_ready(runtime::Readiness readiness) override;

  runtime::EventLoop& loop_;
  std::move_only_function<void()> on_signal_;
  sigset_t before_{};
  int descriptor_;
};

bool input_is_terminal();
bool output_is_terminal();
// In the foreground of its terminal: reading from it would not stop us.
bool is_in_foreground();
std::size_t terminal_columns();

}  // namespace fairlead::cli::demo
