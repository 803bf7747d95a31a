// The codes of health checks and of the judgement of live traffic.
#include <array>

#include "app/diagnostic_lists.h"

namespace fairlead::app {
namespace {

constexpr auto kCodes = std::to_array<DiagnosticCode>({
    {"F1060", "good responses that count as failures",
     "`passive.statuses` lists the responses of a server in trouble; each counts against it. The statuses that pass a "
     "health check are `health.expect`.",
     R"(to: 3001
health: /health
defaults: {pool: {passive: {statuses: [200-399]}}})",
     R"(to: 3001
health: /health
defaults: {pool: {passive: {statuses: [502-504]}, health: {expect: [200-399]}}})"},
    {"F3060", "a share of a pool that is less than one server",
     "`passive.max_share` of the pool may be ejected at a time. Of 3 servers 30% is less than one, so none ever is.",
     R"(to: [3001, 3002, 3003]
health: /health
defaults: {pool: {passive: {max_share: 30%}}})",
     R"(to: [3001, 3002, 3003]
health: /health
defaults: {pool: {passive: {max_share: 34%}}})"},
});

}  // namespace

std::span<const DiagnosticCode> health_codes() { return kCodes; }

}  // namespace fairlead::app
