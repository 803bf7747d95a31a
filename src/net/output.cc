#include "net/output.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/slab.h"

namespace fairlead::net {

Output::~Output() { drop(); }

void Output::drop() {
  if (block_ != nullptr) runtime::Slab::release(std::exchange(block_, nullptr), block_size_);
  size_ = 0;
  pipe_.reset();
}

runtime::IoResult Output::send(Connection& connection, std::span<const iovec> pieces) {
  FAIRLEAD_ASSERT(is_empty());
  runtime::IoResult result = connection.send(pieces);
  if (result.would_block()) result = {};
  if (result.ok()) keep(pieces, result.count);
  return result;
}

runtime::IoResult Output::send(Connection& connection, PipePool::Lease pipe) {
  FAIRLEAD_ASSERT(is_empty());
  runtime::IoResult result = connection.send(*pipe);
  if (result.would_block()) result = {};
  if (pipe->size() > 0) pipe_ = std::move(pipe);
  return result;
}

void Output::keep(std::span<const iovec> pieces, std::size_t taken) {
  std::size_t total = 0;
  for (const iovec& piece : pieces) total += piece.iov_len;
  if (taken == total) return;
  size_ = total - taken;
  offset_ = 0;
  block_size_ = size_;
  block_ = static_cast<char*>(runtime::Slab::allocate(block_size_));
  char* end = block_;
  for (const iovec& piece : pieces) {
    const std::size_t skipped = std::min(taken, piece.iov_len);
    const std::size_t kept = piece.iov_len - skipped;
    taken -= skipped;
    if (kept == 0) continue;
    std::memcpy(end, static_cast<const char*>(piece.iov_base) + skipped, kept);
    end += kept;
  }
}

runtime::Task<void> Output::flush(Connection& connection, Pace pace) {
  std::size_t unsent = connection.unsent();
  Duration left = pace.patience;
  while (!is_empty()) {
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
    const runtime::IoResult result = send_rest(connection);
    if (result.would_block()) continue;
    if (!result.ok()) {
      co_await runtime::fail(
          {.code = ErrorCode::client_gone, .blame = Blame::downstream, .detail = "the connection ended while sending"});
    }
    left = std::max(pace.after(left, waited, result.count), Duration::zero());
  }
  drop();
}

runtime::IoResult Output::send_rest(Connection& connection) {
  if (pipe_ != nullptr) {
    const runtime::IoResult result = connection.send(*pipe_);
    if (pipe_->size() == 0) pipe_.reset();
    return result;
  }
  const iovec rest{.iov_base = block_ + offset_, .iov_len = size_};
  const runtime::IoResult result = connection.send({&rest, 1});
  offset_ += result.count;
  size_ -= result.count;
  return result;
}

}  // namespace fairlead::net
