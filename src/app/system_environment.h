// What this machine gives a configuration: its variables and files.
#pragma once

#include "config/environment.h"

namespace fairlead::app {

class SystemEnvironment final : public config::Environment {
 public:
  std::optional<std::string> variable(const std::string& name) const override;
  std::expected<std::string, std::string> read_file(const std::string& path, std::size_t max_bytes) const override;
  std::vector<std::string> matching_files(const std::string& pattern) const override;
};

}  // namespace fairlead::app
