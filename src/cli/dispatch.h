// Runs the verb of a command line.
#pragma once

#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/output.h"

namespace fairlead::cli {

// Each returns the exit code.
int run_verb(const CommandLine& line, Output& output);
int check_verb(const CommandLine& line, Output& output);
int demo_verb(const CommandLine& line, Output& output);
int simulate_verb(const CommandLine& line, Output& output);
int explain_verb(const CommandLine& line, Output& output);
int schema_verb(const CommandLine& line, Output& output);
int completion_verb(const CommandLine& line, Output& output);
int version_verb(const CommandLine& line, Output& output);
int reference_verb(const CommandLine& line, Output& output);

// The streams of this process, as the global flags want them.
Output make_output(const CommandLine& line);

}  // namespace fairlead::cli
