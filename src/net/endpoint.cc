#include "net/endpoint.h"

#include <fmt/format.h>

namespace fairlead::net {

std::string Endpoint::text() const {
  if (is_unix()) return fmt::format("unix:{}", unix_path);
  const bool is_v6 = host.find(':') != std::string::npos;
  return is_v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

}  // namespace fairlead::net
