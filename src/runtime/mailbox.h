// A box that any thread puts actions into and one thread empties: how control and workers speak to each other.
//
// Lock-free: a put is one compare-and-swap, emptying is one exchange. For rare things (a new snapshot, a stop), not for
// anything per request.
#pragma once

#include <atomic>
#include <functional>

namespace fairlead::runtime {

class Mailbox {
 public:
  Mailbox() = default;
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  // Drops what was never run.
  ~Mailbox();

  // From any thread. True when the box was empty, so that the owner may have to be woken.
  bool put(std::move_only_function<void()> action);
  // By the owner. Runs everything in the order in which it was put.
  void run_all();
  bool empty() const { return newest_.load(std::memory_order_acquire) == nullptr; }

 private:
  struct Letter {
    std::move_only_function<void()> action;
    Letter* older = nullptr;
  };

  // The letters, oldest first.
  Letter* take_all();

  std::atomic<Letter*> newest_ = nullptr;
};

}  // namespace fairlead::runtime
