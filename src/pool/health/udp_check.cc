// UDP check: sends one datagram and waits for an answer, since a port that takes datagrams in silence shows nothing.

#include <utility>

#include "pool/health/check.h"
#include "pool/health/connect_words.h"
#include "pool/health/send_expect.h"

namespace fairlead::pool {
namespace {

class UdpCheck final : public HealthCheck {
 public:
  UdpCheck(const HealthOptions& options, net::Endpoint endpoint)
      : endpoint_(std::move(endpoint)), exchange_("UDP", options) {
    if (options.port != 0) endpoint_.port = options.port;
  }

  CheckTransport transport() const override { return CheckTransport::datagrams; }
  std::string_view request() const override { return exchange_.send(); }

  std::optional<CheckResult> judge(std::string_view received, AnswerEnd end, Duration took) const override {
    return exchange_.judge(received, end, took);
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
  return std::make_unique<UdpCheck>(options, endpoint);
}

}  // namespace

extern constinit const HealthCheckType udp_check{
    .type = HealthType::udp,
    .name = "udp",
    .help = "Sends a datagram and waits for the answer.",
    .make = make,
};

}  // namespace fairlead::pool
