// One health check as pure protocol: what to send, and what to make of the answer. The HealthChecker does the I/O.
//
// A kind of check is one file here and one line in catalog.cc.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "net/endpoint.h"
#include "pool/options.h"

namespace fairlead::pool {

// `slow`: it timed out while real traffic was answered, or it could not be made; neither a pass nor a failure.
// `not_ready`: the server itself says that it cannot take requests yet; it is believed at once.
enum class CheckVerdict : std::uint8_t { passed, failed, slow, not_ready };

// Whether more of an answer may come: the server closed, or kMaxResponse bytes are in; or the time is up.
enum class AnswerEnd : std::uint8_t { open, closed, late };

// What a check speaks over.
enum class CheckTransport : std::uint8_t { stream, tls, datagrams };

// What one check found: also the evidence that a change of state carries.
struct CheckResult {
  CheckVerdict verdict = CheckVerdict::failed;
  std::string_view reason;  // a word of the reason vocabulary, `ok` where it passed; static
  std::string
      summary;  // `TCP check 0.4 ms`, `GET /health → 500`, `connection refused: nothing is listening on port 3002`
  Duration took{};
};

// Immutable and shared by all checks of one server; any thread. The checker connects (to `HealthOptions::port` where
// that is set), sends `request()`, reads, and asks `judge` after each read until it has a verdict or the time is up.
class HealthCheck {
 public:
  virtual ~HealthCheck() = default;

  // The bytes to send once connected; empty where connecting is the whole check.
  virtual std::string_view request() const = 0;
  virtual CheckTransport transport() const { return CheckTransport::stream; }
  // Whether it has nothing to say or to hear: a server that takes a connection passes.
  virtual bool only_connects() const { return false; }
  // For a check over TLS: the name of the server that is asked for, or empty.
  virtual std::string_view server_name() const { return {}; }
  // A verdict on all bytes `received` so far, or empty while more could change it. `closed` always gets a verdict;
  // `late` gets one where the server did answer, but not as it should, and else counts as a timeout. `took` is the time
  // since the check began.
  virtual std::optional<CheckResult> judge(std::string_view received, AnswerEnd end, Duration took) const = 0;
  // A failed check that ended with an error instead: refused, timed out, reset; `bad_response`, with words in its
  // detail, where a TLS handshake failed.
  virtual CheckResult failed(const Error& error, Duration took) const = 0;

  // The checker reads no more than this of a response.
  static constexpr std::size_t kMaxResponse = 64 * 1024;
};

// An entry of the catalog.
struct HealthCheckType {
  HealthType type;
  std::string_view name;  // as in a configuration
  std::string_view help;  // one sentence for the reference
  std::unique_ptr<HealthCheck> (*make)(const HealthOptions& options, const net::Endpoint& server);
};

}  // namespace fairlead::pool
