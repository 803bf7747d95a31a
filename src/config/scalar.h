// Values that are written as one word: how to read them, print them, and describe them. Type-erased, so that a new
// kind of value costs two functions and no template.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "base/units.h"
#include "config/node.h"
#include "config/report.h"

namespace fairlead::config {

template <typename T>
using Parsed = std::expected<T, Fault>;

struct ScalarType {
  std::string name;  // `duration`: for the reference
  Node json_schema;  // of the value as JSON or YAML would give it
  std::function<Parsed<void>(std::string_view text, void* target)> parse;
  std::function<std::string(const void* value)> print;
  bool is_text = false;      // may be empty, and is a string in JSON
  bool joins_lists = false;  // `[502, 503]` is read as `502,503`
};

// Builds a ScalarType from a typed pair: `Parsed<T> parse(std::string_view)` and `std::string print(const T&)`.
template <typename T>
ScalarType scalar_type(std::string name, Node json_schema, Parsed<T> (*parse)(std::string_view),
                       std::string (*print)(const T&)) {
  ScalarType type;
  type.name = std::move(name);
  type.json_schema = std::move(json_schema);
  type.parse = [parse](std::string_view text, void* target) -> Parsed<void> {
    Parsed<T> value = parse(text);
    if (!value) return std::unexpected(std::move(value.error()));
    *static_cast<T*>(target) = std::move(*value);
    return {};
  };
  type.print = [print](const void* value) { return print(*static_cast<const T*>(value)); };
  return type;
}

// A duration needs a unit: `250ms 5s 2m 1h 7d`. Parts may be joined: `1m30s`.
Parsed<Duration> parse_duration(std::string_view text);
// The largest unit that leaves a whole number: `90s`, `5m`, `0s`.
std::string print_duration(const Duration& value);
// `512B 64KiB 10MiB 1GB`.
Parsed<ByteCount> parse_byte_count(std::string_view text);
std::string print_byte_count(const ByteCount& value);
// `240B/s 64KiB/s`.
Parsed<ByteRate> parse_byte_rate(std::string_view text);
std::string print_byte_rate(const ByteRate& value);
// `5%`, `0.5%`, from 0% to 100%.
Parsed<Share> parse_share(std::string_view text);
std::string print_share(const Share& value);
// A whole number in decimal, between the two bounds.
Parsed<std::int64_t> parse_integer(std::string_view text, std::int64_t low, std::int64_t high);

ScalarType duration_type();
ScalarType byte_count_type();
ScalarType byte_rate_type();
ScalarType share_type();
ScalarType bool_type();
ScalarType text_type();

template <typename T>
ScalarType integer_type(std::int64_t low, std::int64_t high) {
  ScalarType type;
  type.name = "whole number";
  type.json_schema = Node::mapping();
  type.json_schema.add("type", Node::text("integer"));
  type.parse = [low, high](std::string_view text, void* target) -> Parsed<void> {
    const Parsed<std::int64_t> value = parse_integer(text, low, high);
    if (!value) return std::unexpected(value.error());
    *static_cast<T*>(target) = static_cast<T>(*value);
    return {};
  };
  type.print = [](const void* value) { return std::to_string(*static_cast<const T*>(value)); };
  return type;
}

// JSON Schema for text of a given form.
Node text_pattern(std::string pattern, std::string description = {});

}  // namespace fairlead::config
