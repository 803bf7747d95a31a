#include "pool/preface.h"

#include <utility>

#include "net/proxy_protocol.h"
#include "pool/health/catalog.h"

namespace fairlead::pool {

namespace {

std::string header_for(SendProxy version, const std::optional<net::ConnectionEnds>& ends) {
  return net::write_proxy_header(version == SendProxy::v1 ? net::ProxyVersion::v1 : net::ProxyVersion::v2, ends);
}

// Another check behind a preface.
class PrefacedCheck final : public HealthCheck {
 public:
  PrefacedCheck(std::string preface, std::unique_ptr<HealthCheck> check)
      : check_(std::move(check)), request_(std::move(preface) + std::string(check_->request())) {}

  std::string_view request() const override { return request_; }
  std::optional<CheckResult> judge(std::string_view received, AnswerEnd end, Duration took) const override {
    return check_->judge(received, end, took);
  }
  CheckResult failed(const Error& error, Duration took) const override { return check_->failed(error, took); }

 private:
  std::unique_ptr<HealthCheck> check_;
  std::string request_;
};

}  // namespace

std::string preface_for(const PoolOptions& options, const http::ServerStream& client) {
  return options.proxy_protocol == SendProxy::off ? std::string() : header_for(options.proxy_protocol, client.ends());
}

std::unique_ptr<HealthCheck> make_check_with_preface(const PoolOptions& options, const net::Endpoint& endpoint) {
  std::unique_ptr<HealthCheck> check = make_health_check(options.health, endpoint);
  const bool has_preface = options.proxy_protocol != SendProxy::off && options.health.port == 0 &&
                           check->transport() == CheckTransport::stream;
  if (!has_preface) return check;
  return std::make_unique<PrefacedCheck>(header_for(options.proxy_protocol, {}), std::move(check));
}

}  // namespace fairlead::pool
