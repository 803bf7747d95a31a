// The memory of all request bodies that are kept to be sent again, of all workers together.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/units.h"

namespace fairlead::proxy {

// Any thread. Touched only by requests whose bodies are kept, and not to the byte: what a request has just received is
// kept even where it goes beyond the limit, and nothing more is.
class BodyBudget {
 public:
  static constexpr std::uint64_t kUsualLimit = std::uint64_t{256} * 1024 * 1024;

  bool is_spent() const { return kept_.load(std::memory_order_relaxed) >= limit_.load(std::memory_order_relaxed); }
  void take(std::size_t bytes) { kept_.fetch_add(bytes, std::memory_order_relaxed); }
  void give_back(std::size_t bytes) { kept_.fetch_sub(bytes, std::memory_order_relaxed); }

  ByteCount kept() const { return {kept_.load(std::memory_order_relaxed)}; }
  ByteCount limit() const { return {limit_.load(std::memory_order_relaxed)}; }
  // What is kept stays, whatever the limit.
  void set_limit(ByteCount limit) { limit_.store(limit.bytes, std::memory_order_relaxed); }

  // Bodies that were passed on unkept because there was no room for them.
  void count_refusal() { refused_.fetch_add(1, std::memory_order_relaxed); }
  std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> kept_{0};
  std::atomic<std::uint64_t> limit_{kUsualLimit};
  std::atomic<std::uint64_t> refused_{0};
};

}  // namespace fairlead::proxy
