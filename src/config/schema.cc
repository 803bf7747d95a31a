#include "config/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace fairlead::config {
namespace {

bool refuse_kind(const Cursor& at, std::string_view expected, Report& report) {
  report.error(at, {"F0201", fmt::format("{} is expected here, and this is {}", expected, kind_name(at.node().kind))});
  return false;
}

bool is_kind(const Cursor& at, Node::Kind kind, Report& report) {
  return at.node().kind == kind || refuse_kind(at, kind_name(kind), report);
}

bool refuse_null(const Cursor& at, Report& report) {
  report.error(at.key_place(), at.path(),
               {"F0207", fmt::format("`{}` has no value", at.node().key), "", "give it one, or delete the key"});
  return false;
}

}  // namespace

void Schema::describe(const std::string&, const void*, std::vector<ReferenceRow>&) const {}

Parsed<std::string> check_name(std::string_view name) {
  constexpr std::size_t kLongest = 64;
  constexpr std::string_view kAllowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";
  if (!name.empty() && name.size() <= kLongest && name.find_first_not_of(kAllowed) == std::string_view::npos)
    return std::string(name);
  return std::unexpected(Fault{"F0214", fmt::format("`{}` is not a usable name", name), "",
                               "letters, digits, `_`, `-` and `.`, up to 64"});
}

// ScalarSchema

void ScalarSchema::normalize(Node& node, const Cursor&, Report&) const {
  const bool joins = type_.joins_lists && node.is_sequence() &&
                     std::ranges::all_of(node.children, [](const Node& item) { return item.is_scalar(); });
  if (!joins) return;
  node.kind = Node::Kind::scalar;
  node.quoted = true;  // An empty list is an empty set, not a missing value.
  for (const Node& item : node.children) node.value += (node.value.empty() ? "" : ",") + item.value;
  node.children.clear();
}

bool ScalarSchema::bind(const Cursor& at, void* target, Report& report) const {
  if (!is_kind(at, Node::Kind::scalar, report)) return false;
  if (at.node().is_null()) return refuse_null(at, report);
  Parsed<void> read = type_.parse(at.node().value, target);
  if (!read) report.error(at, std::move(read.error()));
  return read.has_value();
}

Node ScalarSchema::print(const void* value, const Node* source, Printed) const {
  const Place place = source == nullptr ? Place{} : source->place;
  return type_.is_text ? Node::text(type_.print(value), place) : Node::literal(type_.print(value), place);
}

// WordSchema

std::vector<std::string_view> WordSchema::supported_words() const {
  std::vector<std::string_view> names;
  for (const Word& word : words_)
    if (word.standing == Word::Standing::usual) names.push_back(word.text);
  return names;
}

bool WordSchema::bind(const Cursor& at, void* target, Report& report) const {
  if (!is_kind(at, Node::Kind::scalar, report)) return false;
  if (at.node().is_null()) return refuse_null(at, report);
  const std::string& text = at.node().value;
  const auto found = std::ranges::find(words_, text, &Word::text);
  const std::string choices = fmt::format("one of: {}", fmt::join(supported_words(), ", "));
  if (found == words_.end()) {
    const std::string close = nearest(text, supported_words());
    report.error(at, {"F0206", fmt::format("`{}` is not a word that `{}` takes", text, at.node().key), "",
                      close.empty() ? choices : fmt::format("did you mean `{}`?", close), close});
    return false;
  }
  if (found->standing == Word::Standing::unsupported) {
    report.error(at, {"F0103", fmt::format("`{}` is not supported yet", text), "", choices});
    return false;
  }
  set_(target, found->value);
  return true;
}

Node WordSchema::print(const void* value, const Node* source, Printed) const {
  const std::int64_t wanted = get_(value);
  const auto found = std::ranges::find(words_, wanted, &Word::value);
  return Node::text(std::string(found->text), source == nullptr ? Place{} : source->place);
}

// ListSchema

void ListSchema::normalize(Node& node, const Cursor& at, Report& report) const {
  if (node.is_scalar()) {
    Node list = Node::sequence(node.place);
    std::swap(list.key, node.key);
    list.key_place = node.key_place;
    if (!node.is_null()) list.children.push_back(std::move(node));
    node = std::move(list);
  }
  if (!node.is_sequence()) return;
  for (std::size_t index = 0; index < node.children.size(); ++index)
    item_->normalize(node.children[index], at.into(node.children[index], index), report);
}

bool ListSchema::bind(const Cursor& at, void* target, Report& report) const {
  if (!is_kind(at, Node::Kind::sequence, report)) return false;
  access_.clear(target);
  bool all_good = true;
  for (std::size_t index = 0; index < at.node().children.size(); ++index)
    all_good &= item_->bind(at.into(at.node().children[index], index), access_.append(target), report);
  return all_good;
}

Node ListSchema::print(const void* value, const Node* source, Printed what) const {
  Node list = Node::sequence(source == nullptr ? Place{} : source->place);
  for (std::size_t index = 0; index < access_.size(value); ++index) {
    const bool is_given = source != nullptr && index < source->children.size();
    list.children.push_back(
        item_->print(access_.item(value, index), is_given ? &source->children[index] : nullptr, what));
  }
  return list;
}

// MapSchema

void MapSchema::normalize(Node& node, const Cursor& at, Report& report) const {
  if (node.is_null()) node.kind = Node::Kind::mapping;
  if (!node.is_mapping()) return;
  for (Node& child : node.children) value_->normalize(child, at.into(child), report);
}

bool MapSchema::bind(const Cursor& at, void* target, Report& report) const {
  if (!is_kind(at, Node::Kind::mapping, report)) return false;
  access_.clear(target);
  bool all_good = true;
  for (const Node& child : at.node().children) {
    if (child.key.starts_with("x-") && key_rule_ == check_name) continue;
    Parsed<std::string> key = key_rule_(child.key);
    if (key) {
      all_good &= value_->bind(at.into(child), access_.insert(target, std::move(*key)), report);
    } else {
      report.error(child.key_place, at.into(child).path(), std::move(key.error()));
      all_good = false;
    }
  }
  return all_good;
}

Node MapSchema::print(const void* value, const Node* source, Printed what) const {
  Node map = Node::mapping(source == nullptr ? Place{} : source->place);
  access_.each(value, [&](const std::string& key, const void* entry) {
    const Node* given = source == nullptr ? nullptr : source->find(key);
    Node& child = map.add(key, value_->print(entry, given, what));
    if (given != nullptr) child.key_place = given->key_place;
  });
  return map;
}

// OptionalSchema

void OptionalSchema::normalize(Node& node, const Cursor& at, Report& report) const {
  const bool is_absent = node.is_scalar() && !empty_word_.empty() && node.value == empty_word_;
  if (!is_absent) value_->normalize(node, at, report);
}

bool OptionalSchema::bind(const Cursor& at, void* target, Report& report) const {
  access_.reset(target);
  if (at.node().is_scalar() && !empty_word_.empty() && at.node().value == empty_word_) return true;
  return value_->bind(at, access_.emplace(target), report);
}

Node OptionalSchema::print(const void* value, const Node* source, Printed what) const {
  const void* held = access_.value(value);
  if (held != nullptr) return value_->print(held, source, what);
  return Node::text(std::string(empty_word_), source == nullptr ? Place{} : source->place);
}

}  // namespace fairlead::config
