// The event loop on virtual time with a network in memory: the same program, repeatable from a seed.
//
// Time jumps from one event to the next. What is sent arrives later, in pieces cut at random; a send may be taken in
// part; a connect may be refused or vanish. Nothing here touches a clock or a socket.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "runtime/event_loop.h"

namespace fairlead::runtime {

// How the simulated network behaves.
struct NetworkConditions {
  Duration min_delay = std::chrono::microseconds(50);
  Duration max_delay = std::chrono::milliseconds(2);
  std::size_t socket_buffer = 64 * 1024;  // bytes on their way or unread, per direction
  double cut = 0.3;                       // chance that a sent piece is cut in two, again and again
  double short_send = 0.1;                // chance that a send is taken in part only
  double no_pipe = 0.2;                   // chance that the system gives no pipe
  double late_news = 0.1;                 // chance that readiness is told a while after it began
};

class SimulatedLoop final : public EventLoop {
 public:
  explicit SimulatedLoop(std::uint64_t seed, NetworkConditions conditions = {});
  ~SimulatedLoop() override;

  // A listening descriptor at `address`; connects to it arrive there.
  int listen(const sockaddr* address, socklen_t length);
  // Connects to `address` are not answered at all while `on`.
  void black_hole(const sockaddr* address, socklen_t length, bool on);
  // No descriptor is left while `on`: accept and connect fail with EMFILE.
  void exhaust(bool on) { is_exhausted_ = on; }

  // Runs until nothing more can happen (no event, no timer) or virtual time reaches `until`. True when all is quiet.
  bool run_until(Deadline until);
  // Runs until so much time has passed, also where nothing happens in it.
  void run_for(Duration time);
  // Descriptors that are open: a leak shows here.
  std::size_t open_descriptors() const { return sockets_.size(); }
  Random& random() { return random_; }

  WallTime wall_now() const override;
  Accepted accept(int listener) override;
  Accepted connect(const sockaddr* address, socklen_t length) override;
  Accepted probe(int descriptor, const sockaddr* address, socklen_t length) override;
  bool end_probe(int descriptor) override;
  // This network has no datagrams: refused with EPROTONOSUPPORT.
  Accepted connect_datagrams(const sockaddr* address, socklen_t length) override;
  int connect_error(int descriptor) override;
  // Always 0.0.0.0, port 0.
  Ends ends(int descriptor) override;
  IoResult receive(int descriptor, std::span<char> into) override;
  bool has_input(int descriptor) override;
  IoResult send(int descriptor, std::span<const iovec> pieces) override;
  // Now and then there is none.
  std::unique_ptr<Pipe> open_pipe() override;
  std::size_t least_for_pipe() const override { return 1000; }
  std::size_t unsent(int descriptor) override;
  std::size_t send_room(int descriptor) override;
  void shutdown_send(int descriptor) override;
  void close(int descriptor, bool reset) override;
  // The order in which owners are told is the script's, however they want it.
  void watch(int descriptor, EventSource& source, Told told) override;
  using EventLoop::watch;
  void hand_over(int descriptor, EventSource& source) override;
  void unwatch(int descriptor) override;

 protected:
  void wait(Deadline until) override;
  void wake() override {}

 private:
  struct Socket;
  struct Event {
    TimePoint time;
    std::uint64_t order;
    // Boxed, because a priority queue hands out constant references only.
    std::shared_ptr<std::move_only_function<void()>> action;
    friend bool operator>(const Event& left, const Event& right) {
      return left.time != right.time ? left.time > right.time : left.order > right.order;
    }
  };

  Duration delay();
  void at(TimePoint time, std::move_only_function<void()> action);
  Socket* find(int descriptor);
  Socket& add_socket();
  void tell(int descriptor, Readiness readiness);
  void deliver(int from, std::string bytes);
  void deliver_end(int from, int to, bool reset);
  void arrive(int to, int from, const std::string& bytes);
  void establish(int client, const std::string& address);
  void answer_probe(int client, const std::string& address);
  void wake_blocked_sender(Socket& reader);

  Random random_;
  NetworkConditions conditions_;
  std::map<int, std::unique_ptr<Socket>> sockets_;
  std::map<std::string, int> listeners_;
  std::set<std::string> black_holes_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::uint64_t order_ = 0;
  int next_descriptor_ = 1000;
  Deadline limit_ = kNever;  // of `run_until`
  bool quiet_ = false;
  bool is_exhausted_ = false;
};

}  // namespace fairlead::runtime
