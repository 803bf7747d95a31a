#include "app/available_memory.h"

#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace fairlead::app {

namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

std::optional<std::uint64_t> number_in(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return number;
}

// Of a file of lines such as `Name:   123 kB`.
std::optional<std::uint64_t> kilobytes_of(const std::filesystem::path& file, std::string_view name) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name)) continue;
    const auto number = number_in(std::string_view(line).substr(name.size()));
    if (number) return *number * 1024;
  }
  return std::nullopt;
}

std::uint64_t limit_in(const std::filesystem::path& file) {
  std::ifstream lines(file);
  std::string line;
  // Where there is none, version 2 says `max`, and version 1 names a number that no machine reaches.
  return std::getline(lines, line) ? number_in(line).value_or(kNoLimit) : kNoLimit;
}

// A group's limit holds for those in it: the least from `group` up to `top` counts. In a container, the path that the
// kernel tells may lead nowhere, and the container's own group is at the top.
std::uint64_t least_limit(const std::filesystem::path& top, std::string_view group, std::string_view file) {
  std::uint64_t least = limit_in(top / file);
  std::filesystem::path path = top;
  for (const auto& part : std::filesystem::path(group).relative_path()) {
    if (part == "..") break;
    path /= part;
    least = std::min(least, limit_in(path / file));
  }
  return least;
}

std::uint64_t limit_of_groups(const std::filesystem::path& root) {
  std::uint64_t least = kNoLimit;
  std::ifstream lines(root / "proc/self/cgroup");
  for (std::string line; std::getline(lines, line);) {
    // `0::/group` of version 2, `4:memory:/group` of version 1.
    const std::size_t controllers_at = line.find(':') + 1;
    const std::size_t group_at = line.find(':', controllers_at) + 1;
    if (controllers_at == 0 || group_at == 0) continue;
    const std::string_view group = std::string_view(line).substr(group_at);
    const std::string controllers = "," + line.substr(controllers_at, group_at - controllers_at - 1) + ",";
    const std::filesystem::path mount = root / "sys/fs/cgroup";
    if (controllers == ",,") {
      // Above `high` the kernel slows it down until it uses less.
      for (const std::string_view file : {"memory.max", "memory.high"})
        least = std::min({least, least_limit(mount, group, file), least_limit(mount / "unified", group, file)});
    } else if (controllers.contains(",memory,")) {
      least = std::min(least, least_limit(mount / "memory", group, "memory.limit_in_bytes"));
    }
  }
  return least;
}

}  // namespace

std::uint64_t memory_of_machine(const std::filesystem::path& root) {
  return std::min(kilobytes_of(root / "proc/meminfo", "MemTotal:").value_or(kNoLimit), limit_of_groups(root));
}

std::uint64_t memory_in_use() { return kilobytes_of("/proc/self/status", "RssAnon:").value_or(0); }

std::uint64_t available_memory() {
  std::uint64_t available = memory_of_machine();
  rlimit mapped{};
  if (::getrlimit(RLIMIT_AS, &mapped) == 0 && mapped.rlim_cur != RLIM_INFINITY) {
    const std::uint64_t has = kilobytes_of("/proc/self/status", "VmSize:").value_or(0);
    const std::uint64_t room = mapped.rlim_cur > has ? mapped.rlim_cur - has : 0;
    // Memory that has gone back to the system leaves addresses behind that serve for the same things only.
    available = std::min(available, memory_in_use() + room / 2);
  }
  return available;
}

}  // namespace fairlead::app
