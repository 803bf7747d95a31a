// What a configuration may ask of the machine: variables, files, file names. Passed in, so that tests and the fuzzer
// decide what there is.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::config {

class Environment {
 public:
  virtual ~Environment() = default;

  virtual std::optional<std::string> variable(const std::string& name) const = 0;
  // The text of a file, or why not in plain words (`no such file`, `it is larger than 16 MiB`).
  virtual std::expected<std::string, std::string> read_file(const std::string& path, std::size_t max_bytes) const = 0;
  // The files that match a shell pattern, sorted by name.
  virtual std::vector<std::string> matching_files(const std::string& pattern) const = 0;
};

// Nothing is set and nothing can be read.
class EmptyEnvironment final : public Environment {
 public:
  std::optional<std::string> variable(const std::string&) const override { return std::nullopt; }
  std::expected<std::string, std::string> read_file(const std::string&, std::size_t) const override {
    return std::unexpected("no such file");
  }
  std::vector<std::string> matching_files(const std::string&) const override { return {}; }
};

}  // namespace fairlead::config
