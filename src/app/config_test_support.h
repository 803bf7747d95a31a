// For tests of the configuration: load a text, or the codes of what is wrong with it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/config_loader.h"

namespace fairlead::app {

// The configuration in `text`, called test.yaml. Fails the test, and is empty, where it does not load.
LoadedConfig loaded(std::string_view text);
// What is wrong with it, in its order; warnings where nothing is.
config::Diagnostics diagnostics(std::string_view text);
// Their codes.
std::vector<std::string> codes(std::string_view text);

// A file that sets every kind of option to something other than its default.
extern const std::string_view kEverything;

}  // namespace fairlead::app
