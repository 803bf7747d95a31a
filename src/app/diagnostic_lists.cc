#include "app/diagnostic_lists.h"

#include <algorithm>
#include <vector>

namespace fairlead::app {

std::span<const DiagnosticCode> diagnostic_codes() {
  static const std::vector<DiagnosticCode> kAll = [] {
    std::vector<DiagnosticCode> all;
    for (const auto part : {general_codes(), balancing_codes(), health_codes(), limit_codes(), sticky_codes()})
      all.insert(all.end(), part.begin(), part.end());
    std::ranges::sort(all, {}, &DiagnosticCode::code);
    return all;
  }();
  return kAll;
}

const DiagnosticCode* find_diagnostic_code(std::string_view code) {
  const auto found = std::ranges::find(diagnostic_codes(), code, &DiagnosticCode::code);
  return found == diagnostic_codes().end() ? nullptr : &*found;
}

}  // namespace fairlead::app
