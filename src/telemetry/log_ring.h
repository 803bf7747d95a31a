// A byte ring between one worker and the log writer: whole lines in, in order, or not at all.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace fairlead::telemetry {

// One producer, one consumer, no locks. Producer: push(). Consumer: readable(), consume(). Counters: any thread.
class LogRing {
 public:
  // `capacity` in bytes, a power of two.
  explicit LogRing(std::size_t capacity);

  // Takes the whole line, or drops it, counts it and returns false where there is no room.
  bool push(std::string_view line);
  // Bytes that wait.
  std::size_t used() const;
  std::size_t capacity() const { return capacity_; }
  // Lines dropped so far.
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

  // All bytes that wait, oldest first; the second part is empty unless they wrap. They are whole lines if the
  // consumer has consumed whole lines.
  std::array<std::span<const char>, 2> readable() const;
  void consume(std::size_t bytes);

 private:
  std::size_t capacity_;
  std::unique_ptr<char[]> bytes_;
  alignas(64) std::atomic<std::uint64_t> tail_{0};  // written by the producer
  std::atomic<std::uint64_t> dropped_{0};
  alignas(64) std::atomic<std::uint64_t> head_{0};  // written by the consumer
};

}  // namespace fairlead::telemetry
