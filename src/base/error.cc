#include "base/error.h"

namespace fairlead {

std::string_view word(ErrorCode code) {
  switch (code) {
    case ErrorCode::canceled:
      return "canceled";
    case ErrorCode::timed_out:
      return "timed_out";
    case ErrorCode::connect_refused:
      return "connect_refused";
    case ErrorCode::connect_unreachable:
      return "connect_unreachable";
    case ErrorCode::connect_timeout:
      return "connect_timeout";
    case ErrorCode::dns_failed:
      return "dns_failed";
    case ErrorCode::reset_before_response:
      return "reset_before_response";
    case ErrorCode::reset_mid_response:
      return "reset_mid_response";
    case ErrorCode::bad_response:
      return "bad_response";
    case ErrorCode::response_timeout:
      return "response_timeout";
    case ErrorCode::no_server:
      return "no_server";
    case ErrorCode::queue_full:
      return "queue_full";
    case ErrorCode::queue_timeout:
      return "queue_timeout";
    case ErrorCode::no_route:
      return "no_route";
    case ErrorCode::bad_request:
      return "bad_request";
    case ErrorCode::uri_too_long:
      return "uri_too_long";
    case ErrorCode::header_too_large:
      return "header_too_large";
    case ErrorCode::body_too_large:
      return "body_too_large";
    case ErrorCode::not_implemented:
      return "not_implemented";
    case ErrorCode::version_not_supported:
      return "version_not_supported";
    case ErrorCode::expectation_failed:
      return "expectation_failed";
    case ErrorCode::request_timeout:
      return "request_timeout";
    case ErrorCode::too_many_connections:
      return "too_many_connections";
    case ErrorCode::client_gone:
      return "client_gone";
    case ErrorCode::stopping:
      return "stopping";
    case ErrorCode::out_of_resources:
      return "out_of_resources";
    case ErrorCode::count_:
      break;
  }
  return "unknown";
}

}  // namespace fairlead
