// The table of method names.
#include "http/codec/method.h"

#include <algorithm>
#include <array>

namespace fairlead::http {
namespace {

constexpr std::array<std::string_view, 10> kNames = {"GET",     "HEAD",    "POST",  "PUT",   "DELETE",
                                                     "CONNECT", "OPTIONS", "TRACE", "PATCH", ""};

}  // namespace

Method method_of(std::string_view text) {
  // Nearly every request is a GET or a POST.
  const auto* name = std::find(kNames.begin(), kNames.end() - 1, text);
  return static_cast<Method>(name - kNames.begin());
}

std::string_view text(Method method) { return kNames[static_cast<std::uint8_t>(method)]; }

}  // namespace fairlead::http
