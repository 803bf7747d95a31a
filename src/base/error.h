// What can go wrong on the data path, as a small value: a code, whose fault it was, and whether trying again is safe.
//
// Configuration faults are richer and have their own type, `config::Diagnostic`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

namespace fairlead {

// One list for access log, events, error pages and counters. The words are in `word()`.
enum class ErrorCode : std::uint8_t {
  canceled,
  timed_out,  // a wait; whoever waited says what it means
  connect_refused,
  connect_unreachable,
  connect_timeout,
  dns_failed,
  reset_before_response,
  reset_mid_response,
  bad_response,
  response_too_large,
  response_timeout,
  total_timeout,
  no_server,
  queue_full,
  queue_timeout,
  no_route,
  bad_request,
  uri_too_long,
  header_too_large,
  trailers_too_large,
  chunk_extensions_too_long,
  body_too_large,
  not_implemented,
  version_not_supported,
  expectation_failed,
  request_timeout,
  too_many_connections,
  client_gone,
  stopping,
  out_of_resources,
  memory_full,
  count_,
};

inline constexpr std::size_t kErrorCodes = static_cast<std::size_t>(ErrorCode::count_);

// Whose fault an error was. Decides who is told, and which counter moves.
enum class Blame : std::uint8_t { downstream, upstream, ourselves };

// Where an error is born it says all that later decisions need; nobody guesses from the code.
struct Error {
  ErrorCode code;
  Blame blame = Blame::ourselves;
  // True where sending the same request to another server cannot do its work twice.
  bool retry_is_safe = false;
  // True where a repeat is harmless for an idempotent method only (the server may have seen the request).
  bool retry_if_idempotent = false;
  // Static text that names the rule or the cause; never owned.
  std::string_view detail = {};
};

template <typename T = void>
using Result = std::expected<T, Error>;

// The word of the reason vocabulary (`connect_refused`), as logs, metrics and the API show it.
std::string_view word(ErrorCode code);

}  // namespace fairlead
