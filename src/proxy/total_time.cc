#include "proxy/total_time.h"

namespace fairlead::proxy {

Error TotalTime::cause_of(const Error& error) const {
  if (!is_over()) return error;
  switch (error.code) {
    case ErrorCode::canceled:
    case ErrorCode::connect_timeout:
    case ErrorCode::response_timeout:
    case ErrorCode::request_timeout:
    case ErrorCode::queue_timeout:
      return {.code = ErrorCode::total_timeout,
              .blame = error.blame,
              .detail = "the whole exchange took longer than `timeouts.total`"};
    default:
      return error;
  }
}

}  // namespace fairlead::proxy
