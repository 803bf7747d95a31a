// The contents page of the program: one line per verb.
#include <array>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "cli/dispatch.h"
#include "cli/help.h"

namespace {

using namespace fairlead::cli;

constexpr std::array<std::pair<std::string_view, int (*)(const CommandLine&, Output&)>, 9> kVerbs{{
    {"run", run_verb},
    {"check", check_verb},
    {"demo", demo_verb},
    {"simulate", simulate_verb},
    {"explain", explain_verb},
    {"schema", schema_verb},
    {"completion", completion_verb},
    {"version", version_verb},
    {"reference", reference_verb},
}};

}  // namespace

int main(int argc, char** argv) {
  const auto line = parse_command_line(std::vector<std::string>(argv + 1, argv + argc));
  if (!line) {
    std::cerr << line.error() << '\n';
    return kBadCommandLine;
  }
  if (line->verb == nullptr || line->wants_help()) {
    std::cout << (line->verb == nullptr   ? welcome_text()
                  : line->wants_long_help ? long_help(*line->verb)
                                          : short_help(*line->verb));
    return kDone;
  }
  Output output = make_output(*line);
  for (const auto& [name, run] : kVerbs) {
    if (name == line->verb->name) return run(*line, output);
  }
  return kBadCommandLine;
}
