#include "config/node.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace fairlead::config {
namespace {

Node make(Node::Kind kind, Place place) {
  Node node;
  node.kind = kind;
  node.place = place;
  return node;
}

}  // namespace

Node Node::mapping(Place place) { return make(Kind::mapping, place); }

Node Node::sequence(Place place) { return make(Kind::sequence, place); }

Node Node::text(std::string value, Place place) {
  Node node = literal(std::move(value), place);
  node.quoted = true;
  return node;
}

Node Node::literal(std::string value, Place place) {
  Node node = make(Kind::scalar, place);
  node.value = std::move(value);
  return node;
}

bool Node::is_null() const {
  return is_scalar() && !quoted && (value.empty() || value == "~" || value == "null" || value == "Null");
}

const Node* Node::find(std::string_view name) const {
  if (!is_mapping()) return nullptr;
  const auto found = std::ranges::find(children, name, &Node::key);
  return found == children.end() ? nullptr : &*found;
}

Node* Node::find(std::string_view name) { return const_cast<Node*>(std::as_const(*this).find(name)); }

Node& Node::add(std::string_view name, Node child) {
  child.key = name;
  child.key_place = child.place;
  children.push_back(std::move(child));
  return children.back();
}

Node Node::take(std::string_view name) {
  const auto found = std::ranges::find(children, name, &Node::key);
  FAIRLEAD_ASSERT(found != children.end());
  Node taken = std::move(*found);
  children.erase(found);
  return taken;
}

bool Node::same_as(const Node& other) const {
  return kind == other.kind && value == other.value && key == other.key &&
         std::ranges::equal(children, other.children, [](const Node& a, const Node& b) { return a.same_as(b); });
}

std::string_view kind_name(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::scalar:
      return "a single value";
    case Node::Kind::sequence:
      return "a list";
    case Node::Kind::mapping:
      return "a map of keys";
  }
  return "";
}

namespace {

void mark_inherited(Node& node) {
  node.is_inherited = true;
  for (Node& child : node.children) mark_inherited(child);
}

}  // namespace

void merge_under(Node& target, const Node& defaults) {
  for (const Node& inherited : defaults.children) {
    Node* own = target.find(inherited.key);
    if (own == nullptr)
      mark_inherited(target.children.emplace_back(inherited));
    else if (own->is_mapping() && inherited.is_mapping())
      merge_under(*own, inherited);
  }
}

}  // namespace fairlead::config
