#include "net/output.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

#include "net/kept_bytes.h"
#include "runtime/slab.h"

namespace fairlead::net {

namespace {

constexpr std::size_t kLeastToReceive = 1024;
constexpr std::size_t kMostOfTooMuch = std::size_t{16} * 1024;

}  // namespace

// What the kernel did not take: bytes that follow this head in the same block, or a pipe.
struct Output::Rest {
  PipePool::Lease pipe;
  std::size_t offset = 0;
  std::size_t size = 0;
  std::size_t block_size = sizeof(Rest);

  static Rest* make(std::size_t size) {
    const std::size_t block_size = sizeof(Rest) + size;
    KeptBytes::add(size);
    auto* const block = static_cast<Rest*>(runtime::Slab::allocate_bytes(block_size));
    return std::construct_at(block, Rest{.size = size, .block_size = block_size});
  }
  static void destroy(Rest* rest) {
    const std::size_t block_size = rest->block_size;
    KeptBytes::remove(block_size - sizeof(Rest));
    rest->~Rest();
    runtime::Slab::release_bytes(rest, block_size);
  }

  char* bytes() { return reinterpret_cast<char*>(this + 1); }
  std::size_t bytes_left() const { return size + (pipe == nullptr ? 0 : pipe->size()); }
  bool is_empty() const { return bytes_left() == 0; }
  runtime::IoResult send(Connection& connection) {
    if (pipe != nullptr) return connection.send(*pipe);
    const iovec left{.iov_base = bytes() + offset, .iov_len = size};
    const runtime::IoResult result = connection.send({&left, 1});
    offset += result.count;
    size -= result.count;
    return result;
  }
};

std::size_t Output::most_to_receive(const Connection& to, std::uint64_t taken) {
  if (KeptBytes::count() < KeptBytes::much()) return std::numeric_limits<std::size_t>::max();
  std::size_t most = to.send_room();
  // A kernel short of memory takes less than the room that it tells of. What the peer has taken so far is a better
  // guide, up to where the calls for each piece no longer count much.
  if (KeptBytes::count() >= 2 * KeptBytes::much())
    most = std::min({most, static_cast<std::size_t>(taken / 4), kMostOfTooMuch});
  return std::max(most, kLeastToReceive);
}

Output::~Output() { drop(); }

std::size_t Output::size() const { return rest_ == nullptr ? 0 : rest_->bytes_left(); }

void Output::drop() {
  if (rest_ != nullptr) Rest::destroy(std::exchange(rest_, nullptr));
}

runtime::IoResult Output::send(Connection& connection, std::span<const iovec> pieces) {
  FAIRLEAD_ASSERT(is_empty());
  runtime::IoResult result = connection.send(pieces);
  if (result.would_block()) result = {};
  if (result.ok()) keep(pieces, result.count);
  return result;
}

runtime::IoResult Output::keep_rest(Connection& connection, const runtime::Outgoing& message) {
  FAIRLEAD_ASSERT(is_empty());
  connection.note_sent(message.result, message.bytes.size());
  runtime::IoResult result = message.result;
  if (result.would_block()) result = {};
  const iovec piece = runtime::piece_of(message.bytes);
  if (result.ok()) keep({&piece, 1}, result.count);
  return result;
}

runtime::IoResult Output::send(Connection& connection, PipePool::Lease pipe) {
  FAIRLEAD_ASSERT(is_empty());
  runtime::IoResult result = connection.send(*pipe);
  if (result.would_block()) result = {};
  if (result.ok() && pipe->size() > 0) {
    rest_ = Rest::make(0);
    rest_->pipe = std::move(pipe);
  }
  return result;
}

void Output::keep(std::span<const iovec> pieces, std::size_t taken) {
  std::size_t total = 0;
  for (const iovec& piece : pieces) total += piece.iov_len;
  if (taken == total) return;
  rest_ = Rest::make(total - taken);
  char* end = rest_->bytes();
  for (const iovec& piece : pieces) {
    const std::size_t skipped = std::min(taken, piece.iov_len);
    const std::size_t kept = piece.iov_len - skipped;
    taken -= skipped;
    if (kept == 0) continue;
    std::memcpy(end, static_cast<const char*>(piece.iov_base) + skipped, kept);
    end += kept;
  }
}

void Output::hold(std::string_view bytes) {
  FAIRLEAD_ASSERT(is_empty());
  const iovec piece = runtime::piece_of(bytes);
  keep({&piece, 1}, 0);
}

runtime::IoResult Output::send_rest(Connection& connection) {
  const runtime::IoResult result = rest_->send(connection);
  if (rest_->is_empty()) drop();
  return result;
}

runtime::Task<Duration> Output::flush(Connection& connection, Pace pace, Duration left) {
  if (is_empty()) co_return left;
  std::size_t unsent = connection.unsent();
  while (!rest_->is_empty()) {
    const TimePoint began = connection.loop().now();
    const Result<void> ready = co_await with_result(connection.writable(deadline_after(began, left)));
    const Duration waited = connection.loop().now() - began;
    if (!ready) {
      // Room is told of in large steps. A peer that reads slowly but steadily is not one that has stopped.
      const std::size_t before = std::exchange(unsent, connection.unsent());
      left = pace.after(left, waited, before > unsent ? before - unsent : 0);
      if (ready.error().code == ErrorCode::timed_out && left > Duration::zero()) continue;
      co_await Result<void>(ready);
    }
    const runtime::IoResult result = rest_->send(connection);
    if (result.would_block()) continue;
    if (!result.ok()) {
      co_await runtime::fail(
          {.code = ErrorCode::client_gone, .blame = Blame::downstream, .detail = "the connection ended while sending"});
    }
    left = std::max(pace.after(left, waited, result.count), Duration::zero());
  }
  drop();
  co_return left;
}

}  // namespace fairlead::net
