// The one table from error codes to statuses, and what clients see when Fairlead itself has to answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "http/stream.h"
#include "proxy/options.h"
#include "runtime/task.h"

namespace fairlead::proxy {

// The status that answers an error; 499 for a client that has left (log only).
std::uint16_t status_of(ErrorCode code);

// A response of our own, ready to be sent.
struct ErrorResponse {
  std::uint16_t status = 0;
  std::string_view content_type;
  std::string body;
};

// What the page may say, besides the status.
struct ErrorContext {
  std::string_view accept;  // the request's Accept field
  std::string_view request_id;
  WallTime at{};
  ErrorDetail detail = ErrorDetail::automatic;
  bool client_is_local = false;                  // a loopback client of a loopback listener
  std::string_view server;                       // the server of the last try, if any
  std::optional<std::int64_t> retry_after = {};  // seconds after which a client may come back
};

// The page for `error`: HTML, problem+json (RFC 9457) or plain text, by Accept. Names no server and no reason unless
// the detail allows it.
ErrorResponse error_response(const Error& error, const ErrorContext& context);

// Sends that page on a stream whose response has not begun.
runtime::Task<void> send_error(http::ServerStream& downstream, const Error& error, const ErrorContext& context);

// Date as HTTP writes it (RFC 9110, 5.6.7).
std::string http_date(WallTime at);

}  // namespace fairlead::proxy
