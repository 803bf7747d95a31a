// TCP check: a server that accepts a connection is well. Says nothing of the app behind it.

#include <fmt/format.h>

#include <utility>

#include "pool/health/check.h"
#include "pool/health/connect_words.h"
#include "pool/health/duration_text.h"

namespace fairlead::pool {
namespace {

class TcpCheck final : public HealthCheck {
 public:
  TcpCheck(const HealthOptions& options, net::Endpoint endpoint) : endpoint_(std::move(endpoint)) {
    if (options.port != 0) endpoint_.port = options.port;
  }

  std::string_view request() const override { return {}; }

  std::optional<CheckResult> judge(std::string_view, bool, Duration took) const override {
    return CheckResult{.verdict = CheckVerdict::passed,
                       .reason = "ok",
                       .summary = fmt::format("TCP check {}", short_duration(took)),
                       .took = took};
  }

  CheckResult failed(const Error& error, Duration took) const override {
    return {.reason = word(error.code), .summary = connect_words(error, endpoint_, took), .took = took};
  }

 private:
  net::Endpoint endpoint_;
};

std::unique_ptr<HealthCheck> make(const HealthOptions& options, const net::Endpoint& endpoint) {
  return std::make_unique<TcpCheck>(options, endpoint);
}

}  // namespace

extern constinit const HealthCheckType tcp_check{
    .type = HealthType::tcp,
    .name = "tcp",
    .help = "Connects to the server's port.",
    .make = make,
};

}  // namespace fairlead::pool
