// YAML (and JSON, its subset) to a tree of nodes that know their place. Uses the event API of libyaml and none of its
// typing: a plain scalar is text until the schema reads it.
//
// Refused, because each has bitten users of other tools: duplicate keys, merge keys, tags, tabs as indentation, more
// than one document, unknown anchors, invalid UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "config/node.h"
#include "config/report.h"
#include "config/source.h"

namespace fairlead::config {

inline constexpr std::size_t kMaxFileBytes = std::size_t{16} * 1024 * 1024;
inline constexpr std::size_t kMaxDepth = 64;

// What one load may spend, over all its files. Aliases are copied out, so that they cost what they stand for.
struct TreeBudget {
  std::size_t nodes = 1'000'000;
  std::size_t aliases = 100;
};

// The root mapping of a source (an empty one for an empty text), or nothing after reporting why.
std::optional<Node> parse_yaml(const Sources& sources, std::uint32_t file, TreeBudget& budget, Report& report);

}  // namespace fairlead::config
