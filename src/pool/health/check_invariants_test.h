// What must hold for any answer to a health check: the fuzzer looks for input that breaks it, the unit tests replay the
// corpus.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "base/assert.h"
#include "pool/health/catalog.h"
#include "pool/health/check.h"

namespace fairlead::pool::invariants {

using namespace std::chrono_literals;

inline std::unique_ptr<HealthCheck> check_of(HealthType type, std::string_view send, std::string_view body) {
  HealthOptions options;
  options.type = type;
  options.send = send;
  options.body = body;
  options.path = "/health";
  return make_health_check(options, {"127.0.0.1", 3002, ""});
}

// Evidence that people read on one line, and machines in JSON.
inline void check_words(const CheckResult& result) {
  FAIRLEAD_ASSERT(!result.reason.empty());
  FAIRLEAD_ASSERT((result.verdict == CheckVerdict::passed) == (result.reason == "ok"));
  FAIRLEAD_ASSERT(result.summary.size() < 400);
  FAIRLEAD_ASSERT(std::ranges::none_of(result.summary, [](unsigned char byte) { return byte < 0x20 || byte == 0x7f; }));
  // The rest is ASCII, whatever came.
  for (std::string_view rest = result.summary; !rest.empty();) {
    const bool is_ours = rest.starts_with("→") || rest.starts_with("…");
    FAIRLEAD_ASSERT(is_ours || static_cast<unsigned char>(rest.front()) < 0x80);
    rest.remove_prefix(is_ours ? std::string_view("→").size() : 1);
  }
}

// A verdict does not change with what comes after it; there is one when the server has closed; and one that is given
// because the time is up is the same that more waiting would not have changed.
inline void check_answer(const HealthCheck& check, std::string_view answer) {
  std::optional<CheckResult> judged;
  const std::size_t step = answer.size() / 128 + 1;
  for (std::size_t size = 0; size <= answer.size();
       size += size == answer.size() ? 1 : std::min(step, answer.size() - size)) {
    std::optional<CheckResult> now = check.judge(answer.substr(0, size), AnswerEnd::open, 1ms);
    FAIRLEAD_ASSERT(!judged || (now && now->verdict == judged->verdict && now->reason == judged->reason));
    if (now) check_words(*now);
    judged = std::move(now);
  }
  const std::optional<CheckResult> closed = check.judge(answer, AnswerEnd::closed, 1ms);
  FAIRLEAD_ASSERT(closed.has_value());
  check_words(*closed);
  FAIRLEAD_ASSERT(!judged || (closed->verdict == judged->verdict && closed->reason == judged->reason));
  const std::optional<CheckResult> late = check.judge(answer, AnswerEnd::late, 1ms);
  if (late) check_words(*late);
  FAIRLEAD_ASSERT(!judged || (late && late->verdict == judged->verdict));
  FAIRLEAD_ASSERT(judged || !late || late->verdict != CheckVerdict::passed);
}

// Bytes for bytes: it passes where the text is in the answer.
inline void check_text(HealthType type, std::string_view answer, std::string_view text) {
  const auto check = check_of(type, "PING\r\n", text);
  check_answer(*check, answer);
  const bool is_there =
      !answer.empty() && std::search(answer.begin(), answer.end(), text.begin(), text.end()) != answer.end();
  FAIRLEAD_ASSERT((check->judge(answer, AnswerEnd::closed, 1ms)->verdict == CheckVerdict::passed || text.empty()) ==
                  (is_there || text.empty()));
}

// The first line of the input is the text that is expected, the rest is the answer.
inline void check_health(std::string_view input) {
  const std::size_t end = std::min(input.find('\n'), input.size());
  const std::string_view text = input.substr(0, end);
  const std::string_view answer = input.substr(std::min(end + 1, input.size()));
  for (const HealthType type : {HealthType::tcp, HealthType::udp}) check_text(type, answer, text);
  check_answer(*check_of(HealthType::http, {}, {}), answer);
  const auto http = check_of(HealthType::http, {}, text);
  check_answer(*http, answer);
  // More is asked of the same answer: who passes with a text passes without one.
  const bool passes = http->judge(answer, AnswerEnd::closed, 1ms)->verdict == CheckVerdict::passed;
  const bool passes_without =
      check_of(HealthType::http, {}, {})->judge(answer, AnswerEnd::closed, 1ms)->verdict == CheckVerdict::passed;
  FAIRLEAD_ASSERT(!passes || passes_without);
}

}  // namespace fairlead::pool::invariants
