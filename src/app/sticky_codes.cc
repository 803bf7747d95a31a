// What diagnostics on stickiness mean and how they are fixed.
#include <array>

#include "app/diagnostic_lists.h"

namespace fairlead::app {
namespace {

constexpr auto kCodes = std::to_array<DiagnosticCode>({
    {"F1050", "two ways to stick",
     "Clients stick by a cookie that Fairlead sets (`cookie`), by a header (`header`), or by the app's own cookie "
     "(`learn`). What describes the cookie of ours has no effect with the others.",
     R"(to: 3001
health: /health
defaults: {pool: {sticky: {learn: JSESSIONID, secure: on}}})",
     R"(to: 3001
health: /health
defaults: {pool: {sticky: {learn: JSESSIONID}}})"},
});

}  // namespace

std::span<const DiagnosticCode> sticky_codes() { return kCodes; }

}  // namespace fairlead::app
