// What diagnostics on limits mean and how they are fixed.
#include <array>

#include "app/diagnostic_lists.h"

namespace fairlead::app {
namespace {

constexpr auto kCodes = std::to_array<DiagnosticCode>({
    {"F1070", "a body too large to be kept",
     "`body.buffer` says up to which size the bodies of a route are kept to be sent again, and `limits.kept_bodies` "
     "how "
     "much memory all of them may use. A body that alone is larger would never be kept whole.",
     R"(listen: :8080
limits: {kept_bodies: 4MiB}
routes: [{to: web, body: {buffer: 8MiB}}]
pools: {web: {servers: [3001], health: /health}})",
     R"(listen: :8080
limits: {kept_bodies: 512MiB}
routes: [{to: web, body: {buffer: 8MiB}}]
pools: {web: {servers: [3001], health: /health}})"},
    {"F1071", "more memory asked for than there is",
     "`limits.memory` is all that Fairlead may use. The configuration with its servers, the logs and the workers come "
     "out of it, and so do `limits.kept_bodies` and `limits.kept_heads`; connections and requests have what is left.",
     R"(listen: :8080
limits: {memory: 128MiB, kept_bodies: 256MiB}
to: [3001]
health: /health)",
     R"(listen: :8080
limits: {memory: 512MiB, kept_bodies: 256MiB}
to: [3001]
health: /health)"},
});

}  // namespace

std::span<const DiagnosticCode> limit_codes() { return kCodes; }

}  // namespace fairlead::app
