#include "pool/health/connect_words.h"

#include <fmt/format.h>

#include "pool/health/duration_text.h"

namespace fairlead::pool {

std::string connect_words(const Error& error, const net::Endpoint& endpoint, Duration took) {
  const std::string place = endpoint.is_unix() ? endpoint.unix_path : fmt::format("port {}", endpoint.port);
  switch (error.code) {
    case ErrorCode::connect_refused:
      return fmt::format("connection refused: nothing is listening on {}", place);
    case ErrorCode::connect_unreachable:
      return fmt::format("unreachable: no network path to {}", endpoint.text());
    case ErrorCode::connect_timeout:
      return fmt::format("no connection within {}", short_duration(took));
    case ErrorCode::dns_failed:
      return fmt::format("the name {} has no address", endpoint.host);
    default:
      return error.detail.empty() ? std::string(word(error.code)) : std::string(error.detail);
  }
}

}  // namespace fairlead::pool
