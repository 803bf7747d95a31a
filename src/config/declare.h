// The words in which options are declared, beside the structs that hold them:
//
//   config::SchemaPtr schema_of(const KeepaliveOptions*) {
//     using config::field;
//     return config::record<KeepaliveOptions>(
//         field("idle", &KeepaliveOptions::idle, "Idle connections close after this long.").range(1ms, 1h),
//         field("max_idle", &KeepaliveOptions::max_idle, "Idle connections kept per server and worker."));
//   }
//
// A type of its own joins by such a `schema_of`, an enum by a `words_of`, both found by argument-dependent lookup.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/time.h"
#include "base/units.h"
#include "config/record.h"
#include "config/schema.h"

namespace fairlead::config {

template <typename T>
SchemaPtr schema_for();

inline SchemaPtr scalar(ScalarType type) { return std::make_shared<ScalarSchema>(std::move(type)); }

// One word of an enum: `{"round_robin", Algorithm::round_robin}`.
template <typename E>
struct EnumWord {
  std::string_view text;
  E value;
};

// The words of an enum: the usual ones, other spellings of them, and those that are known but not supported yet.
template <typename E>
struct EnumWords {
  std::vector<EnumWord<E>> usual;
  std::vector<EnumWord<E>> aliases = {};
  std::vector<std::string_view> unsupported = {};
};

template <typename E>
SchemaPtr enumeration(const EnumWords<E>& words) {
  using Word = WordSchema::Word;
  std::vector<Word> all;
  for (const auto& word : words.usual) all.push_back({word.text, static_cast<std::int64_t>(word.value)});
  for (const auto& word : words.aliases)
    all.push_back({word.text, static_cast<std::int64_t>(word.value), Word::Standing::alias});
  for (const auto& word : words.unsupported) all.push_back({word, -1, Word::Standing::unsupported});
  return std::make_shared<WordSchema>(
      std::move(all), [](void* target, std::int64_t value) { *static_cast<E*>(target) = static_cast<E>(value); },
      [](const void* value) { return static_cast<std::int64_t>(*static_cast<const E*>(value)); });
}

template <typename Item>
SchemaPtr list_of(SchemaPtr item) {
  using List = std::vector<Item>;
  return std::make_shared<ListSchema>(
      std::move(item),
      ListSchema::Access{
          [](void* list) { static_cast<List*>(list)->clear(); },
          [](void* list) -> void* { return &static_cast<List*>(list)->emplace_back(); },
          [](const void* list) { return static_cast<const List*>(list)->size(); },
          [](const void* list, std::size_t index) -> const void* { return &(*static_cast<const List*>(list))[index]; },
      });
}

template <typename Value>
std::shared_ptr<const MapSchema> map_of(SchemaPtr value, MapSchema::KeyRule key_rule = check_name) {
  using Map = std::map<std::string, Value>;
  return std::make_shared<MapSchema>(
      std::move(value),
      MapSchema::Access{
          [](void* map) { static_cast<Map*>(map)->clear(); },
          [](void* map, std::string key) -> void* { return &(*static_cast<Map*>(map))[std::move(key)]; },
          [](const void* map, const std::function<void(const std::string&, const void*)>& visit) {
            for (const auto& [key, entry] : *static_cast<const Map*>(map)) visit(key, &entry);
          },
      },
      key_rule);
}

template <typename Value>
SchemaPtr optional_of(SchemaPtr value, std::string_view empty_word) {
  using Optional = std::optional<Value>;
  return std::make_shared<OptionalSchema>(
      std::move(value),
      OptionalSchema::Access{
          [](void* optional) { static_cast<Optional*>(optional)->reset(); },
          [](void* optional) -> void* { return &static_cast<Optional*>(optional)->emplace(); },
          [](const void* optional) -> const void* {
            const auto& held = *static_cast<const Optional*>(optional);
            return held ? &*held : nullptr;
          },
      },
      empty_word);
}

namespace detail {

template <typename T>
struct Container {
  static constexpr bool is_list = false, is_map = false, is_optional = false;
  using Element = T;
};
template <typename T>
struct Container<std::vector<T>> : Container<void> {
  static constexpr bool is_list = true;
  using Element = T;
};
template <typename T>
struct Container<std::map<std::string, T>> : Container<void> {
  static constexpr bool is_map = true;
  using Element = T;
};
template <typename T>
struct Container<std::optional<T>> : Container<void> {
  static constexpr bool is_optional = true;
  using Element = T;
};

// The values below a member that a range speaks of: the value itself, or what an optional holds.
template <typename T>
const typename Container<T>::Element* ranged_value(const void* member) {
  if constexpr (Container<T>::is_optional) {
    const auto& held = *static_cast<const T*>(member);
    return held ? &*held : nullptr;
  } else {
    return static_cast<const T*>(member);
  }
}

}  // namespace detail

// The schema of a type: built in, or what its `schema_of` or `words_of` says. An absent optional is `off`; a record
// that is absent has no word.
template <typename T>
SchemaPtr schema_for() {
  using Held = detail::Container<T>;
  if constexpr (Held::is_list) {
    return list_of<typename Held::Element>(schema_for<typename Held::Element>());
  } else if constexpr (Held::is_map) {
    return map_of<typename Held::Element>(schema_for<typename Held::Element>());
  } else if constexpr (Held::is_optional) {
    constexpr bool is_record = std::is_class_v<typename Held::Element> && std::is_aggregate_v<typename Held::Element> &&
                               !std::same_as<typename Held::Element, ByteCount> &&
                               !std::same_as<typename Held::Element, ByteRate> &&
                               !std::same_as<typename Held::Element, Share>;
    return optional_of<typename Held::Element>(schema_for<typename Held::Element>(), is_record ? "" : "off");
  } else if constexpr (std::same_as<T, bool>) {
    return scalar(bool_type());
  } else if constexpr (std::same_as<T, std::string>) {
    return scalar(text_type());
  } else if constexpr (std::same_as<T, Duration>) {
    return scalar(duration_type());
  } else if constexpr (std::same_as<T, ByteCount>) {
    return scalar(byte_count_type());
  } else if constexpr (std::same_as<T, ByteRate>) {
    return scalar(byte_rate_type());
  } else if constexpr (std::same_as<T, Share>) {
    return scalar(share_type());
  } else if constexpr (std::integral<T>) {
    return scalar(integer_type<T>(std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  } else if constexpr (std::is_enum_v<T>) {
    return enumeration<T>(words_of(static_cast<const T*>(nullptr)));
  } else {
    return schema_of(static_cast<const T*>(nullptr));
  }
}

// A field whose member has the type T, while it is being declared.
template <typename T>
class TypedField {
 public:
  using Value = typename detail::Container<T>::Element;

  explicit TypedField(Field field) : field_(std::move(field)) {}

  // The value must lie between the two, both included.
  TypedField range(Value low, Value high) && {
    if constexpr (std::integral<Value>) {
      field_.minimum = static_cast<std::int64_t>(low);
      field_.maximum = static_cast<std::int64_t>(high);
    }
    const SchemaPtr printer = schema_for<Value>();
    field_.check = [low, high, printer](const void* member) -> std::optional<Fault> {
      const Value* value = detail::ranged_value<T>(member);
      if (value == nullptr || (*value >= low && *value <= high)) return std::nullopt;
      const auto text = [&](const Value& shown) { return printer->print(&shown, nullptr, Printed::everything).value; };
      return Fault{"F0204", "`" + text(*value) + "` is out of range", "",
                   "allowed: " + text(low) + " to " + text(high)};
    };
    return std::move(*this);
  }
  // Any other rule for this value alone.
  TypedField check(std::optional<Fault> (*rule)(const T&)) && {
    field_.check = [rule](const void* member) { return rule(*static_cast<const T*>(member)); };
    return std::move(*this);
  }
  TypedField required() && {
    field_.is_required = true;
    return std::move(*this);
  }

  Field take() && { return std::move(field_); }

 private:
  Field field_;
};

// The key `name` sets this member, read by a schema other than its type's own. Its default is the member's.
template <typename Struct, typename T>
TypedField<T> field(std::string_view name, T Struct::* member, std::string_view help, SchemaPtr type) {
  Field declared;
  declared.name = name;
  declared.help = help;
  declared.type = std::move(type);
  declared.member = [member](void* record) -> void* { return &(static_cast<Struct*>(record)->*member); };
  return TypedField<T>(std::move(declared));
}

template <typename Struct, typename T>
TypedField<T> field(std::string_view name, T Struct::* member, std::string_view help) {
  return field(name, member, help, schema_for<T>());
}

// A key that is checked by its type and used by other means than a member: `version`, `include`. The reference shows
// it as one row, with `shown_type`.
template <typename T>
TypedField<T> directive(std::string_view name, std::string_view shown_type, std::string_view help,
                        SchemaPtr type = schema_for<T>()) {
  Field declared;
  declared.name = name;
  declared.help = help;
  declared.shown_type = shown_type;
  declared.type = std::move(type);
  declared.scratch = [] { return std::shared_ptr<void>(std::make_shared<T>()); };
  return TypedField<T>(std::move(declared));
}

// A key of the grammar that is not built yet. It is refused by name, which is kinder than "unknown".
inline Field unsupported(std::string_view name, std::string_view help) {
  Field declared;
  declared.name = name;
  declared.help = help;
  return declared;
}

namespace detail {

struct Parts {
  std::vector<Field> fields;
  std::vector<ShortForm> short_forms;

  void add(Field field) { fields.push_back(std::move(field)); }
  void add(ShortForm form) { short_forms.push_back(std::move(form)); }
  template <typename T>
  void add(TypedField<T> field) {
    fields.push_back(std::move(field).take());
  }
};

}  // namespace detail

// The schema of a struct, from its fields, unsupported keys and short forms.
template <typename Struct, typename... Part>
SchemaPtr record(Part&&... part) {
  detail::Parts parts;
  (parts.add(std::forward<Part>(part)), ...);
  return std::make_shared<RecordSchema>(std::move(parts.fields), std::move(parts.short_forms),
                                        std::make_shared<const Struct>());
}

}  // namespace fairlead::config
