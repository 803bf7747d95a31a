#include "pool/health/send_expect.h"

#include <fmt/format.h>

#include "pool/health/duration_text.h"

namespace fairlead::pool {

SendExpect::SendExpect(std::string_view protocol, const HealthOptions& options)
    : asked_(options.send.empty() ? fmt::format("{} check", protocol)
                                  : fmt::format("{} {}", protocol, quoted_bytes(options.send))),
      send_(options.send),
      text_(options.body) {}

std::optional<CheckResult> SendExpect::judge(std::string_view received, AnswerEnd end, Duration took) const {
  const bool is_answer = !received.empty() && received.find(text_) != std::string_view::npos;
  if (is_answer) {
    return verdict(CheckVerdict::passed, "ok", fmt::format("{}, {}", quoted_bytes(received), short_duration(took)),
                   took);
  }
  if (end == AnswerEnd::open) return std::nullopt;
  if (!received.empty()) {
    return verdict(CheckVerdict::failed, "check_body",
                   fmt::format("{} without the text {}", quoted_bytes(received), quoted_bytes(text_)), took);
  }
  // Nothing came at all: a timeout, of which others make what they will.
  if (end == AnswerEnd::late) return std::nullopt;
  return verdict(CheckVerdict::failed, word(ErrorCode::reset_before_response), "closed without an answer", took);
}

CheckResult SendExpect::failed(const Error& error, Duration took) const {
  const std::string found = error.code == ErrorCode::response_timeout
                                ? fmt::format("no answer within {}", short_duration(took))
                                : std::string("connection reset");
  return verdict(CheckVerdict::failed, word(error.code), found, took);
}

CheckResult SendExpect::verdict(CheckVerdict verdict, std::string_view reason, std::string_view found,
                                Duration took) const {
  return {.verdict = verdict, .reason = reason, .summary = fmt::format("{} → {}", asked_, found), .took = took};
}

std::string quoted_bytes(std::string_view bytes) {
  constexpr std::size_t kShown = 40;
  std::string text = "\"";
  for (const char letter : bytes.substr(0, kShown)) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '\r')
      text += "\\r";
    else if (letter == '\n')
      text += "\\n";
    else if (byte < 0x20 || byte >= 0x7F)
      text += fmt::format("\\x{:02x}", byte);
    else if (letter == '"' || letter == '\\')
      text += {'\\', letter};
    else
      text += letter;
  }
  return text + (bytes.size() > kShown ? "…\"" : "\"");
}

}  // namespace fairlead::pool
