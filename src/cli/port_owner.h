// Which process listens on a port, so that "address in use" can say who uses it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace fairlead::cli {

struct PortOwner {
  std::string name;
  int pid = 0;
};

// Looks through `/proc`, or a folder like it. Empty where nobody is found or we may not look.
std::optional<PortOwner> find_port_owner(std::uint16_t port, const std::filesystem::path& proc = "/proc");

}  // namespace fairlead::cli
