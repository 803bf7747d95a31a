// The table of method names.
#include "http/codec/method.h"

#include <array>

namespace fairlead::http {
namespace {

constexpr std::array<std::string_view, 10> kNames = {"GET",     "HEAD",    "POST",  "PUT",   "DELETE",
                                                     "CONNECT", "OPTIONS", "TRACE", "PATCH", ""};

}  // namespace

Method method_of(std::string_view text) {
  // Nearly every request is a GET or a POST.
  for (std::uint8_t index = 0; index < kNames.size() - 1; ++index)
    if (text == kNames[index]) return Method{index};
  return Method::other;
}

std::string_view text(Method method) { return kNames[static_cast<std::uint8_t>(method)]; }

}  // namespace fairlead::http
