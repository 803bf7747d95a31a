// The generated texts: JSON Schema, `docs/reference/configuration.md`, `docs/reference/diagnostics.md`.
#pragma once

#include <string>

namespace fairlead::cli {

// JSON Schema, draft 2020-12, of the whole file.
std::string json_schema_text();
std::string configuration_reference();
std::string diagnostics_reference();

}  // namespace fairlead::cli
