#include "app/system_environment.h"

#include <fmt/format.h>
#include <glob.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace fairlead::app {

std::optional<std::string> SystemEnvironment::variable(const std::string& name) const {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

std::expected<std::string, std::string> SystemEnvironment::read_file(const std::string& path,
                                                                     std::size_t max_bytes) const {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), std::fclose);
  if (!file) return std::unexpected(errno == ENOENT ? "no such file" : std::string(std::strerror(errno)));
  constexpr std::size_t kChunk = std::size_t{64} * 1024;
  std::string text;
  std::string chunk(kChunk, '\0');
  while (const std::size_t count = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
    text.append(chunk, 0, count);
    if (text.size() > max_bytes) return std::unexpected(fmt::format("it is larger than {} KiB", max_bytes / 1024));
  }
  if (std::ferror(file.get()) != 0) return std::unexpected(std::string(std::strerror(errno)));
  return text;
}

std::vector<std::string> SystemEnvironment::matching_files(const std::string& pattern) const {
  glob_t found{};
  std::vector<std::string> files;
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0) files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  return files;  // glob sorts by name.
}

}  // namespace fairlead::app
