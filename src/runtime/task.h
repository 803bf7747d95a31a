// `Task<T>`: a coroutine that ends with a `Result<T>`, owned by whoever awaits it.
//
// Inside a task, `co_await` on a `Task`, an `Operation` or a `Result` unwraps the value, or ends this task and hands
// the error up; `.result()` gives the `Result` instead. A child starts inline: if it ends without waiting, its parent
// never suspends. A frame is destroyed by its owner only, never while it runs.
#pragma once

#include <coroutine>
#include <cstdlib>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/assert.h"
#include "base/error.h"
#include "runtime/runnable.h"
#include "runtime/slab.h"

namespace fairlead::runtime {

template <typename T = void>
class Task;

// Told when a task has ended; says which coroutine runs next.
class Completion {
 public:
  virtual std::coroutine_handle<> completed() noexcept = 0;

 protected:
  ~Completion() = default;
};

// What every promise has, whatever its value's type.
class PromiseBase {
 public:
  static void* operator new(std::size_t size) { return Slab::allocate(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { Slab::release(frame, size); }

  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
      return ended.promise().finish();
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  // The project throws nothing; what the library throws (out of memory) ends the process.
  [[noreturn]] void unhandled_exception() const noexcept { std::abort(); }

  // Marks the task as ended and says what runs next. A task ended by an error stays suspended where the error reached
  // it; its locals are destroyed with the frame.
  std::coroutine_handle<> finish() noexcept {
    finished_ = true;
    return completion_ != nullptr ? completion_->completed() : std::noop_coroutine();
  }
  void fail(const Error& error) noexcept { error_ = error; }

  bool finished() const noexcept { return finished_; }
  bool failed() const noexcept { return error_.has_value(); }
  const Error& error() const noexcept { return *error_; }
  void set_completion(Completion* completion) noexcept { completion_ = completion; }

 private:
  Completion* completion_ = nullptr;
  std::optional<Error> error_;
  bool finished_ = false;
};

// A result or an operation that is awaited lives in the frame of the coroutine that awaits it, until the expression
// that it is part of ends; so awaiters refer to it, and the frame holds it once.

// Awaits a ready `Result`: its value, or the end of this task.
template <typename T>
class ResultAwaiter {
 public:
  explicit ResultAwaiter(Result<T>& result) : result_(result) {}
  bool await_ready() const noexcept { return result_.has_value(); }
  template <typename Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    waiting.promise().fail(result_.error());
    return waiting.promise().finish();
  }
  T await_resume() {
    if constexpr (!std::is_void_v<T>) return std::move(*result_);
  }

 private:
  Result<T>& result_;
};

template <typename T, bool kUnwrap>
class TaskAwaiter final : public Completion {
 public:
  explicit TaskAwaiter(Task<T> task) : task_(std::move(task)) {}

  bool await_ready() {
    if constexpr (std::is_void_v<T>) {
      if (!task_.has_frame()) return true;
    }
    task_.start();
    return task_.promise().finished() && !(kUnwrap && task_.promise().failed());
  }
  template <typename Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    if (task_.promise().finished()) {
      waiting.promise().fail(task_.promise().error());
      return waiting.promise().finish();
    }
    waiting_ = waiting;
    waiting_promise_ = &waiting.promise();
    task_.promise().set_completion(this);
    return std::noop_coroutine();
  }
  std::coroutine_handle<> completed() noexcept override {
    if (kUnwrap && task_.promise().failed()) {
      waiting_promise_->fail(task_.promise().error());
      return waiting_promise_->finish();
    }
    return waiting_;
  }
  auto await_resume() {
    if constexpr (kUnwrap && std::is_void_v<T>) {
      return;
    } else if constexpr (kUnwrap) {
      return task_.promise().take_value();
    } else {
      if constexpr (std::is_void_v<T>) {
        if (!task_.has_frame()) return Result<void>();
      }
      return task_.promise().take_result();
    }
  }

 private:
  Task<T> task_;
  std::coroutine_handle<> waiting_;
  PromiseBase* waiting_promise_ = nullptr;
};

// A wait on something outside (readiness, time) that ends with success or an error. It lives in the frame of the
// coroutine that awaits it; whoever it waits for keeps a pointer to it and calls `complete` through the loop's queue.
class Operation : public Runnable {
 public:
  // Records how the wait ended; the loop's queue then runs the waiting coroutine.
  void set_outcome(Result<void> outcome) noexcept { outcome_ = outcome; }
  const Result<void>& outcome() const noexcept { return outcome_; }

  void run() override {
    if (unwraps_ && !outcome_) {
      promise_->fail(outcome_.error());
      promise_->finish().resume();
    } else {
      waiting_.resume();
    }
  }

  // Puts the coroutine to sleep until `run`.
  template <typename Promise>
  void suspend(std::coroutine_handle<Promise> waiting, bool unwraps) noexcept {
    waiting_ = waiting;
    promise_ = &waiting.promise();
    unwraps_ = unwraps;
  }

 protected:
  Operation() = default;
  ~Operation() = default;

 private:
  std::coroutine_handle<> waiting_;
  PromiseBase* promise_ = nullptr;
  Result<void> outcome_;
  bool unwraps_ = false;
};

// Awaits a concrete operation `Op`, which has `bool begin()`: true when it ended at once (see `outcome`), false when it
// has registered itself and will be run later.
template <typename Op, bool kUnwrap>
class OperationAwaiter {
 public:
  explicit OperationAwaiter(Op& operation) : operation_(operation) {}

  bool await_ready() { return (ended_ = operation_.begin()) && (!kUnwrap || operation_.outcome().has_value()); }
  template <typename Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
    if (ended_) {
      waiting.promise().fail(operation_.outcome().error());
      return waiting.promise().finish();
    }
    operation_.suspend(waiting, kUnwrap);
    return std::noop_coroutine();
  }
  auto await_resume() const {
    if constexpr (!kUnwrap) return operation_.outcome();
  }

 private:
  Op& operation_;
  bool ended_ = false;
};

// `co_await with_result(operation)` and `co_await with_result(task)`: the `Result`, where the caller means to decide.
template <typename Awaited>
struct WithResult {
  Awaited&& awaited;
};
template <typename Awaited>
WithResult<Awaited> with_result(Awaited&& awaited) {
  return {std::forward<Awaited>(awaited)};
}

template <typename T>
class PromiseWithAwaits : public PromiseBase {
 public:
  template <typename U>
  TaskAwaiter<U, true> await_transform(Task<U> task) {
    return TaskAwaiter<U, true>(std::move(task));
  }
  template <typename U>
  TaskAwaiter<U, false> await_transform(WithResult<Task<U>> wrapped) {
    return TaskAwaiter<U, false>(std::move(wrapped.awaited));
  }
  template <typename U>
  ResultAwaiter<U> await_transform(Result<U>&& result) {
    return ResultAwaiter<U>(result);
  }
  template <typename Op>
    requires std::is_base_of_v<Operation, Op>
  OperationAwaiter<Op, true> await_transform(Op&& operation) {
    return OperationAwaiter<Op, true>(operation);
  }
  template <typename Op>
    requires std::is_base_of_v<Operation, Op>
  OperationAwaiter<Op, false> await_transform(WithResult<Op> wrapped) {
    return OperationAwaiter<Op, false>(wrapped.awaited);
  }
  // Anything that is an awaiter by itself (`Both`) is awaited as it is.
  template <typename Awaiter>
    requires(!std::is_lvalue_reference_v<Awaiter>) && requires(Awaiter& awaiter) { awaiter.await_ready(); }
  Awaiter&& await_transform(Awaiter&& awaiter) {
    return std::forward<Awaiter>(awaiter);
  }
};

template <typename T>
class Promise final : public PromiseWithAwaits<T> {
 public:
  Task<T> get_return_object() noexcept;
  void return_value(Result<T> result) {
    if (result) {
      value_.emplace(std::move(*result));
    } else {
      this->fail(result.error());
    }
  }
  T take_value() { return std::move(*value_); }
  Result<T> take_result() {
    if (this->failed()) return std::unexpected(this->error());
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class Promise<void> final : public PromiseWithAwaits<void> {
 public:
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take_value() const noexcept {}
  Result<void> take_result() const {
    if (failed()) return std::unexpected(error());
    return {};
  }
};

// One without a frame has ended well before it began; see `done`.
template <typename T>
class [[nodiscard]] Task {
 public:
  using promise_type = Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) noexcept : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  // For `co_await task().result()`.
  WithResult<Task> result() && { return {std::move(*this)}; }

  bool has_frame() const noexcept { return handle_ != nullptr; }
  // Runs the body until it first waits, or to its end. Called once, by the owner. Needs a frame, as `promise` does.
  void start() { handle_.resume(); }
  promise_type& promise() const noexcept { return handle_.promise(); }

 private:
  Handle handle_;
};

template <typename T>
Task<T> Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

// What has ended well, for functions that only sometimes have to wait.
inline Task<void> done() { return Task<void>(nullptr); }

// Ends the running task with an error: `co_await fail(error)`; never resumes.
inline Result<void> fail(Error error) { return std::unexpected(error); }

}  // namespace fairlead::runtime
