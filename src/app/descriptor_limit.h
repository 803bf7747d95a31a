// How many files and connections this process may have open (RLIMIT_NOFILE), and what follows for its listeners.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fairlead::app {

// The limit that holds now.
std::uint64_t descriptor_limit();
// Raises it as far as this process may, for good. Files that are open stay as they are.
void raise_descriptor_limit();

// What needs descriptors beside clients' connections and the requests that these make.
struct DescriptorNeeds {
  std::size_t workers = 1;
  std::size_t addresses = 1;  // that are listened on
  std::size_t servers = 0;    // that are checked
  std::uint64_t asked = 0;    // connections of clients that the configuration asks for
};

// How many clients may be connected. What runs the process comes first; of the rest, half is for connections to
// servers, unless more was asked for. Never below 8.
std::uint32_t automatic_connections(std::uint64_t descriptors, const DescriptorNeeds& needs);

}  // namespace fairlead::app
