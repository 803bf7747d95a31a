// The parts of the list of diagnostic codes, each in the order of its codes.
#pragma once

#include <span>

#include "app/diagnostic_codes.h"

namespace fairlead::app {

std::span<const DiagnosticCode> general_codes();
std::span<const DiagnosticCode> balancing_codes();
std::span<const DiagnosticCode> health_codes();
std::span<const DiagnosticCode> limit_codes();
std::span<const DiagnosticCode> sticky_codes();

}  // namespace fairlead::app
