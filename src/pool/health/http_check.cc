// HTTP check: one GET, judged by its status and, where asked for, by a text in its body.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "pool/health/check.h"
#include "pool/health/connect_words.h"
#include "pool/health/duration_text.h"

namespace fairlead::pool {
namespace {

// A response as far as a check looks at it.
struct Answer {
  enum class Status : std::uint8_t { incomplete, complete, malformed } parsed = Status::incomplete;
  int status = 0;
  std::string_view body;  // what has come of it, still in its transfer coding
};

constexpr Answer kMalformed{.parsed = Answer::Status::malformed, .status = 0, .body = {}};

// Reads one head from the start of `bytes` (RFC 9112, 4). Only the status line is looked at.
Answer parse_head(std::string_view bytes) {
  constexpr std::string_view kVersion = "HTTP/1.";
  const std::size_t known = std::min(bytes.size(), kVersion.size());
  if (bytes.substr(0, known) != kVersion.substr(0, known)) return kMalformed;
  const std::size_t line_end = bytes.find("\r\n");
  const std::size_t head_end = bytes.find("\r\n\r\n");
  if (line_end == std::string_view::npos) return {};

  constexpr std::size_t kStatusAt = kVersion.size() + 2;
  const std::string_view line = bytes.substr(0, line_end);
  int status = 0;
  if (line.size() < kStatusAt + 3 || line[kStatusAt - 1] != ' ') return kMalformed;
  const char* const digits = line.data() + kStatusAt;
  const auto [end, error] = std::from_chars(digits, digits + 3, status);
  if (error != std::errc{} || end != digits + 3 || status < 100) return kMalformed;
  if (line.size() > kStatusAt + 3 && line[kStatusAt + 3] != ' ') return kMalformed;
  if (head_end == std::string_view::npos) return {};
  return {.parsed = Answer::Status::complete, .status = status, .body = bytes.substr(head_end + 4)};
}

// The final response: interim ones (RFC 9110, 15.2) are skipped.
Answer parse_answer(std::string_view received) {
  Answer answer = parse_head(received);
  while (answer.parsed == Answer::Status::complete && answer.status < 200 && answer.status != 101)
    answer = parse_head(answer.body);
  return answer;
}

std::string build_request(const HealthOptions& options, const net::Endpoint& server) {
  const std::string own_host = server.is_unix() ? std::string("localhost") : server.text();
  std::string request =
      fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n", options.path, options.host.empty() ? own_host : options.host);
  const auto names = [](const auto& header, std::string_view name) {
    return std::ranges::equal(header.first, name, [](char left, char right) { return (left | 0x20) == right; });
  };
  const auto sets = [&](std::string_view name) {
    return std::ranges::any_of(options.headers, [&](const auto& header) { return names(header, name); });
  };
  if (!sets("user-agent")) request += "User-Agent: fairlead-check\r\n";
  if (!sets("accept")) request += "Accept: */*\r\n";
  for (const auto& header : options.headers) {
    if (!names(header, "connection")) request += fmt::format("{}: {}\r\n", header.first, header.second);
  }
  return request + "Connection: close\r\n\r\n";
}

class HttpCheck final : public HealthCheck {
 public:
  HttpCheck(const HealthOptions& options, const net::Endpoint& server)
      : options_(options), server_(server), request_(build_request(options, server)) {
    if (options_.port != 0) server_.port = options_.port;
  }

  std::string_view request() const override { return request_; }

  std::optional<CheckResult> judge(std::string_view received, bool ended, Duration took) const override {
    const Answer answer = parse_answer(received);
    if (answer.parsed == Answer::Status::malformed) return verdict("bad_response", "an answer that is not HTTP", took);
    if (answer.parsed == Answer::Status::incomplete) {
      if (!ended) return std::nullopt;
      return verdict(word(ErrorCode::reset_before_response), "closed without an answer", took);
    }
    const std::string status = fmt::format("{}", answer.status);
    if (!options_.expect.contains(answer.status)) return verdict("check_status", status, took);
    if (answer.body.find(options_.body) != std::string_view::npos) {
      CheckResult passed = verdict("ok", fmt::format("{}, {}", status, short_duration(took)), took);
      passed.verdict = CheckVerdict::passed;
      return passed;
    }
    if (!ended) return std::nullopt;
    return verdict("check_body", fmt::format("{} without the text \"{}\"", status, options_.body), took);
  }

  CheckResult failed(const Error& error, Duration took) const override {
    switch (error.code) {
      case ErrorCode::response_timeout:
        return verdict(word(error.code), fmt::format("no answer within {}", short_duration(took)), took);
      case ErrorCode::reset_before_response:
      case ErrorCode::reset_mid_response:
        return verdict(word(error.code), "connection reset", took);
      default:
        return {.reason = word(error.code), .summary = connect_words(error, server_, took), .took = took};
    }
  }

 private:
  CheckResult verdict(std::string_view reason, std::string_view found, Duration took) const {
    return {.reason = reason, .summary = fmt::format("GET {} → {}", options_.path, found), .took = took};
  }

  HealthOptions options_;
  net::Endpoint server_;
  std::string request_;
};

std::unique_ptr<HealthCheck> make(const HealthOptions& options, const net::Endpoint& server) {
  return std::make_unique<HttpCheck>(options, server);
}

}  // namespace

extern constinit const HealthCheckType http_check{
    .type = HealthType::http,
    .name = "http",
    .help = "Gets a page and looks at its status, and at its body where `body` is set.",
    .make = make,
};

}  // namespace fairlead::pool
