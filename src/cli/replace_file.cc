#include "cli/replace_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace fairlead::cli {

namespace {

constexpr mode_t kNewFile = 0644;

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(descriptor) == 0;
}

}  // namespace

bool replace_file(const std::string& path, const std::string& text) {
  std::error_code missing;
  const std::filesystem::path real = std::filesystem::canonical(path, missing);
  const std::string target = missing ? path : real.string();
  struct stat existing{};
  const bool exists = ::stat(target.c_str(), &existing) == 0;

  std::string beside = target + ".XXXXXX";
  const int descriptor = ::mkstemp(beside.data());
  if (descriptor < 0) return false;
  const mode_t mask = ::umask(0);
  ::umask(mask);
  const mode_t mode = exists ? existing.st_mode & mode_t{07777} : kNewFile & ~mask;
  const bool is_written = write_all(descriptor, text) && ::fchmod(descriptor, mode) == 0;
  const bool is_moved = ::close(descriptor) == 0 && is_written && ::rename(beside.c_str(), target.c_str()) == 0;
  if (!is_moved) ::unlink(beside.c_str());
  return is_moved;
}

}  // namespace fairlead::cli
