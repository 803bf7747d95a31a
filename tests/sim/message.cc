#include "sim/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "runtime/wait.h"

namespace fairlead::sim {

namespace {

constexpr Error kEnded{.code = ErrorCode::client_gone};
constexpr Error kReset{.code = ErrorCode::reset_mid_response};
constexpr Error kMalformed{.code = ErrorCode::bad_response};

std::optional<std::size_t> parse_number(std::string_view text, int base) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

runtime::Task<std::string> read_chunks(Wire& wire) {
  std::string body;
  while (true) {
    const std::string line = co_await wire.read_line();
    const auto size = parse_number(line, 16);
    if (!size) co_await runtime::fail(kMalformed);
    if (*size == 0) break;
    body += co_await wire.read(*size);
    if (!(co_await wire.read_line()).empty()) co_await runtime::fail(kMalformed);
  }
  while (!(co_await wire.read_line()).empty()) continue;  // Trailers.
  co_return body;
}

}  // namespace

runtime::Task<void> Wire::send(std::string bytes, Pace pace) {
  runtime::EventLoop& loop = connection_.loop();
  std::string_view rest = bytes;
  while (!rest.empty()) {
    if (pace.pause > Duration()) co_await runtime::pause_until(loop, loop.now() + pace.pause);
    co_await connection_.writable(loop.now() + patience_);
    std::string piece(rest.substr(0, pace.piece));
    const iovec vector{.iov_base = piece.data(), .iov_len = piece.size()};
    const runtime::IoResult sent = connection_.send({&vector, 1});
    if (sent.would_block()) continue;
    if (!sent.ok()) co_await runtime::fail(kReset);
    rest.remove_prefix(sent.count);
  }
}

runtime::Task<void> Wire::fill(Deadline deadline) {
  runtime::EventLoop& loop = connection_.loop();
  if (read_pace_.pause > Duration()) co_await runtime::pause_until(loop, loop.now() + read_pace_.pause);
  std::string piece(read_pace_.piece, '\0');
  while (true) {
    co_await connection_.readable(deadline);
    const runtime::IoResult got = connection_.receive(piece);
    if (got.would_block()) continue;
    if (!got.ok()) co_await runtime::fail(kReset);
    if (got.count == 0) co_await runtime::fail(kEnded);
    unread_.append(piece, 0, got.count);
    co_return;
  }
}

runtime::Task<std::string> Wire::read_head(Duration patience) {
  const Deadline deadline = connection_.loop().now() + patience;
  constexpr std::string_view kEnd = "\r\n\r\n";
  while (!unread_.contains(kEnd)) co_await fill(deadline);
  std::string head = unread_.substr(0, unread_.find(kEnd) + kEnd.size());
  unread_.erase(0, head.size());
  co_return head;
}

runtime::Task<std::string> Wire::read_line() {
  while (!unread_.contains("\r\n")) co_await fill(connection_.loop().now() + patience_);
  std::string line = unread_.substr(0, unread_.find("\r\n"));
  unread_.erase(0, line.size() + 2);
  co_return line;
}

runtime::Task<std::string> Wire::read(std::size_t count) {
  while (unread_.size() < count) co_await fill(connection_.loop().now() + patience_);
  std::string bytes = unread_.substr(0, count);
  unread_.erase(0, count);
  co_return bytes;
}

runtime::Task<std::string> Wire::read_to_end() {
  while (true) {
    const Result<void> more = co_await fill(connection_.loop().now() + patience_).result();
    if (!more && more.error().code == ErrorCode::client_gone) co_return std::exchange(unread_, {});
    co_await Result<void>(more);
  }
}

runtime::Task<void> Wire::drain() {
  while (true) {
    unread_.clear();
    co_await fill(connection_.loop().now() + patience_);
  }
}

void Wire::cut() {
  connection_.reset_on_close();
  connection_.cancel();
}

std::string Head::value(const std::string& name) const {
  return fields.count(name) == 1 ? fields.find(name)->second : std::string();
}

int Head::status() const {
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  if (!first_line.starts_with(kVersion) || first_line.size() < kVersion.size() + 3) return 0;
  return static_cast<int>(parse_number(first_line.substr(kVersion.size(), 3), 10).value_or(0));
}

std::string Head::target() const {
  const std::size_t start = first_line.find(' ') + 1;
  return first_line.substr(start, first_line.find(' ', start) - start);
}

std::optional<Head> parse_head(std::string_view text) {
  Head head;
  for (bool is_first = true; text != "\r\n"; is_first = false) {
    const std::size_t end = text.find("\r\n");
    std::string line(text.substr(0, end));
    text.remove_prefix(end + 2);
    if (is_first) {
      head.first_line = std::move(line);
      continue;
    }
    const std::size_t colon = line.find(':');
    const bool has_name = colon != std::string::npos && colon > 0 && line[colon - 1] != ' ' && line[0] != ' ';
    if (!has_name || line.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) return std::nullopt;
    const std::size_t value = std::min(line.find_first_not_of(" \t", colon + 1), line.size());
    std::string name = line.substr(0, colon);
    std::ranges::transform(name, name.begin(), [](char letter) {
      return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    head.fields.emplace(std::move(name), line.substr(value));
  }
  return head;
}

runtime::Task<std::string> read_body(Wire& wire, const Head& head, bool until_close) {
  const std::size_t lengths = head.fields.count("content-length");
  const std::size_t encodings = head.fields.count("transfer-encoding");
  if (lengths + encodings > 1) co_await runtime::fail(kMalformed);
  if (encodings == 1) {
    if (head.value("transfer-encoding") != "chunked") co_await runtime::fail(kMalformed);
    co_return co_await read_chunks(wire);
  }
  if (lengths == 1) {
    const auto size = parse_number(head.value("content-length"), 10);
    if (!size) co_await runtime::fail(kMalformed);
    co_return co_await wire.read(*size);
  }
  if (until_close) co_return co_await wire.read_to_end();
  co_return std::string();
}

std::string content(int id, char side, std::size_t size) {
  std::string text;
  text.reserve(size + 32);
  for (int line = 0; text.size() < size; ++line) text += fmt::format("{}{} line {}\r\n", side, id, line);
  text.resize(size);
  return text;
}

std::string chunked(std::string_view body, std::size_t chunk, bool with_trailer) {
  std::string text;
  while (!body.empty()) {
    const std::string_view data = body.substr(0, chunk);
    text += fmt::format("{:x}\r\n{}\r\n", data.size(), data);
    body.remove_prefix(data.size());
  }
  return text + (with_trailer ? "0\r\nX-Trailer: yes\r\n\r\n" : "0\r\n\r\n");
}

}  // namespace fairlead::sim
