#include "runtime/epoll/send_ring.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <numeric>

namespace fairlead::runtime {

namespace {

std::size_t size_of_queues(const io_uring_params& parameters) {
  const std::size_t submissions = parameters.sq_off.array + parameters.sq_entries * sizeof(std::uint32_t);
  const std::size_t results = parameters.cq_off.cqes + parameters.cq_entries * sizeof(io_uring_cqe);
  return std::max(submissions, results);
}

IoResult result_of(std::int32_t code) {
  if (code < 0) return {.error = -code};
  return {.count = static_cast<std::size_t>(code)};
}

}  // namespace

SendRing::Mapping::Mapping(int descriptor, std::size_t size, std::uint64_t what) : size_(size) {
  void* const memory =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, descriptor, static_cast<off_t>(what));
  memory_ = memory == MAP_FAILED ? nullptr : memory;
}

SendRing::Mapping::~Mapping() {
  if (memory_ != nullptr) ::munmap(memory_, size_);
}

std::unique_ptr<SendRing> SendRing::open() {
  io_uring_params parameters{};
  // Work of the kernel's that is left for later is done in our calls only, never in between.
  parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL;
  const auto descriptor = static_cast<int>(::syscall(SYS_io_uring_setup, kEntries, &parameters));
  if (descriptor < 0) return nullptr;
  std::unique_ptr<SendRing> ring(new SendRing(descriptor, parameters));
  return ring->is_valid() ? std::move(ring) : nullptr;
}

SendRing::SendRing(int descriptor, const io_uring_params& parameters)
    : descriptor_(descriptor),
      queues_(descriptor, size_of_queues(parameters), IORING_OFF_SQ_RING),
      entries_(descriptor, parameters.sq_entries * sizeof(io_uring_sqe), IORING_OFF_SQES) {
  if (!is_valid()) return;
  submissions_ = entries_.at<io_uring_sqe>(0);
  results_ = queues_.at<io_uring_cqe>(parameters.cq_off.cqes);
  submission_tail_ = queues_.at<std::uint32_t>(parameters.sq_off.tail);
  result_head_ = queues_.at<std::uint32_t>(parameters.cq_off.head);
  result_tail_ = queues_.at<std::uint32_t>(parameters.cq_off.tail);
  result_mask_ = *queues_.at<std::uint32_t>(parameters.cq_off.ring_mask);
  // The queue goes through an index of entries, which may stay as it is: the entry of each place is the one beside it.
  auto* const index = queues_.at<std::uint32_t>(parameters.sq_off.array);
  std::iota(index, index + parameters.sq_entries, 0U);
}

SendRing::~SendRing() { ::close(descriptor_); }

bool SendRing::send(std::span<Outgoing> messages, std::size_t& first_unsent) {
  first_unsent = 0;
  while (first_unsent < messages.size()) {
    const std::span<Outgoing> rest = messages.subspan(first_unsent);
    std::size_t sent = 0;
    const bool is_fine = send_some(rest.first(std::min<std::size_t>(rest.size(), kEntries)), sent);
    first_unsent += sent;
    if (!is_fine) return false;
  }
  return true;
}

bool SendRing::send_some(std::span<Outgoing> messages, std::size_t& sent) {
  // Nobody else writes the tail of the one queue and the head of the other.
  std::atomic_ref submission_tail(*submission_tail_);
  std::atomic_ref result_head(*result_head_);
  const std::uint32_t first = submission_tail.load(std::memory_order_relaxed);
  const auto count = static_cast<std::uint32_t>(messages.size());
  for (std::uint32_t number = 0; number < count; ++number) {
    const Outgoing& message = messages[number];
    io_uring_sqe& entry = submissions_[(first + number) % kEntries];
    entry = {};
    entry.opcode = IORING_OP_SEND;
    entry.fd = message.descriptor;
    entry.addr = reinterpret_cast<std::uintptr_t>(message.bytes.data());
    entry.len = static_cast<std::uint32_t>(message.bytes.size());
    entry.msg_flags = MSG_NOSIGNAL | MSG_DONTWAIT;
    entry.user_data = number;
  }
  submission_tail.store(first + count, std::memory_order_release);
  // Returns at once, since nothing waits: with as many results as were submitted.
  const long submitted =
      ::syscall(SYS_io_uring_enter, descriptor_, count, count, IORING_ENTER_GETEVENTS, nullptr, std::size_t{0});
  const std::uint32_t head = result_head.load(std::memory_order_relaxed);
  const std::uint32_t ready = std::atomic_ref(*result_tail_).load(std::memory_order_acquire) - head;
  for (std::uint32_t number = 0; number < ready; ++number) {
    const io_uring_cqe& result = results_[(head + number) & result_mask_];
    messages[result.user_data].result = result_of(result.res);
  }
  result_head.store(head + ready, std::memory_order_release);
  // Taken in their order: what has no result was not looked at.
  sent = ready;
  return submitted == static_cast<long>(count) && ready == count;
}

}  // namespace fairlead::runtime
