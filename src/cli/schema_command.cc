#include "cli/schema_command.h"

#include <ostream>

#include "cli/reference.h"

namespace fairlead::cli {

int schema_command(Output& output) {
  output.out << json_schema_text();
  return kDone;
}

}  // namespace fairlead::cli
