// HTTP check: one GET, judged by its status and, where asked for, by a text in its body.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "http/codec/body_decoder.h"
#include "http/codec/head_parser.h"
#include "pool/health/check.h"
#include "pool/health/connect_words.h"
#include "pool/health/duration_text.h"
#include "pool/health/send_expect.h"

namespace fairlead::pool {
namespace {

// A response as far as a check looks at it.
struct Answer {
  http::HeadParse::Status parsed = http::HeadParse::Status::incomplete;
  std::string_view refusal;  // what is wrong with it where it was refused
  int status = 0;
  std::string_view reason;  // the words after the status
  std::string body;         // what has come of it, decoded
  bool is_whole = false;
};

void decode_body(std::string_view bytes, http::BodyDecoder decoder, Answer& answer) {
  http::BodyStep step{.status = http::BodyStep::Status::data};
  while (step.status == http::BodyStep::Status::data) {
    step = decoder.feed(bytes);
    answer.body += step.data;
    bytes.remove_prefix(step.consumed);
  }
  answer.is_whole = decoder.is_complete() || step.status == http::BodyStep::Status::refused;
}

// How apps say that they are still starting: 503 with this word in the reason or the body.
bool says_initializing(const Answer& answer) {
  constexpr std::string_view kWord = "initializing";
  const auto contains = [&](std::string_view text) {
    return !std::ranges::search(text, kWord, [](char left, char right) { return (left | 0x20) == right; }).empty();
  };
  return answer.status == 503 && (contains(answer.reason) || contains(answer.body));
}

// The final response: interim ones (RFC 9110, 15.2) are skipped.
Answer parse_answer(std::string_view received) {
  http::ResponseHead head;
  http::HeadParse parse;
  do {
    parse = http::parse_response_head(received, http::ParseLimits{}, http::Method::get, head);
    if (parse.status != http::HeadParse::Status::complete)
      return {.parsed = parse.status, .refusal = parse.refusal.text, .body = {}};
    received.remove_prefix(parse.consumed);
  } while (head.status < 200 && head.status != 101);

  Answer answer{.parsed = parse.status, .refusal = {}, .status = head.status, .reason = head.reason, .body = {}};
  decode_body(received, http::BodyDecoder(head.framing, head.content_length), answer);
  return answer;
}

std::string build_request(const HealthOptions& options, const net::Endpoint& server) {
  const std::string own_host = server.is_unix() ? std::string("localhost") : server.text();
  std::string request =
      fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n", options.path, options.host.empty() ? own_host : options.host);
  const auto names = [](const auto& header, std::string_view name) {
    return http::equals_ignoring_case(header.first, name);
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

  std::optional<CheckResult> judge(std::string_view received, AnswerEnd end, Duration took) const override {
    const Answer answer = parse_answer(received);
    if (answer.parsed == http::HeadParse::Status::refused)
      return verdict(word(ErrorCode::bad_response), fmt::format("not valid HTTP: {}", answer.refusal), took);
    if (answer.parsed == http::HeadParse::Status::incomplete) {
      if (end != AnswerEnd::closed) return std::nullopt;
      return verdict(word(ErrorCode::reset_before_response), "closed without an answer", took);
    }
    const std::string status = fmt::format("{}", answer.status);
    if (!options_.expect.contains(answer.status)) return refusal(answer, end, took);
    if (answer.body.find(options_.body) != std::string::npos) {
      CheckResult passed = verdict("ok", fmt::format("{}, {}", status, short_duration(took)), took);
      passed.verdict = CheckVerdict::passed;
      return passed;
    }
    if (end == AnswerEnd::open && !answer.is_whole) return std::nullopt;
    return verdict("check_body", fmt::format("{} without the text {}", status, quoted_bytes(options_.body)), took);
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
  // A status that does not pass. That of a 503 may be told by its body.
  std::optional<CheckResult> refusal(const Answer& answer, AnswerEnd end, Duration took) const {
    if (says_initializing(answer)) {
      CheckResult result = verdict("initializing", "503 initializing: not ready yet", took);
      result.verdict = CheckVerdict::not_ready;
      return result;
    }
    if (answer.status == 503 && end == AnswerEnd::open && !answer.is_whole) return std::nullopt;
    return verdict("check_status", fmt::format("{}", answer.status), took);
  }
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
