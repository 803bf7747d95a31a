// TCP check: a server that accepts a connection is well; where there is something to send or to expect, one that also
// answers as it should.

#include <fmt/format.h>

#include <utility>

#include "pool/health/check.h"
#include "pool/health/connect_words.h"
#include "pool/health/duration_text.h"
#include "pool/health/send_expect.h"

namespace fairlead::pool {
namespace {

class TcpCheck final : public HealthCheck {
 public:
  TcpCheck(const HealthOptions& options, net::Endpoint endpoint)
      : endpoint_(std::move(endpoint)), exchange_("TCP", options) {
    if (options.port != 0) endpoint_.port = options.port;
  }

  std::string_view request() const override { return exchange_.send(); }

  bool only_connects() const override { return exchange_.is_empty(); }

  std::optional<CheckResult> judge(std::string_view received, AnswerEnd end, Duration took) const override {
    if (!exchange_.is_empty()) return exchange_.judge(received, end, took);
    return CheckResult{.verdict = CheckVerdict::passed,
                       .reason = "ok",
                       .summary = fmt::format("TCP check {}", short_duration(took)),
                       .took = took};
  }

  CheckResult failed(const Error& error, Duration took) const override {
    if (error.code == ErrorCode::response_timeout || error.code == ErrorCode::reset_before_response)
      return exchange_.failed(error, took);
    return {.reason = word(error.code), .summary = connect_words(error, endpoint_, took), .took = took};
  }

 private:
  net::Endpoint endpoint_;
  SendExpect exchange_;
};

std::unique_ptr<HealthCheck> make(const HealthOptions& options, const net::Endpoint& endpoint) {
  return std::make_unique<TcpCheck>(options, endpoint);
}

}  // namespace

extern constinit const HealthCheckType tcp_check{
    .type = HealthType::tcp,
    .name = "tcp",
    .help = "Connects to the server's port; with `send` or `body`, also speaks to it.",
    .make = make,
};

}  // namespace fairlead::pool
