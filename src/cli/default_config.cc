#include "cli/default_config.h"

#include <filesystem>

namespace fairlead::cli {

std::string default_config() {
  for (const char* path : {kConfigHere, "/etc/fairlead/fairlead.yaml"}) {
    if (std::filesystem::exists(path)) return path;
  }
  return {};
}

}  // namespace fairlead::cli
