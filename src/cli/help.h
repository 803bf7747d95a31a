// What the table of verbs says to people: help on the terminal, and the page of the reference.
#pragma once

#include <string>

#include "cli/verbs.h"

namespace fairlead::cli {

// What `fairlead` alone prints.
std::string welcome_text();
// `fairlead VERB -h`: usage and two examples.
std::string short_help(const Verb& verb);
// `fairlead VERB --help`: all there is to know, at most 80 columns wide.
std::string long_help(const Verb& verb);
// `docs/reference/commands.md`.
std::string commands_reference();

}  // namespace fairlead::cli
