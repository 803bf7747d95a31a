// Any text is either a configuration or a list of diagnostics, in bounded time and memory. What loads must load again
// from both texts that we write of it.
#include <cstddef>
#include <cstdint>
#include <string>

#include "app/config_loader.h"
#include "base/assert.h"
#include "config/diagnostic_format.h"
#include "config/environment.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fairlead;
  const config::EmptyEnvironment nothing;
  const app::LoadResult result =
      app::load_text("fuzz.yaml", std::string(reinterpret_cast<const char*>(data), size), nothing);
  if (!result) {
    FAIRLEAD_ASSERT(!result.error().empty());
    FAIRLEAD_ASSERT(!config::format_human(result.error(), true).empty());
    FAIRLEAD_ASSERT(!config::format_json(result.error()).empty());
    return 0;
  }
  const app::LoadResult printed = app::load_text("printed.yaml", app::print_config(*result), nothing);
  FAIRLEAD_ASSERT(printed.has_value() && printed->options == result->options);
  const app::LoadResult saved = app::load_text("saved.yaml", app::to_yaml(result->options), nothing);
  FAIRLEAD_ASSERT(saved.has_value() && saved->options == result->options);
  return 0;
}
