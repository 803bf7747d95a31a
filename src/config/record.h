// A struct whose members are keys of a map: the heart of the schema engine.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema.h"

namespace fairlead::config {

// One key. Built by `field`, `directive` and `unsupported` of declare.h.
struct Field {
  std::string_view name;
  std::string_view help;
  SchemaPtr type;                                  // null: known to the grammar, refused by name
  std::function<void*(void*)> member;              // from the struct to the member; empty for a directive
  std::function<std::shared_ptr<void>()> scratch;  // of a directive: what its value is read into and dropped
  // Says what is wrong with a value that was read; empty: nothing can be.
  std::function<std::optional<Fault>(const void* value)> check;
  std::optional<std::int64_t> minimum;  // for the JSON Schema; `check` enforces it
  std::optional<std::int64_t> maximum;
  bool is_required = false;
  std::string_view shown_type;  // in the reference, in place of all that the type would say
};

// Another way to write the whole struct.
struct ShortForm {
  // Rewrites the node into the full map of keys where it is in short form, and leaves it alone where not.
  void (*expand)(Node& node, const Cursor& at, Report& report) = nullptr;
  // What the short form looks like in JSON Schema; a null node where it adds nothing.
  std::optional<Node> json_schema = std::nullopt;
};

class RecordSchema final : public Schema {
 public:
  // `defaults` is a default-constructed struct, for printing and describing.
  RecordSchema(std::vector<Field> fields, std::vector<ShortForm> short_forms, std::shared_ptr<const void> defaults)
      : fields_(std::move(fields)), short_forms_(std::move(short_forms)), defaults_(std::move(defaults)) {}

  void normalize(Node& node, const Cursor& at, Report& report) const override;
  bool bind(const Cursor& at, void* target, Report& report) const override;
  Node print(const void* value, const Node* source, Printed what) const override;
  Node json_schema() const override;
  std::string type_text() const override { return "map"; }
  void describe(const std::string& path, const void* value, std::vector<ReferenceRow>& rows) const override;

 private:
  const Field* find(std::string_view name) const;
  bool bind_field(const Field& field, const Cursor& at, void* target, Report& report) const;
  void report_unknown(const Cursor& at, const Node& child, Report& report) const;

  std::vector<Field> fields_;
  std::vector<ShortForm> short_forms_;
  std::shared_ptr<const void> defaults_;
};

}  // namespace fairlead::config
