#include "pool/health/health_checker.h"

#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "http/h1_client.h"

namespace fairlead::pool {

namespace {

constexpr Error kReset{.code = ErrorCode::reset_before_response, .blame = Blame::upstream};

// A datagram that nobody takes shows only once we wait for the answer.
Error receive_error(int error) { return error == ECONNREFUSED ? http::connect_error(error) : kReset; }

runtime::Task<void> send_all(net::Connection& connection, std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    co_await connection.writable(deadline);
    const iovec piece = runtime::piece_of(bytes);
    const runtime::IoResult sent = connection.send({&piece, 1});
    if (sent.would_block()) continue;
    if (!sent.ok()) co_await runtime::fail(kReset);
    bytes.remove_prefix(sent.count);
  }
}

}  // namespace

runtime::Task<CheckOutcome> HealthChecker::run(const HealthCheck& check, net::SocketAddress address, Duration timeout) {
  const TimePoint began = tools_.loop.now();
  is_connected_ = false;
  const bool is_probe = check.only_connects() && net::ConnectProbes::can_reach(address);
  const Deadline deadline = deadline_after(began, timeout);
  Result<CheckResult> result =
      co_await (is_probe ? probe(check, address, deadline) : ask(check, address, deadline)).result();
  connection_ = nullptr;
  if (result) co_return CheckOutcome{.result = *std::move(result), .was_connected = true};
  Error error = result.error();
  if (error.code == ErrorCode::canceled) co_await runtime::fail(error);
  // We could not ask: that says nothing of the server.
  if (error.code == ErrorCode::out_of_resources) {
    co_return CheckOutcome{.result = {.verdict = CheckVerdict::slow,
                                      .reason = word(error.code),
                                      .summary = std::string(error.detail),
                                      .took = tools_.loop.now() - began}};
  }
  const bool timed_out = error.code == ErrorCode::timed_out;
  if (timed_out) error.code = is_connected_ ? ErrorCode::response_timeout : ErrorCode::connect_timeout;
  co_return CheckOutcome{
      .result = check.failed(error, tools_.loop.now() - began), .timed_out = timed_out, .was_connected = is_connected_};
}

runtime::Task<CheckResult> HealthChecker::probe(const HealthCheck& check, const net::SocketAddress& address,
                                                Deadline deadline) {
  const TimePoint began = tools_.loop.now();
  net::ConnectProbes::Begun begun = tools_.probes.begin(address);
  if (begun.connection == nullptr) co_await runtime::fail(http::connect_error(begun.error));
  connection_ = begun.connection.get();
  co_await connection_->writable(deadline);
  if (connection_->is_lost()) {
    const int error = tools_.loop.connect_error(connection_->descriptor());
    // Without an error of its own it is the loop that had no room to watch it.
    co_await runtime::fail(http::connect_error(error != 0 ? error : ENOBUFS));
  }
  connection_ = nullptr;
  tools_.probes.end(std::move(begun.connection), address);
  co_return *check.judge({}, AnswerEnd::open, tools_.loop.now() - began);
}

runtime::Task<CheckResult> HealthChecker::ask(const HealthCheck& check, const net::SocketAddress& address,
                                              Deadline deadline) {
  const TimePoint began = tools_.loop.now();
  const runtime::Accepted socket = check.transport() == CheckTransport::datagrams
                                       ? tools_.loop.connect_datagrams(address.get(), address.size)
                                       : tools_.loop.connect(address.get(), address.size);
  if (socket.descriptor < 0) co_await runtime::fail(http::connect_error(socket.error));
  net::Connection connection(tools_.loop, socket.descriptor);
  connection_ = &connection;
  co_await connection.writable(deadline);
  if (const int error = tools_.loop.connect_error(socket.descriptor); error != 0) {
    co_await runtime::fail(http::connect_error(error));
  }
  is_connected_ = true;
  if (check.transport() == CheckTransport::tls)
    co_await shake_hands(connection, std::string(check.server_name()), deadline);
  co_await send_all(connection, check.request(), deadline);

  std::string received;
  AnswerEnd end = AnswerEnd::open;
  while (true) {
    if (std::optional<CheckResult> verdict = check.judge(received, end, tools_.loop.now() - began)) {
      co_return std::move(*verdict);
    }
    if (end == AnswerEnd::late) co_await runtime::fail({.code = ErrorCode::timed_out});
    const Result<void> readable = co_await with_result(connection.readable(deadline));
    if (!readable && readable.error().code == ErrorCode::timed_out) {
      end = AnswerEnd::late;
      continue;
    }
    co_await Result<void>(readable);
    const runtime::IoResult got = connection.receive(tools_.piece);
    if (got.would_block()) continue;
    if (!got.ok()) co_await runtime::fail(receive_error(got.error));
    received.append(tools_.piece.data(), got.count);
    if (got.count == 0 || received.size() >= HealthCheck::kMaxResponse) end = AnswerEnd::closed;
  }
}

runtime::Task<void> HealthChecker::shake_hands(net::Connection& connection, std::string server_name,
                                               Deadline deadline) {
  net::TlsHandshake handshake(tools_.tls, server_name);
  std::size_t received = 0;
  while (true) {
    const auto state = handshake.advance({tools_.piece.data(), received});
    // Also the reason for a failure, or the farewell.
    co_await send_all(connection, handshake.take_output(), deadline);
    if (state == net::TlsHandshake::State::done) co_return;
    if (state == net::TlsHandshake::State::failed) {
      co_await runtime::fail(
          {.code = ErrorCode::bad_response, .blame = Blame::upstream, .detail = handshake.failure()});
    }
    runtime::IoResult got;
    do {
      co_await connection.readable(deadline);
      got = connection.receive(tools_.piece);
    } while (got.would_block());
    if (!got.ok() || got.count == 0) co_await runtime::fail(kReset);
    received = got.count;
  }
}

void HealthChecker::cancel() {
  if (connection_ != nullptr) connection_->cancel();
}

}  // namespace fairlead::pool
