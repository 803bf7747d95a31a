// A tree of what a file says, before anyone knows what it means: scalars are text, every node knows its place.
//
// The same tree carries what we write: effective configurations, JSON Schema, JSON output.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/source.h"

namespace fairlead::config {

struct Node {
  enum class Kind : std::uint8_t { scalar, sequence, mapping };

  Kind kind = Kind::scalar;
  bool is_inherited = false;  // taken over by merge_under; its children too
  bool quoted = false;        // a scalar in quotes, or a block: never `null`. In JSON output: a string
  Place place;
  std::string value;           // of a scalar
  std::vector<Node> children;  // of a sequence or a mapping, in the order of the file
  std::string key;             // where the parent is a mapping
  Place key_place;

  static Node mapping(Place place = {});
  static Node sequence(Place place = {});
  // Text: JSON output writes it in quotes.
  static Node text(std::string value, Place place = {});
  // A number or a word that JSON output writes bare.
  static Node literal(std::string value, Place place = {});

  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_sequence() const { return kind == Kind::sequence; }
  bool is_mapping() const { return kind == Kind::mapping; }
  // `key:` with nothing after it, `~` or `null`.
  bool is_null() const;

  // The member of a mapping, or null. Linear.
  const Node* find(std::string_view name) const;
  Node* find(std::string_view name);
  // Adds a member to a mapping and returns it; the key gets the place of the value.
  Node& add(std::string_view name, Node child);
  // Takes a member out of a mapping; the caller knows that it is there.
  Node take(std::string_view name);

  // Same shape and text, wherever it stood.
  bool same_as(const Node& other) const;
};

// `scalar` -> "a single value", and so on: what messages call it.
std::string_view kind_name(Node::Kind kind);

// Fills `target` with what only `defaults` has, marked as inherited; mappings are merged to any depth, everything else
// is kept whole.
void merge_under(Node& target, const Node& defaults);

}  // namespace fairlead::config
