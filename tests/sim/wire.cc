#include "sim/wire.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "runtime/wait.h"

namespace fairlead::sim {

namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool parse_number(std::string_view text, std::size_t& value, int base) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return !text.empty() && parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

Duration random_part(Random& random, Duration most) {
  return Duration(static_cast<Duration::rep>(random.below(static_cast<std::uint64_t>(most.count()) + 1)));
}

}  // namespace

std::string_view name_of(ReadEnd end) {
  constexpr std::array<std::string_view, 6> kNames{"complete", "ended", "reset", "timed out", "canceled", "malformed"};
  return kNames[static_cast<std::size_t>(end)];
}

const std::string* Head::find(std::string_view name) const {
  const auto found = std::ranges::find(fields, name, [](const auto& field) -> std::string_view { return field.first; });
  return found == fields.end() ? nullptr : &found->second;
}

int Head::count(std::string_view name) const {
  return static_cast<int>(std::ranges::count_if(fields, [&](const auto& field) { return field.first == name; }));
}

int Head::status() const {
  std::size_t status = 0;
  const bool is_response = start_line.starts_with("HTTP/1.1 ") && start_line.size() >= 13 && start_line[12] == ' ';
  return is_response && parse_number(std::string_view(start_line).substr(9, 3), status, 10) ? static_cast<int>(status)
                                                                                            : 0;
}

runtime::Task<bool> Wire::send(std::string bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const std::size_t most = std::min(bytes.size() - sent, 1 + random_.below(sending_.piece));
    const std::array<iovec, 1> piece{iovec{.iov_base = bytes.data() + sent, .iov_len = most}};
    const runtime::IoResult result = connection_.send(piece);
    if (result.would_block()) {
      const Result<void> ready = co_await with_result(connection_.writable(kNever));
      if (!ready) co_return false;
      continue;
    }
    if (!result.ok()) co_return false;
    sent += result.count;
    if (sending_.pause > Duration() && sent < bytes.size()) {
      co_await runtime::pause_until(loop(), loop().now() + random_part(random_, sending_.pause));
      if (connection_.is_canceled()) co_return false;
    }
  }
  co_return true;
}

runtime::Task<ReadEnd> Wire::receive(Deadline deadline) {
  if (reading_.pause > Duration()) {
    co_await runtime::pause_until(loop(), loop().now() + random_part(random_, reading_.pause));
  }
  while (true) {
    const Result<void> ready = co_await with_result(connection_.readable(deadline));
    if (!ready) co_return ready.error().code == ErrorCode::timed_out ? ReadEnd::timed_out : ReadEnd::canceled;
    std::string piece(reading_.piece, '\0');
    const runtime::IoResult got = connection_.receive(piece);
    if (got.would_block()) continue;
    if (!got.ok()) co_return ReadEnd::reset;
    if (got.count == 0) co_return ReadEnd::ended;
    unread_.append(piece, 0, got.count);
    co_return ReadEnd::complete;
  }
}

runtime::Task<ReadEnd> Wire::read_line(std::string& line, Deadline deadline) {
  std::size_t end = std::string::npos;
  while ((end = unread_.find("\r\n")) == std::string::npos) {
    const ReadEnd got = co_await receive(deadline);
    if (got != ReadEnd::complete) co_return got;
  }
  line = unread_.substr(0, end);
  unread_.erase(0, end + 2);
  co_return line.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos ? ReadEnd::complete
                                                                                   : ReadEnd::malformed;
}

runtime::Task<ReadEnd> Wire::read_head(Head& head, Deadline deadline) {
  head = Head();
  ReadEnd got = co_await read_line(head.start_line, deadline);
  if (got != ReadEnd::complete) co_return got;
  std::string line;
  while (true) {
    got = co_await read_line(line, deadline);
    if (got != ReadEnd::complete) co_return got;
    if (line.empty()) co_return ReadEnd::complete;
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || colon == 0 || line[colon - 1] == ' ') co_return ReadEnd::malformed;
    const std::size_t value = line.find_first_not_of(" \t", colon + 1);
    head.fields.emplace_back(lower(line.substr(0, colon)),
                             value == std::string::npos ? std::string() : line.substr(value));
  }
}

runtime::Task<ReadEnd> Wire::read_bytes(std::size_t count, std::string& into, Deadline deadline) {
  while (true) {
    const std::size_t taken = std::min(count, unread_.size());
    into.append(unread_, 0, taken);
    unread_.erase(0, taken);
    count -= taken;
    if (count == 0) co_return ReadEnd::complete;
    const ReadEnd got = co_await receive(deadline);
    if (got != ReadEnd::complete) co_return got;
  }
}

runtime::Task<ReadEnd> Wire::read_chunks(std::string& body, Deadline deadline) {
  std::string line;
  while (true) {
    ReadEnd got = co_await read_line(line, deadline);
    if (got != ReadEnd::complete) co_return got;
    std::size_t size = 0;
    if (!parse_number(line, size, 16)) co_return ReadEnd::malformed;
    if (size > 0) got = co_await read_bytes(size, body, deadline);
    if (got != ReadEnd::complete) co_return got;
    got = co_await read_line(line, deadline);
    if (got != ReadEnd::complete) co_return got;
    if (!line.empty()) co_return ReadEnd::malformed;
    if (size == 0) co_return ReadEnd::complete;
  }
}

runtime::Task<ReadEnd> Wire::read_body(const Head& head, BodyOf kind, std::string& body, Deadline deadline) {
  body.clear();
  const int lengths = head.count("content-length");
  const int codings = head.count("transfer-encoding");
  if (lengths + codings > 1) co_return ReadEnd::malformed;
  if (kind == BodyOf::bodiless_response) co_return ReadEnd::complete;
  if (codings == 1) {
    if (*head.find("transfer-encoding") != "chunked") co_return ReadEnd::malformed;
    co_return co_await read_chunks(body, deadline);
  }
  if (lengths == 1) {
    std::size_t length = 0;
    if (!parse_number(*head.find("content-length"), length, 10)) co_return ReadEnd::malformed;
    co_return co_await read_bytes(length, body, deadline);
  }
  if (kind == BodyOf::request) co_return ReadEnd::complete;
  const ReadEnd got = co_await read_to_end(deadline);
  body = std::exchange(unread_, {});
  co_return got == ReadEnd::ended ? ReadEnd::complete : got;
}

runtime::Task<ReadEnd> Wire::read_to_end(Deadline deadline) {
  while (true) {
    const ReadEnd got = co_await receive(deadline);
    if (got != ReadEnd::complete) co_return got;
  }
}

}  // namespace fairlead::sim
