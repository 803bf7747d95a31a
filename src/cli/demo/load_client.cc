#include "cli/demo/load_client.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace fairlead::cli::demo {

LoadClient::LoadClient(runtime::EventLoop& loop, http::Workspace& workspace, double rate, std::uint64_t seed)
    : loop_(loop), workspace_(workspace), rate_(rate), random_(seed), rate_changed_(loop), tasks_(loop) {}

void LoadClient::start(const net::SocketAddress& target) {
  target_ = target;
  tasks_.start(arrivals());
}

void LoadClient::set_rate(double rate) {
  rate_ = rate;
  rate_changed_.set();
}

runtime::Task<void> LoadClient::close() {
  is_closing_ = true;
  rate_changed_.set();
  co_await tasks_.join();
  idle_.clear();
}

// Gaps between independent users follow an exponential distribution.
Duration LoadClient::next_gap() {
  const double seconds = -std::log(1 - random_.unit()) / rate_;
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

runtime::Task<void> LoadClient::arrivals() {
  TimePoint due = loop_.now() + next_gap();
  while (true) {
    const bool has_changed = (co_await with_result(rate_changed_.wait(due))).has_value();
    if (is_closing_) co_return;
    if (has_changed) {
      rate_changed_.clear();
      due = loop_.now() + next_gap();
    }
    // The loop's timers are coarser than high rates: whatever is due by now leaves now.
    for (; due <= loop_.now(); due += next_gap()) {
      requests_.add();
      tasks_.start(request(due));
    }
  }
}

runtime::Task<void> LoadClient::request(TimePoint due) {
  if (tasks_.size() > kMaxInFlight) {
    count_error("too_many_in_flight");
    co_return;
  }
  const Result<std::uint16_t> status = co_await fetch(due + kPatience).result();
  if (!status) {
    count_error(std::string(word(status.error().code)));
  } else if (*status >= 400) {
    count_error("status_" + std::to_string(*status));
  } else {
    answers_.add();
    latencies_.record(loop_.now() - due);
  }
}

runtime::Task<std::uint16_t> LoadClient::fetch(Deadline deadline) {
  std::unique_ptr<http::H1Client> used = co_await connection(deadline);
  http::BufferWriter& writer = used->begin_head("GET", "/");
  http::write_field(writer, "Host", "demo.localhost");
  co_await used->send_head({}, {});
  const http::ResponseHead* head = co_await used->read_head(http::Method::get, deadline);
  const std::uint16_t status = head->status;
  http::BodyPart part = co_await used->buffered_body();
  while (!part.is_last) part = co_await used->read_body(deadline - loop_.now());
  if (used->is_reusable()) idle_.push_back({.connection = std::move(used), .since = loop_.now()});
  co_return status;
}

runtime::Task<std::unique_ptr<http::H1Client>> LoadClient::connection(Deadline deadline) {
  while (!idle_.empty()) {
    Idle newest = std::move(idle_.back());
    idle_.pop_back();
    const bool is_fresh = loop_.now() - newest.since < kMaxIdle;
    if (is_fresh && newest.connection->is_silent()) co_return std::move(newest.connection);
  }
  const runtime::Accepted socket = loop_.connect(target_.get(), target_.size);
  if (socket.descriptor < 0) co_await runtime::fail(http::connect_error(socket.error));
  auto fresh = std::make_unique<http::H1Client>(loop_, socket.descriptor, workspace_);
  co_await fresh->connected(deadline);
  co_return std::move(fresh);
}

void LoadClient::count_error(std::string kind) {
  errors_.add();
  ++error_kinds_[std::move(kind)];
}

}  // namespace fairlead::cli::demo
