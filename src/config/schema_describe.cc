// What schemas say of themselves: JSON Schema (draft 2020-12) and the rows of the reference.
#include <fmt/format.h>

#include <utility>

#include "config/node_text.h"
#include "config/record.h"
#include "config/schema.h"

namespace fairlead::config {
namespace {

Node typed(std::string_view type) {
  Node schema = Node::mapping();
  schema.add("type", Node::text(std::string(type)));
  return schema;
}

Node any_of(std::vector<Node> choices) {
  Node list = Node::sequence();
  list.children = std::move(choices);
  Node schema = Node::mapping();
  schema.add("anyOf", std::move(list));
  return schema;
}

Node constant(std::string_view word) {
  Node schema = Node::mapping();
  schema.add("const", Node::text(std::string(word)));
  return schema;
}

// A value may come from outside wherever one word stands.
Node or_substitution(Node schema) {
  Node reference = Node::mapping();
  reference.add("$ref", Node::text("#/$defs/substitution"));
  return any_of({std::move(schema), std::move(reference)});
}

void describe_child(const Schema& type, const std::string& path, const void* value, std::string_view help,
                    std::vector<ReferenceRow>& rows) {
  const std::size_t before = rows.size();
  type.describe(path, value, rows);
  if (rows.size() != before) return;  // It is made of parts, and they have said all.
  ReferenceRow row;
  row.path = path;
  row.type = type.type_text();
  row.help = help;
  if (value != nullptr) row.default_value = to_flow_yaml(type.print(value, nullptr, Printed::everything));
  rows.push_back(std::move(row));
}

}  // namespace

Node ScalarSchema::json_schema() const {
  if (!type_.joins_lists) return or_substitution(type_.json_schema);
  Node list = typed("array");
  list.add("items", type_.json_schema);
  return any_of({or_substitution(type_.json_schema), std::move(list)});
}

Node WordSchema::json_schema() const {
  Node words = Node::sequence();
  for (const Word& word : words_)
    if (word.standing != Word::Standing::unsupported) words.children.push_back(Node::text(std::string(word.text)));
  Node schema = Node::mapping();
  schema.add("enum", std::move(words));
  return or_substitution(std::move(schema));
}

std::string WordSchema::type_text() const { return fmt::format("`{}`", fmt::join(supported_words(), "`, `")); }

Node ListSchema::json_schema() const {
  Node list = typed("array");
  list.add("items", item_->json_schema());
  return any_of({item_->json_schema(), std::move(list), typed("null")});
}

std::string ListSchema::type_text() const { return fmt::format("list of {}", item_->type_text()); }

void ListSchema::describe(const std::string& path, const void*, std::vector<ReferenceRow>& rows) const {
  item_->describe(path + "[]", nullptr, rows);
}

Node MapSchema::json_schema() const {
  Node schema = typed("object");
  schema.add("additionalProperties", value_->json_schema());
  if (key_rule_ == check_name) {
    Node pattern = Node::mapping();
    pattern.add("^x-", Node::literal("true"));
    schema.add("patternProperties", std::move(pattern));
  }
  return any_of({std::move(schema), typed("null")});
}

std::string MapSchema::type_text() const { return fmt::format("map of names to {}", value_->type_text()); }

void MapSchema::describe(const std::string& path, const void*, std::vector<ReferenceRow>& rows) const {
  value_->describe(path + ".NAME", nullptr, rows);
}

Node OptionalSchema::json_schema() const {
  if (empty_word_.empty()) return value_->json_schema();
  return any_of({constant(empty_word_), value_->json_schema()});
}

std::string OptionalSchema::type_text() const {
  return empty_word_.empty() ? value_->type_text() : fmt::format("{} or `{}`", value_->type_text(), empty_word_);
}

void OptionalSchema::describe(const std::string& path, const void* value, std::vector<ReferenceRow>& rows) const {
  value_->describe(path, value == nullptr ? nullptr : access_.value(value), rows);
}

Node RecordSchema::json_schema() const {
  Node properties = Node::mapping();
  Node required = Node::sequence();
  for (const Field& field : fields_) {
    if (field.type == nullptr) continue;
    Node schema = field.type->json_schema();
    schema.add("description", Node::text(std::string(field.help)));
    if (field.minimum) schema.add("minimum", Node::literal(std::to_string(*field.minimum)));
    if (field.maximum) schema.add("maximum", Node::literal(std::to_string(*field.maximum)));
    properties.add(field.name, std::move(schema));
    if (field.is_required) required.children.push_back(Node::text(std::string(field.name)));
  }
  Node ignored = Node::mapping();
  ignored.add("^x-", Node::literal("true"));
  Node schema = typed("object");
  schema.add("properties", std::move(properties));
  schema.add("patternProperties", std::move(ignored));
  schema.add("additionalProperties", Node::literal("false"));
  if (!required.children.empty()) schema.add("required", std::move(required));

  std::vector<Node> forms{std::move(schema)};
  for (const ShortForm& form : short_forms_)
    if (form.json_schema) forms.push_back(*form.json_schema);
  return forms.size() == 1 ? std::move(forms.front()) : any_of(std::move(forms));
}

void RecordSchema::describe(const std::string& path, const void* value, std::vector<ReferenceRow>& rows) const {
  const void* record = value == nullptr ? defaults_.get() : value;
  for (const Field& field : fields_) {
    const std::string field_path = path.empty() ? std::string(field.name) : fmt::format("{}.{}", path, field.name);
    if (field.type == nullptr) {
      rows.push_back({field_path, "", "", std::string(field.help), false});
      continue;
    }
    if (field.member)
      describe_child(*field.type, field_path, field.member(const_cast<void*>(record)), field.help, rows);
    else
      rows.push_back({field_path, std::string(field.shown_type), "", std::string(field.help)});
  }
}

}  // namespace fairlead::config
