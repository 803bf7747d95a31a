// The id of a request, as header, log line and error page show it: `req_` and 128 bits in Crockford's base 32.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "base/random.h"
#include "base/time.h"

namespace fairlead::telemetry {

// 48 bits of milliseconds, then 80 random bits, so that ids sort by time (the layout of ULID). Trivially copyable.
class RequestId {
 public:
  static constexpr std::size_t kLength = 4 + 26;

  RequestId(WallTime now, Random& random);

  std::string_view text() const [[clang::lifetimebound]] { return {text_.data(), text_.size()}; }

 private:
  std::array<char, kLength> text_;
};

// Whether an id that a trusted proxy sent may be kept: 8 to 128 of `[A-Za-z0-9_-]`.
bool is_valid_request_id(std::string_view id);

}  // namespace fairlead::telemetry
