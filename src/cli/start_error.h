// Why `fairlead run` could not start, with what to type instead.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "app/engine.h"
#include "cli/port_owner.h"

namespace fairlead::cli {

// Who listens on a port. Passed in, so that a test needs no process.
using FindPortOwner = std::function<std::optional<PortOwner>(std::uint16_t port)>;

// One line without `error: ` and without its end. `program` is the path of our own binary.
std::string start_error_text(const app::StartError& error, const std::string& program, const FindPortOwner& owner_of);
int start_error_exit_code(const app::StartError& error);

}  // namespace fairlead::cli
