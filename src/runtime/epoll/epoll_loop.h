// The event loop on Linux: epoll, edge-triggered, with direct system calls.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <vector>

#include "runtime/epoll/backlog.h"
#include "runtime/epoll/send_ring.h"
#include "runtime/event_loop.h"

namespace fairlead::runtime {

// How many messages at once go to the kernel.
enum class Sending : std::uint8_t {
  together,   // in one call, where the kernel has io_uring
  one_by_one  // in a call for each
};

class EpollLoop final : public EventLoop {
 public:
  // Ends the process where the kernel has no descriptors left for the loop itself.
  explicit EpollLoop(Sending sending = Sending::together);
  ~EpollLoop() override;

  WallTime wall_now() const override;
  Accepted accept(int listener) override;
  Accepted connect(const sockaddr* address, socklen_t length) override;
  Accepted probe(int descriptor, const sockaddr* address, socklen_t length) override;
  bool end_probe(int descriptor) override;
  Accepted connect_datagrams(const sockaddr* address, socklen_t length) override;
  int connect_error(int descriptor) override;
  Ends ends(int descriptor) override;
  IoResult receive(int descriptor, std::span<char> into) override;
  bool has_input(int descriptor) override;
  IoResult send(int descriptor, std::span<const iovec> pieces) override;
  void send_each(std::span<Outgoing> messages) override;
  std::unique_ptr<Pipe> open_pipe() override;
  std::size_t least_for_pipe() const override { return std::size_t{256} * 1024; }
  std::size_t unsent(int descriptor) override;
  std::size_t send_room(int descriptor) override;
  void shutdown_send(int descriptor) override;
  void close(int descriptor, bool reset) override;
  void watch(int descriptor, EventSource& source, Told told) override;
  using EventLoop::watch;
  void hand_over(int descriptor, EventSource& source) override;
  void unwatch(int descriptor) override;

 protected:
  void wait(Deadline until) override;
  void wake() override;

 private:
  // Who is told about a descriptor. The generation tells an event of the present owner from one of its predecessor
  // that was collected before, in the same batch or in one whose turn has not come yet.
  struct Watched {
    EventSource* source = nullptr;
    std::uint32_t generation = 0;
    std::uint16_t untold = 0;  // events that wait for their turn; none where it is not in the backlog
    Told told = Told::at_once;
  };

  // Tells the owner, or puts it into the backlog. True where an owner was told.
  bool tell(const epoll_event& event);
  static bool waits_for_turn(const Watched& watched, std::uint32_t events);
  // Tells `most` of those in the backlog.
  void tell_backlog(std::size_t most);
  // Null where the owner that the tag means is gone.
  Watched* find(std::uint64_t tag);
  // Begins to load the owner, where it is told in this way.
  void load(std::uint64_t tag, Told told) const;

  // True when the descriptor was watched. Events of it that are already collected are dropped.
  bool forget(int descriptor);
  // Opens it at its first use, which is on the thread that uses it from then on.
  SendRing* ring();

  int epoll_;
  int wake_event_;
  std::vector<Watched> watched_;  // by descriptor
  Backlog backlog_;
  Sending sending_;
  std::unique_ptr<SendRing> ring_;
};

}  // namespace fairlead::runtime
