#include "runtime/mailbox.h"

#include <memory>
#include <utility>

namespace fairlead::runtime {

Mailbox::~Mailbox() {
  for (Letter* letter = take_all(); letter != nullptr;) {
    const std::unique_ptr<Letter> owned(std::exchange(letter, letter->older));
  }
}

bool Mailbox::put(std::move_only_function<void()> action) {
  Letter* letter = std::make_unique<Letter>(std::move(action)).release();
  Letter* older = newest_.load(std::memory_order_relaxed);
  do {
    letter->older = older;
  } while (!newest_.compare_exchange_weak(older, letter, std::memory_order_release, std::memory_order_relaxed));
  // The letter may be gone by now: only the local copy tells what was there before it.
  return older == nullptr;
}

void Mailbox::run_all() {
  for (Letter* letter = take_all(); letter != nullptr;) {
    const std::unique_ptr<Letter> owned(std::exchange(letter, letter->older));
    owned->action();
  }
}

Mailbox::Letter* Mailbox::take_all() {
  Letter* newest = newest_.exchange(nullptr, std::memory_order_acquire);
  Letter* oldest_first = nullptr;
  while (newest != nullptr) {
    Letter* older = std::exchange(newest->older, oldest_first);
    oldest_first = std::exchange(newest, older);
  }
  return oldest_first;
}

}  // namespace fairlead::runtime
