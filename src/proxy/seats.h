// The connections that a listener may have open, counted over all workers and reloads.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include "net/ip_range.h"
#include "proxy/client_table.h"

namespace fairlead::proxy {

// A number that may be taken up to a limit, exactly. Any thread.
class Seating {
 public:
  static constexpr std::uint32_t kUnlimited = std::numeric_limits<std::uint32_t>::max();

  bool take() {
    const std::uint32_t taken = taken_.fetch_add(1, std::memory_order_relaxed);
    if (taken < limit_.load(std::memory_order_relaxed)) return true;
    give_back();
    return false;
  }
  void give_back() { taken_.fetch_sub(1, std::memory_order_relaxed); }

  std::uint32_t taken() const { return taken_.load(std::memory_order_relaxed); }
  std::uint32_t limit() const { return limit_.load(std::memory_order_relaxed); }
  // Those that are taken stay, whatever the limit.
  void set_limit(std::uint32_t limit) { limit_.store(limit, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint32_t> taken_{0};
  std::atomic<std::uint32_t> limit_{kUnlimited};
};

// What a limit has cost clients so far. Touched only when that happens, so all workers share one.
struct SeatCounters {
  std::atomic<std::uint64_t> shed{0};             // idle connections closed for new ones
  std::atomic<std::uint64_t> refused{0};          // new ones, with every seat taken
  std::atomic<std::uint64_t> refused_clients{0};  // new ones of a client that has its share
  std::atomic<std::uint64_t> exhausted{0};        // times that the system had no descriptor or memory for one
  std::atomic<std::uint64_t> too_slow{0};         // connections cut below `min_rate`
  std::atomic<std::uint64_t> kept_heads{0};       // heads refused, with `limits.kept_heads` used up
  std::atomic<std::uint64_t> memory{0};           // shed or refused, with `limits.memory` used up
  std::atomic<std::uint64_t> pipelined{0};        // connections closed with `pipelined` requests in a row
};

// What the connections of one listener have in common over all workers. Outlives them.
class ListenerSeats {
 public:
  // Of all listeners together; outlives this.
  explicit ListenerSeats(Seating& process) : process_(process) {}

  Seating& own() { return own_; }
  const Seating& own() const { return own_; }
  const Seating& process() const { return process_; }
  SeatCounters& counters() { return counters_; }
  const SeatCounters& counters() const { return counters_; }

 private:
  friend class Seat;

  Seating& process_;
  Seating own_;
  SeatCounters counters_;
};

// How many connections one client may have; the table counts them.
struct ClientLimit {
  std::shared_ptr<ClientTable> table;
  std::uint32_t most = 0;
};

// The right to one connection, given back when it is destroyed.
class Seat {
 public:
  Seat() = default;
  // Empty where all are taken.
  static Seat take(ListenerSeats& seats);
  Seat(Seat&& other) noexcept
      : seats_(std::exchange(other.seats_, nullptr)), client_(std::exchange(other.client_, nullptr)) {}
  Seat& operator=(Seat&&) = delete;
  ~Seat() { give_back(); }

  explicit operator bool() const { return seats_ != nullptr; }
  // Counts it for `client` too. False, and not counted, where that client has its share.
  bool count_for(const net::IpAddress& client, const ClientLimit& limit);
  // Before its connection has ended.
  void give_back();

 private:
  ListenerSeats* seats_ = nullptr;
  ClientTable::Counter* client_ = nullptr;
};

}  // namespace fairlead::proxy
