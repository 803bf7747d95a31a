#include "cli/start_error.h"

#include <fmt/format.h>

#include <limits>

#include "cli/output.h"

namespace fairlead::cli {

namespace {

// The same address with another port, as `--listen` takes it.
std::string address_beside(net::Endpoint endpoint) {
  const bool is_last = endpoint.port == std::numeric_limits<std::uint16_t>::max();
  endpoint.port = static_cast<std::uint16_t>(is_last ? endpoint.port - 1 : endpoint.port + 1);
  return endpoint.text();
}

std::string in_use_text(const net::Endpoint& endpoint, const FindPortOwner& owner_of) {
  if (endpoint.is_unix()) return fmt::format("{} is used by another process", endpoint.text());
  const std::optional<PortOwner> owner = owner_of(endpoint.port);
  const std::string advice = fmt::format("Stop it, or use --listen {}", address_beside(endpoint));
  if (!owner) return fmt::format("port {} is used by another process. {}", endpoint.port, advice);
  return fmt::format("port {} is used by `{}` (pid {}). {}", endpoint.port, owner->name, owner->pid, advice);
}

std::string not_permitted_text(const net::ListenError& error, const std::string& program) {
  if (error.endpoint.is_unix()) return fmt::format("{} may not be made: {}", error.endpoint.text(), error.detail);
  return fmt::format("port {} needs permission. Run `sudo setcap cap_net_bind_service=+ep {}`, or use --listen :8080",
                     error.endpoint.port, program);
}

}  // namespace

std::string start_error_text(const app::StartError& error, const std::string& program, const FindPortOwner& owner_of) {
  if (!error.listen) return error.log;
  const net::Endpoint& endpoint = error.listen->endpoint;
  switch (error.listen->cause) {
    case net::ListenError::Cause::in_use:
      return in_use_text(endpoint, owner_of);
    case net::ListenError::Cause::not_permitted:
      return not_permitted_text(*error.listen, program);
    case net::ListenError::Cause::not_local:
      return fmt::format("{} is not an address of this machine. Use --listen :{}", endpoint.host, endpoint.port);
    case net::ListenError::Cause::unresolved:
      return fmt::format("the name {} has no address ({}). Use --listen :{}", endpoint.host, error.listen->detail,
                         endpoint.port);
    case net::ListenError::Cause::other:
      break;
  }
  return fmt::format("cannot listen on {}: {}", endpoint.text(), error.listen->detail);
}

int start_error_exit_code(const app::StartError& error) {
  const bool is_not_permitted = error.listen && error.listen->cause == net::ListenError::Cause::not_permitted;
  return is_not_permitted ? kNotPermitted : kFailed;
}

}  // namespace fairlead::cli
