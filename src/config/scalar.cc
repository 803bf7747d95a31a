#include "config/scalar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>

namespace fairlead::config {
namespace {

using namespace std::chrono_literals;

struct Unit {
  std::string_view word;
  std::uint64_t factor;
};

constexpr std::array kDurationUnits{
    Unit{"d", 86'400'000'000'000},
    Unit{"h", 3'600'000'000'000},
    Unit{"m", 60'000'000'000},
    Unit{"s", 1'000'000'000},
    Unit{"ms", 1'000'000},
    Unit{"us", 1'000},
    Unit{"ns", 1},
};
// The largest first, binary before decimal: printing takes the first that fits.
constexpr std::array kByteUnits{
    Unit{"TiB", std::uint64_t{1} << 40U},
    Unit{"GiB", std::uint64_t{1} << 30U},
    Unit{"MiB", std::uint64_t{1} << 20U},
    Unit{"KiB", std::uint64_t{1} << 10U},
    Unit{"TB", 1'000'000'000'000},
    Unit{"GB", 1'000'000'000},
    Unit{"MB", 1'000'000},
    Unit{"KB", 1'000},
    Unit{"kB", 1'000},
    Unit{"B", 1},
};

constexpr std::string_view kDigits = "0123456789";

// Takes digits off the front; nothing where there are none or too many.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

const Unit* take_unit(std::string_view& text, std::span<const Unit> units) {
  const std::string_view word = text.substr(0, text.find_first_of(kDigits));
  const auto found = std::ranges::find(units, word, &Unit::word);
  if (found == units.end()) return nullptr;
  text.remove_prefix(word.size());
  return &*found;
}

// The sum of `NUMBER UNIT` pairs, or nothing where the text is not of that form or does not fit.
std::optional<std::uint64_t> take_quantity(std::string_view text, std::span<const Unit> units) {
  std::uint64_t total = 0;
  do {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    const Unit* unit = take_unit(text, units);
    std::uint64_t part = 0;
    if (unit == nullptr || __builtin_mul_overflow(*number, unit->factor, &part) ||
        __builtin_add_overflow(total, part, &total))
      return std::nullopt;
  } while (!text.empty());
  return total;
}

std::string print_quantity(std::uint64_t value, std::span<const Unit> units) {
  const auto fits = std::ranges::find_if(units, [&](const Unit& unit) { return value % unit.factor == 0; });
  return fmt::format("{}{}", value / fits->factor, fits->word);
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of(kDigits) == std::string_view::npos;
}

Parsed<bool> parse_bool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  const bool means_yes = text == "yes" || text == "on" || text == "True" || text == "TRUE" || text == "1";
  const bool means_no = text == "no" || text == "off" || text == "False" || text == "FALSE" || text == "0";
  const std::string meant = means_yes ? "true" : means_no ? "false" : "";
  return std::unexpected(Fault{"F0208", fmt::format("`{}` is not a boolean", text), "",
                               meant.empty() ? "write `true` or `false`" : fmt::format("write `{}`", meant), meant});
}

std::string print_bool(const bool& value) { return value ? "true" : "false"; }

Parsed<std::string> parse_text(std::string_view text) { return std::string(text); }

std::string print_text(const std::string& value) { return value; }

Node json_type(std::string_view type) {
  Node schema = Node::mapping();
  schema.add("type", Node::text(std::string(type)));
  return schema;
}

}  // namespace

Parsed<Duration> parse_duration(std::string_view text) {
  if (is_number(text) && text != "0") {
    return std::unexpected(Fault{"F0203", "a duration needs a unit", fmt::format("{} what?", text),
                                 fmt::format("write `{0}s` for seconds or `{0}ms` for milliseconds", text)});
  }
  const auto nanoseconds = text == "0" ? std::optional<std::uint64_t>(0) : take_quantity(text, kDurationUnits);
  constexpr std::uint64_t kLongest = std::uint64_t{3650} * 86'400'000'000'000;
  if (!nanoseconds || *nanoseconds > kLongest)
    return std::unexpected(
        Fault{"F0205", fmt::format("`{}` is not a duration", text), "", "write it like `250ms`, `5s`, `2m` or `1h`"});
  return Duration(static_cast<Duration::rep>(*nanoseconds));
}

std::string print_duration(const Duration& value) {
  if (value == 0s) return "0s";
  return print_quantity(static_cast<std::uint64_t>(value.count()), kDurationUnits);
}

Parsed<ByteCount> parse_byte_count(std::string_view text) {
  if (is_number(text) && text != "0")
    return std::unexpected(Fault{"F0210", "a size needs a unit", fmt::format("{} what?", text),
                                 fmt::format("write `{0}B`, `{0}KiB` or `{0}MiB`", text)});
  const auto bytes = text == "0" ? std::optional<std::uint64_t>(0) : take_quantity(text, kByteUnits);
  if (!bytes)
    return std::unexpected(
        Fault{"F0210", fmt::format("`{}` is not a size", text), "", "write it like `512B`, `64KiB`, `10MiB` or `1GB`"});
  return ByteCount{*bytes};
}

std::string print_byte_count(const ByteCount& value) {
  if (value.bytes == 0) return "0B";
  return print_quantity(value.bytes, kByteUnits);
}

Parsed<ByteRate> parse_byte_rate(std::string_view text) {
  constexpr std::string_view kPerSecond = "/s";
  const bool has_time = text.ends_with(kPerSecond);
  const auto bytes = parse_byte_count(has_time ? text.substr(0, text.size() - kPerSecond.size()) : text);
  if (!bytes || !has_time)
    return std::unexpected(
        Fault{"F0210", fmt::format("`{}` is not a rate", text), "", "write it like `240B/s` or `64KiB/s`"});
  return ByteRate{bytes->bytes};
}

std::string print_byte_rate(const ByteRate& value) { return print_byte_count({value.per_second}) + "/s"; }

Parsed<Share> parse_share(std::string_view text) {
  double percent = 0;
  const bool has_sign = text.ends_with('%');
  const std::string_view number = has_sign ? text.substr(0, text.size() - 1) : text;
  const auto [end, problem] = std::from_chars(number.data(), number.data() + number.size(), percent);
  const bool is_read = problem == std::errc{} && end == number.data() + number.size() && std::isfinite(percent);
  if (!is_read || percent < 0 || percent > 100)
    return std::unexpected(Fault{"F0209", fmt::format("`{}` is not a percentage", text), "", "write `0%` to `100%`"});
  if (!has_sign)
    return std::unexpected(Fault{"F0209", "a percentage needs its sign", fmt::format("{} what?", text),
                                 fmt::format("write `{}%`", text), fmt::format("{}%", text)});
  return Share{percent / 100};
}

std::string print_share(const Share& value) {
  // Ten digits hide the rounding of the division by 100.
  return fmt::format("{:.10g}%", value.fraction * 100);
}

Parsed<std::int64_t> parse_integer(std::string_view text, std::int64_t low, std::int64_t high) {
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_whole = end == text.data() + text.size() && problem != std::errc::invalid_argument;
  if (!is_whole)
    return std::unexpected(Fault{"F0202", fmt::format("`{}` is not a whole number", text), "",
                                 "write digits only, without quotes, units or a point"});
  if (problem == std::errc::result_out_of_range || value < low || value > high)
    return std::unexpected(
        Fault{"F0204", fmt::format("`{}` is out of range", text), "", fmt::format("allowed: {} to {}", low, high)});
  return value;
}

Node text_pattern(std::string pattern, std::string description) {
  Node schema = json_type("string");
  schema.add("pattern", Node::text(std::move(pattern)));
  if (!description.empty()) schema.add("description", Node::text(std::move(description)));
  return schema;
}

ScalarType duration_type() {
  return scalar_type<Duration>("duration", text_pattern("^([0-9]+(d|h|m|s|ms|us|ns))+$"), parse_duration,
                               print_duration);
}

ScalarType byte_count_type() {
  return scalar_type<ByteCount>("size", text_pattern("^[0-9]+([KMGT]i?B|kB|B)$"), parse_byte_count, print_byte_count);
}

ScalarType byte_rate_type() {
  return scalar_type<ByteRate>("rate", text_pattern("^[0-9]+([KMGT]i?B|kB|B)/s$"), parse_byte_rate, print_byte_rate);
}

ScalarType share_type() {
  return scalar_type<Share>("percentage", text_pattern("^[0-9]+([.][0-9]+)?%$"), parse_share, print_share);
}

ScalarType bool_type() { return scalar_type<bool>("`true` or `false`", json_type("boolean"), parse_bool, print_bool); }

ScalarType text_type() {
  // Numbers too: `1` as the value of a header is text to us, though not to YAML.
  Node schema = Node::mapping();
  Node types = Node::sequence();
  for (const char* type : {"string", "number", "boolean"}) types.children.push_back(Node::text(type));
  schema.add("type", std::move(types));
  ScalarType type = scalar_type<std::string>("text", std::move(schema), parse_text, print_text);
  type.is_text = true;
  return type;
}

}  // namespace fairlead::config
