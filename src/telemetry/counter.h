// Counts kept by one core and summed when someone reads them.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace fairlead::telemetry {

// One writer, any readers. A plain load and store: a locked instruction costs ten times as much.
class Counter {
 public:
  void add(std::uint64_t amount = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// A level that one core moves up and down. Summed over cores it is right even if one core's share is negative.
class Gauge {
 public:
  void add(std::int64_t amount) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

// One unit of a level, given back by its destructor. Belongs to the gauge's core.
class Counted {
 public:
  explicit Counted(Gauge& gauge) : gauge_(&gauge) { gauge.add(1); }
  Counted(Counted&& other) noexcept : gauge_(std::exchange(other.gauge_, nullptr)) {}
  Counted& operator=(Counted&&) = delete;
  ~Counted() {
    if (gauge_ != nullptr) gauge_->add(-1);
  }

 private:
  Gauge* gauge_;
};

}  // namespace fairlead::telemetry
