// What each diagnostic code means, for `fairlead explain CODE` and the reference. A meaning never changes.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace fairlead::app {

// `wrong` and `right` are configurations; a test proves that the first gives the code and the second does not.
struct DiagnosticCode {
  std::string_view code;
  std::string_view title;
  std::string_view text;
  std::string_view wrong;
  std::string_view right;
};

// In the order of their codes.
std::span<const DiagnosticCode> diagnostic_codes();
// Null where there is none.
const DiagnosticCode* find_diagnostic_code(std::string_view code);

}  // namespace fairlead::app
