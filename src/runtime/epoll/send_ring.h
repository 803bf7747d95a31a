// Many sends as one system call: a submission queue of io_uring(7).
//
// Every send is carried out, or fails, within the call that submits it: none waits, none outlives it. What waits for
// sockets to become ready stays with epoll.
#pragma once

#include <linux/io_uring.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "runtime/event_loop.h"

namespace fairlead::runtime {

// Of one thread: the one that opens it.
class SendRing {
 public:
  // Null where the kernel has no io_uring as new as 6.1, or denies it: the sysctl `kernel.io_uring_disabled`, the
  // seccomp filter of a container.
  static std::unique_ptr<SendRing> open();

  ~SendRing();
  SendRing(const SendRing&) = delete;
  SendRing& operator=(const SendRing&) = delete;

  // Gives every message to its socket without waiting, in their order, and notes the results. False where the ring
  // failed: messages from `first_unsent` on have not been sent, and the ring is of no use any more.
  bool send(std::span<Outgoing> messages, std::size_t& first_unsent);

 private:
  // Memory that is shared with the kernel.
  class Mapping {
   public:
    Mapping(int descriptor, std::size_t size, std::uint64_t what);
    ~Mapping();
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;

    bool is_valid() const { return memory_ != nullptr; }
    template <typename T>
    T* at(std::size_t offset) const {
      return reinterpret_cast<T*>(static_cast<std::byte*>(memory_) + offset);
    }

   private:
    void* memory_;
    std::size_t size_;
  };

  SendRing(int descriptor, const io_uring_params& parameters);
  bool is_valid() const { return queues_.is_valid() && entries_.is_valid(); }
  // The same for no more messages than there are entries.
  bool send_some(std::span<Outgoing> messages, std::size_t& sent);

  static constexpr unsigned kEntries = 256;

  int descriptor_;
  Mapping queues_;   // heads, tails and the results
  Mapping entries_;  // what is submitted
  io_uring_sqe* submissions_ = nullptr;
  io_uring_cqe* results_ = nullptr;
  std::uint32_t* submission_tail_ = nullptr;
  std::uint32_t* result_head_ = nullptr;
  std::uint32_t* result_tail_ = nullptr;
  std::uint32_t result_mask_ = 0;
};

}  // namespace fairlead::runtime
