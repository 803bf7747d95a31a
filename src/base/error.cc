// The words of the reason vocabulary.
#include "base/error.h"

#include <array>

namespace fairlead {
namespace {

struct Row {
  ErrorCode code;
  std::string_view word;
};

constexpr std::array kRows = {
    Row{ErrorCode::canceled, "canceled"},
    Row{ErrorCode::timed_out, "timed_out"},
    Row{ErrorCode::connect_refused, "connect_refused"},
    Row{ErrorCode::connect_unreachable, "connect_unreachable"},
    Row{ErrorCode::connect_timeout, "connect_timeout"},
    Row{ErrorCode::dns_failed, "dns_failed"},
    Row{ErrorCode::reset_before_response, "reset_before_response"},
    Row{ErrorCode::reset_mid_response, "reset_mid_response"},
    Row{ErrorCode::bad_response, "bad_response"},
    Row{ErrorCode::response_too_large, "response_too_large"},
    Row{ErrorCode::response_timeout, "response_timeout"},
    Row{ErrorCode::total_timeout, "total_timeout"},
    Row{ErrorCode::no_server, "no_server"},
    Row{ErrorCode::queue_full, "queue_full"},
    Row{ErrorCode::queue_timeout, "queue_timeout"},
    Row{ErrorCode::no_route, "no_route"},
    Row{ErrorCode::bad_request, "bad_request"},
    Row{ErrorCode::uri_too_long, "uri_too_long"},
    Row{ErrorCode::header_too_large, "header_too_large"},
    Row{ErrorCode::trailers_too_large, "trailers_too_large"},
    Row{ErrorCode::chunk_extensions_too_long, "chunk_extensions_too_long"},
    Row{ErrorCode::body_too_large, "body_too_large"},
    Row{ErrorCode::not_implemented, "not_implemented"},
    Row{ErrorCode::version_not_supported, "version_not_supported"},
    Row{ErrorCode::expectation_failed, "expectation_failed"},
    Row{ErrorCode::request_timeout, "request_timeout"},
    Row{ErrorCode::too_many_connections, "too_many_connections"},
    Row{ErrorCode::client_gone, "client_gone"},
    Row{ErrorCode::stopping, "stopping"},
    Row{ErrorCode::out_of_resources, "out_of_resources"},
    Row{ErrorCode::memory_full, "memory_full"},
};

constexpr bool is_in_order() {
  for (std::size_t index = 0; index < kRows.size(); ++index)
    if (kRows[index].code != static_cast<ErrorCode>(index)) return false;
  return kRows.size() == kErrorCodes;
}
static_assert(is_in_order());

}  // namespace

std::string_view word(ErrorCode code) {
  const auto index = static_cast<std::size_t>(code);
  return index < kRows.size() ? kRows[index].word : "unknown";
}

}  // namespace fairlead
