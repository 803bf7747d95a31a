#include "cli/port_owner.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <system_error>
#include <vector>

namespace fairlead::cli {

namespace {

namespace fs = std::filesystem;

// Inodes of the sockets that listen on `port`, from a table such as /proc/net/tcp (proc(5)).
void add_listening_inodes(const fs::path& table, std::uint16_t port, std::vector<std::string>& inodes) {
  const std::string suffix = fmt::format(":{:04X}", port);
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);  // the names of the columns
  while (std::getline(file, line)) {
    std::istringstream columns(line);
    std::string slot, local, remote, state, queues, timer, retransmits, user, timeout, inode;
    columns >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> user >> timeout >> inode;
    constexpr std::string_view kListening = "0A";
    if (state == kListening && local.ends_with(suffix)) inodes.push_back(fmt::format("socket:[{}]", inode));
  }
}

bool holds_one_of(const fs::path& process, const std::vector<std::string>& sockets) {
  std::error_code error;
  for (fs::directory_iterator entry(process / "fd", error), end; !error && entry != end; entry.increment(error)) {
    std::error_code unreadable;
    const fs::path target = fs::read_symlink(entry->path(), unreadable);
    if (!unreadable && std::ranges::find(sockets, target.string()) != sockets.end()) return true;
  }
  return false;
}

}  // namespace

std::optional<PortOwner> find_port_owner(std::uint16_t port, const fs::path& proc) {
  std::vector<std::string> sockets;
  add_listening_inodes(proc / "net/tcp", port, sockets);
  add_listening_inodes(proc / "net/tcp6", port, sockets);
  if (sockets.empty()) return std::nullopt;
  std::error_code error;
  for (fs::directory_iterator entry(proc, error), end; !error && entry != end; entry.increment(error)) {
    const std::string pid = entry->path().filename();
    if (!std::ranges::all_of(pid, [](char digit) { return digit >= '0' && digit <= '9'; })) continue;
    if (!holds_one_of(entry->path(), sockets)) continue;
    std::ifstream file(entry->path() / "comm");
    PortOwner owner{.pid = std::stoi(pid)};
    std::getline(file, owner.name);
    return owner;
  }
  return std::nullopt;
}

}  // namespace fairlead::cli
