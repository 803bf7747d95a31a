#include "net/connection.h"

#include <algorithm>
#include <utility>

namespace fairlead::net {

namespace {

constexpr Error kCanceled{.code = ErrorCode::canceled};
constexpr Error kTimedOut{.code = ErrorCode::timed_out};

std::size_t total_size(std::span<const iovec> pieces) {
  std::size_t total = 0;
  for (const iovec& piece : pieces) total += piece.iov_len;
  return total;
}

}  // namespace

Connection::Connection(runtime::EventLoop& loop, int descriptor, runtime::Told told)
    : loop_(loop), descriptor_(descriptor) {
  ++open_;
  loop_.watch(descriptor_, *this, told);
}

Connection::Connection(Connection&& other) noexcept
    : loop_(other.loop_),
      descriptor_(std::exchange(other.descriptor_, -1)),
      readable_(other.readable_),
      writable_(other.writable_),
      hung_up_(other.hung_up_),
      failed_(other.failed_),
      canceled_(other.canceled_),
      reset_on_close_(other.reset_on_close_) {
  FAIRLEAD_ASSERT(other.reader_ == nullptr && other.writer_ == nullptr && other.idle_watcher_ == nullptr);
  loop_.hand_over(descriptor_, *this);
}

Connection::~Connection() {
  FAIRLEAD_ASSERT(reader_ == nullptr && writer_ == nullptr);
  if (descriptor_ < 0) return;
  --open_;
  loop_.close(descriptor_, reset_on_close_);
}

runtime::IoResult Connection::receive(std::span<char> into) {
  const runtime::IoResult result = loop_.receive(descriptor_, into);
  // The kernel gave less than there was room for: it has no more, and will tell when it has. Unless the end is near:
  // the end itself is not told a second time.
  const bool is_drained = result.ok() ? result.count < into.size() && !hung_up_ : result.would_block();
  if (is_drained) readable_ = false;
  return result;
}

runtime::IoResult Connection::send(std::span<const iovec> pieces) {
  const runtime::IoResult result = loop_.send(descriptor_, pieces);
  note_sent(result, total_size(pieces));
  return result;
}

void Connection::note_sent(const runtime::IoResult& result, std::size_t size) {
  if (result.ok() ? result.count < size : result.would_block()) writable_ = false;
}

runtime::IoResult Connection::receive(runtime::Pipe& pipe, std::size_t most) {
  const runtime::IoResult result = pipe.fill(descriptor_, most);
  if (result.would_block()) readable_ = false;
  return result;
}

runtime::IoResult Connection::send(runtime::Pipe& pipe) {
  const runtime::IoResult result = pipe.drain(descriptor_);
  if (result.ok() ? pipe.size() > 0 : result.would_block()) writable_ = false;
  return result;
}

bool Connection::is_silent() {
  if (hung_up_ || failed_ || loop_.has_input(descriptor_)) return false;
  readable_ = false;
  return true;
}

void Connection::cancel() {
  canceled_ = true;
  interrupt();
}

void Connection::interrupt() {
  interrupt_reading();
  if (writer_ != nullptr) complete(writer_, std::unexpected(kCanceled));
}

void Connection::interrupt_reading() {
  if (reader_ != nullptr) complete(reader_, std::unexpected(kCanceled));
}

void Connection::wake_reader() {
  if (reader_ != nullptr) complete(reader_, {});
}

void Connection::watch_idle(IdleWatcher& watcher, Deadline deadline, Event event) {
  FAIRLEAD_ASSERT(reader_ == nullptr && writer_ == nullptr);
  idle_watcher_ = &watcher;
  watched_event_ = event;
  idle_deadline_ = deadline;
  arm();
}

void Connection::stop_watching_idle() {
  idle_watcher_ = nullptr;
  idle_deadline_ = kNever;
}

void Connection::start_again() {
  FAIRLEAD_ASSERT(reader_ == nullptr && writer_ == nullptr);
  readable_ = writable_ = hung_up_ = failed_ = canceled_ = false;
}

void Connection::shutdown_send() { loop_.shutdown_send(descriptor_); }

void Connection::on_ready(runtime::Readiness readiness) {
  const bool leaves = (readiness.hung_up && !hung_up_) || (readiness.failed && !failed_);
  readable_ |= readiness.readable;
  writable_ |= readiness.writable;
  hung_up_ |= readiness.hung_up;
  failed_ |= readiness.failed;
  if (readable_ && reader_ != nullptr) complete(reader_, {});
  if (writable_ && writer_ != nullptr) complete(writer_, {});
  if (leaves && hang_up_watcher_ != nullptr) std::exchange(hang_up_watcher_, nullptr)->on_hang_up();
  const bool ends_idleness = may_have_input() || (writable_ && watched_event_ == Event::input_or_room);
  if (ends_idleness && idle_watcher_ != nullptr) std::exchange(idle_watcher_, nullptr)->on_idle_ended(*this);
}

void Connection::on_timer() {
  const TimePoint now = loop_.now();
  const bool reader_is_due = reader_ != nullptr && reader_->deadline() <= now;
  const bool watcher_is_due = idle_watcher_ != nullptr && idle_deadline_ <= now;
  // Under load input may have come in time and wait for its turn to be told.
  if ((reader_is_due || watcher_is_due) && loop_.has_input(descriptor_)) readable_ = true;
  if (reader_is_due) complete(reader_, readable_ ? Result<void>() : std::unexpected(kTimedOut));
  if (writer_ != nullptr && writer_->deadline() <= now) complete(writer_, std::unexpected(kTimedOut));
  if (watcher_is_due) {
    std::exchange(idle_watcher_, nullptr)->on_idle_ended(*this);
    return;  // This may be gone.
  }
  arm();
}

void Connection::complete(Wait*& waiting, Result<void> outcome) {
  Wait* wait = std::exchange(waiting, nullptr);
  wait->set_outcome(outcome);
  loop_.post(*wait);
}

void Connection::arm() {
  Deadline earliest = idle_watcher_ != nullptr ? idle_deadline_ : kNever;
  if (reader_ != nullptr) earliest = std::min(earliest, reader_->deadline());
  if (writer_ != nullptr) earliest = std::min(earliest, writer_->deadline());
  // A timer that runs out with nobody waiting is harmless, and cheaper than cancelling it for every request.
  if (earliest != kNever) loop_.timers().set(*this, earliest);
}

Connection::Wait::~Wait() {
  if (slot() == this) slot() = nullptr;
}

bool Connection::Wait::begin() {
  const bool reads = side_ == Side::read;
  if (connection_->canceled_) {
    set_outcome(std::unexpected(kCanceled));
    return true;
  }
  if (reads ? connection_->readable_ : connection_->writable_) return true;
  if (deadline_ <= connection_->loop_.now()) {
    set_outcome(std::unexpected(kTimedOut));
    return true;
  }
  FAIRLEAD_ASSERT(slot() == nullptr);
  slot() = this;
  connection_->arm();
  return false;
}

}  // namespace fairlead::net
