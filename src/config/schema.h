// How one type of option is read, checked, printed and described: the interface, and the kinds there are.
//
// These classes know no type of ours: containers and structs are reached through a few erased functions, which
// declare.h fills in. Everything is immutable and owned by shared pointers; no schema is global.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"
#include "config/report.h"
#include "config/scalar.h"

namespace fairlead::config {

// What `print` leaves out.
enum class Printed : std::uint8_t { everything, only_what_differs_from_the_default };

// One row of the reference: `pools.NAME.drain`, what it takes, its default, what it means.
struct ReferenceRow {
  std::string path;
  std::string type;
  std::string default_value;
  std::string help;
  bool is_supported = true;
};

class Schema {
 public:
  virtual ~Schema() = default;

  // Rewrites short forms below `node` into full ones. After it, a list is a sequence and a record is a mapping,
  // unless the user got it wrong; that is for `bind` to say.
  virtual void normalize(Node&, const Cursor&, Report&) const {}
  // Reads a normalized node. Returns false after reporting; `target` may then be partly filled.
  virtual bool bind(const Cursor& at, void* target, Report& report) const = 0;
  // The value as a tree. A node that comes from `source` (may be null) keeps its place; a default has none.
  virtual Node print(const void* value, const Node* source, Printed what) const = 0;
  // JSON Schema, draft 2020-12.
  virtual Node json_schema() const = 0;
  // `duration`, `list of text`: for the reference.
  virtual std::string type_text() const = 0;
  // Rows for everything below a value of this type that stands at `path`. `value` may be null.
  virtual void describe(const std::string& path, const void* value, std::vector<ReferenceRow>& rows) const;
};

using SchemaPtr = std::shared_ptr<const Schema>;

class ScalarSchema final : public Schema {
 public:
  explicit ScalarSchema(ScalarType type) : type_(std::move(type)) {}
  void normalize(Node& node, const Cursor& at, Report& report) const override;
  bool bind(const Cursor& at, void* target, Report& report) const override;
  Node print(const void* value, const Node* source, Printed what) const override;
  Node json_schema() const override;
  std::string type_text() const override { return type_.name; }

 private:
  ScalarType type_;
};

// One of a few words.
class WordSchema final : public Schema {
 public:
  struct Word {
    std::string_view text;
    std::int64_t value = 0;
    // Another way to write it is read, but never printed or suggested.
    enum class Standing : std::uint8_t { usual, alias, unsupported } standing = Standing::usual;
  };
  WordSchema(std::vector<Word> words, void (*set)(void*, std::int64_t), std::int64_t (*get)(const void*))
      : words_(std::move(words)), set_(set), get_(get) {}
  bool bind(const Cursor& at, void* target, Report& report) const override;
  Node print(const void* value, const Node* source, Printed what) const override;
  Node json_schema() const override;
  std::string type_text() const override;

 private:
  std::vector<std::string_view> supported_words() const;

  std::vector<Word> words_;
  void (*set_)(void*, std::int64_t);
  std::int64_t (*get_)(const void*);
};

// A list of values of one type. A list with one simple item may be written as that item.
class ListSchema final : public Schema {
 public:
  struct Access {
    void (*clear)(void* list);
    void* (*append)(void* list);
    std::size_t (*size)(const void* list);
    const void* (*item)(const void* list, std::size_t index);
  };
  ListSchema(SchemaPtr item, Access access) : item_(std::move(item)), access_(access) {}
  void normalize(Node& node, const Cursor& at, Report& report) const override;
  bool bind(const Cursor& at, void* target, Report& report) const override;
  Node print(const void* value, const Node* source, Printed what) const override;
  Node json_schema() const override;
  std::string type_text() const override;
  void describe(const std::string& path, const void* value, std::vector<ReferenceRow>& rows) const override;

 private:
  SchemaPtr item_;
  Access access_;
};

// Names that the user chooses, each with a value.
class MapSchema final : public Schema {
 public:
  struct Access {
    void (*clear)(void* map);
    void* (*insert)(void* map, std::string key);
    void (*each)(const void* map, const std::function<void(const std::string&, const void*)>& visit);
  };
  // How a key must look: the key to keep, or what is wrong.
  using KeyRule = Parsed<std::string> (*)(std::string_view key);

  MapSchema(SchemaPtr value, Access access, KeyRule key_rule)
      : value_(std::move(value)), access_(access), key_rule_(key_rule) {}
  void normalize(Node& node, const Cursor& at, Report& report) const override;
  bool bind(const Cursor& at, void* target, Report& report) const override;
  Node print(const void* value, const Node* source, Printed what) const override;
  Node json_schema() const override;
  std::string type_text() const override;
  void describe(const std::string& path, const void* value, std::vector<ReferenceRow>& rows) const override;
  MapSchema with_keys(KeyRule key_rule) const { return {value_, access_, key_rule}; }

 private:
  SchemaPtr value_;
  Access access_;
  KeyRule key_rule_;
};

// A value that may be absent, written as a word (`off`, `auto`) where it has one.
class OptionalSchema final : public Schema {
 public:
  struct Access {
    void (*reset)(void* optional);
    void* (*emplace)(void* optional);
    const void* (*value)(const void* optional);  // null where there is none
  };
  OptionalSchema(SchemaPtr value, Access access, std::string_view empty_word)
      : value_(std::move(value)), access_(access), empty_word_(empty_word) {}
  void normalize(Node& node, const Cursor& at, Report& report) const override;
  bool bind(const Cursor& at, void* target, Report& report) const override;
  Node print(const void* value, const Node* source, Printed what) const override;
  Node json_schema() const override;
  std::string type_text() const override;
  void describe(const std::string& path, const void* value, std::vector<ReferenceRow>& rows) const override;
  OptionalSchema with_word(std::string_view word) const { return {value_, access_, word}; }

 private:
  SchemaPtr value_;
  Access access_;
  std::string_view empty_word_;
};

// The rule for names that users choose: letters, digits, `_`, `-`, `.`, at most 64.
Parsed<std::string> check_name(std::string_view name);

}  // namespace fairlead::config
