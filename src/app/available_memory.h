// How much memory this process may use, by the machine and by whoever put it into a container.
#pragma once

#include <cstdint>
#include <filesystem>

namespace fairlead::app {

// The least of what the machine has and what the control groups of this process allow (cgroups(7), version 1 and 2), in
// bytes. `root` is where /proc and /sys are. What cannot be read is no limit.
std::uint64_t memory_of_machine(const std::filesystem::path& root = "/");
// That, and half of what this process may map (RLIMIT_AS, getrlimit(2)) beyond what it has.
std::uint64_t available_memory();
// What this process has of its own (not mapped from files), in bytes.
std::uint64_t memory_in_use();

}  // namespace fairlead::app
