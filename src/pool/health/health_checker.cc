#include "pool/health/health_checker.h"

#include <array>
#include <optional>
#include <string>

#include "http/h1_client.h"

namespace fairlead::pool {

namespace {

constexpr Error kReset{.code = ErrorCode::reset_before_response, .blame = Blame::upstream};

runtime::Task<void> send_all(net::Connection& connection, std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    co_await connection.writable(deadline);
    // The kernel only reads what it is given to send; its interface predates const.
    const iovec piece{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
    const runtime::IoResult sent = connection.send({&piece, 1});
    if (sent.would_block()) continue;
    if (!sent.ok()) co_await runtime::fail(kReset);
    bytes.remove_prefix(sent.count);
  }
}

}  // namespace

runtime::Task<CheckOutcome> HealthChecker::run(const HealthCheck& check, net::SocketAddress address, Duration timeout) {
  const TimePoint began = loop_.now();
  is_connected_ = false;
  const Result<CheckResult> result = co_await ask(check, address, deadline_after(began, timeout)).result();
  connection_ = nullptr;
  if (result) co_return CheckOutcome{*result};
  Error error = result.error();
  if (error.code == ErrorCode::canceled) co_await runtime::fail(error);
  // We could not ask: that says nothing of the server.
  if (error.code == ErrorCode::out_of_resources) {
    co_return CheckOutcome{{.verdict = CheckVerdict::slow,
                            .reason = word(error.code),
                            .summary = std::string(error.detail),
                            .took = loop_.now() - began}};
  }
  const bool timed_out = error.code == ErrorCode::timed_out;
  if (timed_out) error.code = is_connected_ ? ErrorCode::response_timeout : ErrorCode::connect_timeout;
  co_return CheckOutcome{check.failed(error, loop_.now() - began), timed_out};
}

runtime::Task<CheckResult> HealthChecker::ask(const HealthCheck& check, net::SocketAddress address, Deadline deadline) {
  const TimePoint began = loop_.now();
  if (is_canceled_) co_await runtime::fail({.code = ErrorCode::canceled});
  const runtime::Accepted socket = loop_.connect(address.get(), address.size);
  if (socket.descriptor < 0) co_await runtime::fail(http::connect_error(socket.error));
  net::Connection connection(loop_, socket.descriptor);
  connection_ = &connection;
  co_await connection.writable(deadline);
  if (const int error = loop_.connect_error(socket.descriptor); error != 0) {
    co_await runtime::fail(http::connect_error(error));
  }
  is_connected_ = true;
  co_await send_all(connection, check.request(), deadline);

  std::string received;
  std::array<char, 4096> piece;
  bool ended = false;
  while (true) {
    if (std::optional<CheckResult> verdict = check.judge(received, ended, loop_.now() - began)) {
      co_return std::move(*verdict);
    }
    co_await connection.readable(deadline);
    const runtime::IoResult got = connection.receive(piece);
    if (got.would_block()) continue;
    if (!got.ok()) co_await runtime::fail(kReset);
    received.append(piece.data(), got.count);
    ended = got.count == 0 || received.size() >= HealthCheck::kMaxResponse;
  }
}

void HealthChecker::cancel() {
  is_canceled_ = true;
  if (connection_ != nullptr) connection_->cancel();
}

}  // namespace fairlead::pool
