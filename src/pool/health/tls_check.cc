// TLS check: a server that completes a handshake is well. Its certificate is not verified; that is for the traffic.

#include <fmt/format.h>

#include <utility>

#include "net/socket_address.h"
#include "pool/health/check.h"
#include "pool/health/connect_words.h"
#include "pool/health/duration_text.h"

namespace fairlead::pool {
namespace {

// Addresses are not sent as names (RFC 6066, 3).
std::string name_to_ask_for(const HealthOptions& options, const net::Endpoint& server) {
  if (!options.host.empty()) return options.host;
  return server.is_unix() || net::numeric_address(server.host, server.port) ? std::string() : server.host;
}

class TlsCheck final : public HealthCheck {
 public:
  TlsCheck(const HealthOptions& options, net::Endpoint endpoint)
      : endpoint_(std::move(endpoint)), server_name_(name_to_ask_for(options, endpoint_)) {
    if (options.port != 0) endpoint_.port = options.port;
  }

  CheckTransport transport() const override { return CheckTransport::tls; }
  std::string_view server_name() const override { return server_name_; }
  std::string_view request() const override { return {}; }

  std::optional<CheckResult> judge(std::string_view, AnswerEnd, Duration took) const override {
    return CheckResult{.verdict = CheckVerdict::passed,
                       .reason = "ok",
                       .summary = fmt::format("TLS handshake {}", short_duration(took)),
                       .took = took};
  }

  CheckResult failed(const Error& error, Duration took) const override {
    switch (error.code) {
      case ErrorCode::bad_response:
        return verdict("tls_failed", std::string(error.detail), took);
      case ErrorCode::response_timeout:
        return verdict(word(error.code), fmt::format("not finished within {}", short_duration(took)), took);
      case ErrorCode::reset_before_response:
        return verdict(word(error.code), "connection closed", took);
      default:
        return {.reason = word(error.code), .summary = connect_words(error, endpoint_, took), .took = took};
    }
  }

 private:
  static CheckResult verdict(std::string_view reason, const std::string& found, Duration took) {
    return {.reason = reason, .summary = fmt::format("TLS handshake → {}", found), .took = took};
  }

  net::Endpoint endpoint_;
  std::string server_name_;
};

std::unique_ptr<HealthCheck> make(const HealthOptions& options, const net::Endpoint& endpoint) {
  return std::make_unique<TlsCheck>(options, endpoint);
}

}  // namespace

extern constinit const HealthCheckType tls_check{
    .type = HealthType::tls,
    .name = "tls",
    .help = "Connects and completes a TLS handshake.",
    .make = make,
};

}  // namespace fairlead::pool
