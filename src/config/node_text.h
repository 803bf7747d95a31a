// Trees as text: YAML for people, JSON for programs.
#pragma once

#include <functional>
#include <string>

#include "config/node.h"

namespace fairlead::config {

// What to write behind a line of YAML, without the `#`; empty: nothing.
using Annotate = std::function<std::string(const Node&)>;

// Block style, two spaces; lists of simple values in brackets. Read back, it gives the same tree.
std::string to_yaml(const Node& root, const Annotate& annotate = {});
// One line, as it may stand behind a key: `[502, 503]`.
std::string to_flow_yaml(const Node& node);
// JSON on several lines, two spaces. Quoted scalars are strings, the others are written bare.
std::string to_json(const Node& root);
// The text of a JSON string, with its quotes.
std::string json_string(std::string_view text);

}  // namespace fairlead::config
