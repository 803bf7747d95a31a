// The memory that a worker uses for whatever message it is working on now: read buffer, heads, bytes to send.
//
// Nothing in here survives a wait. What an exchange needs for longer, it copies.
#pragma once

#include <cstddef>
#include <span>

#include "base/error.h"
#include "http/codec/message.h"
#include "http/codec/serializer.h"
#include "http/head_budget.h"
#include "http/send_batch.h"
#include "net/memory_share.h"
#include "net/pipe_pool.h"
#include "net/scratch.h"

namespace fairlead::http {

// What is said where `Workspace::memory` has no room.
inline constexpr Error kMemoryFull{.code = ErrorCode::memory_full, .detail = "all memory of `limits.memory` is in use"};

// One per worker.
struct Workspace {
  // The largest head that `limits.header_size` allows.
  static constexpr std::size_t kMaxHead = std::size_t{256} * 1024;
  // Reads of a body grow up to this.
  static constexpr std::size_t kMaxRead = std::size_t{256} * 1024;
  // A body up to this size is copied behind its head, so that both leave in one plain call.
  static constexpr std::size_t kSmallBody = std::size_t{4} * 1024;
  // A head with all that is added to it, and a small body.
  static constexpr std::size_t kOutputSize = kMaxHead + std::size_t{32} * 1024;

  net::Scratch scratch{kMaxHead + kMaxRead};
  RequestHead request;
  ResponseHead response;
  // Twice the room of the largest message, so that a batch has room for many small ones.
  SendBatch batch{2 * kOutputSize, kOutputSize};

  // What all connections of the worker may use.
  net::MemoryShare memory;
  HeadBudget unfinished_heads;

  // For the large rest of bodies.
  net::PipePool pipes;

  // Of the message that is being written.
  BufferWriter writer{{}};

  // For what is written and sent, or copied, before the next wait.
  std::span<char> output_space() { return batch.space(); }
};

}  // namespace fairlead::http
