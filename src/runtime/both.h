// Two tasks at once, as one: a request body goes up while the response comes down.
#pragma once

#include <functional>
#include <utility>

#include "runtime/task.h"

namespace fairlead::runtime {

// Runs `first` and `second` side by side and ends when both have. As soon as one fails, `on_failure` is called once: it
// asks the other to end (by cancelling what it waits on). The error is that of the task that failed first.
class Both final {
 public:
  Both(Task<void> first, Task<void> second, std::move_only_function<void()> on_failure)
      : first_(*this, std::move(first)), second_(*this, std::move(second)), on_failure_(std::move(on_failure)) {}
  Both(const Both&) = delete;
  Both& operator=(const Both&) = delete;

  bool await_ready() {
    first_.start();
    second_.start();
    return running_ == 0;
  }
  template <typename Promise>
  void await_suspend(std::coroutine_handle<Promise> waiting) {
    waiting_ = waiting;
  }
  [[nodiscard]] Result<void> await_resume() const { return outcome_; }

 private:
  class Side final : public Completion {
   public:
    Side(Both& both, Task<void> task) : both_(both), task_(std::move(task)) {}
    void start() {
      task_.start();
      if (task_.promise().finished()) {
        static_cast<void>(both_.ended(*this));
      } else {
        task_.promise().set_completion(this);
      }
    }
    std::coroutine_handle<> completed() noexcept override { return both_.ended(*this); }
    const Task<void>& task() const { return task_; }

   private:
    Both& both_;
    Task<void> task_;
  };

  std::coroutine_handle<> ended(const Side& side) {
    --running_;
    if (side.task().promise().failed() && outcome_) {
      outcome_ = std::unexpected(side.task().promise().error());
      if (running_ > 0) on_failure_();
    }
    return running_ == 0 && waiting_ ? waiting_ : std::noop_coroutine();
  }

  Side first_;
  Side second_;
  std::move_only_function<void()> on_failure_;
  std::coroutine_handle<> waiting_;
  int running_ = 2;
  Result<void> outcome_;
};

}  // namespace fairlead::runtime
