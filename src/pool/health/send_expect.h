// What TCP and UDP checks with `send` or `body` have in common: bytes to send, and a text that the answer must contain.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "pool/health/check.h"
#include "pool/options.h"

namespace fairlead::pool {

// Immutable, any thread. With `body` empty any answer will do.
class SendExpect {
 public:
  // `protocol` is a word for people: `TCP`.
  SendExpect(std::string_view protocol, const HealthOptions& options);

  // True where connecting is the whole check.
  bool is_empty() const { return send_.empty() && text_.empty(); }
  std::string_view send() const { return send_; }
  // As HealthCheck::judge.
  std::optional<CheckResult> judge(std::string_view received, AnswerEnd end, Duration took) const;
  // As HealthCheck::failed, of an error after the connection stood.
  CheckResult failed(const Error& error, Duration took) const;

 private:
  CheckResult verdict(CheckVerdict verdict, std::string_view reason, std::string_view found, Duration took) const;

  std::string asked_;  // `TCP "PING\r\n"`
  std::string send_;
  std::string text_;
};

// Bytes as people can read them on one line: in quotes, escaped, cut after some 40 of them.
std::string quoted_bytes(std::string_view bytes);

}  // namespace fairlead::pool
