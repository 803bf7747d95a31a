#include "proxy/pattern_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/declare.h"
#include "http/codec/path.h"

namespace fairlead::proxy {
namespace {

using config::Fault;

std::unexpected<Fault> refuse(std::string message, std::string help) {
  return std::unexpected(Fault{"F0212", std::move(message), "", std::move(help)});
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Requests are matched by the normal form of their path: a pattern in another form would never match.
std::optional<Fault> not_normal(std::string_view text) {
  std::string space(text.size(), '\0');
  const http::NormalPath normal =
      http::normal_path(text, {.merges_slashes = false, .keeps_encoded_slashes = true}, space);
  if (normal.rule != http::Rule::none)
    return Fault{"F0212", fmt::format("`{}` can never match: {}", text, http::refusal(normal.rule).text), "", ""};
  if (normal.path == text) return std::nullopt;
  return Fault{"F0212", fmt::format("`{}` can never match: paths are brought to their normal form first", text), "",
               fmt::format("write `{}`", normal.path)};
}

}  // namespace

config::Parsed<HostPattern> parse_host_pattern(std::string_view text) {
  if (text == "*") return HostPattern{};
  std::string name(text);
  std::ranges::transform(name, name.begin(), lower);
  HostPattern pattern{HostPattern::Kind::exact, name};
  if (name.starts_with("*.")) pattern = {HostPattern::Kind::wildcard, name.substr(1)};
  if (pattern.name.find('*') != std::string::npos)
    return refuse(fmt::format("`{}` has its `*` in the wrong place", text), "only a whole first label: `*.myapp.com`");
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-_.:[]";
  const bool is_v6 = pattern.name.starts_with('[') && pattern.name.ends_with(']');
  if (!is_v6 && pattern.name.find(':') != std::string::npos)
    return refuse(fmt::format("`{}` names a port; hosts are matched without it", text), "delete the port");
  if (pattern.name.empty() || pattern.name == "." || pattern.name.find_first_not_of(kAllowed) != std::string::npos)
    return refuse(fmt::format("`{}` is not a host", text), "write `myapp.com`, `*.myapp.com` or `*`");
  return pattern;
}

std::string print_host_pattern(const HostPattern& pattern) {
  return pattern.kind == HostPattern::Kind::exact ? pattern.name : "*" + pattern.name;
}

config::Parsed<PathPattern> parse_path_pattern(std::string_view text) {
  if (text.starts_with('~'))
    return std::unexpected(
        Fault{"F0103", "regular expressions for paths are not supported yet", "", "write `/exact` or `/prefix/*`"});
  if (!text.starts_with('/'))
    return refuse(fmt::format("`{}` is not a path", text), "it begins with `/`: `/exact` or `/prefix/*`");
  const bool is_clean = std::ranges::all_of(text, [](unsigned char byte) { return byte > 0x20 && byte != 0x7F; });
  if (!is_clean || text.find_first_of("?#") != std::string_view::npos)
    return refuse(fmt::format("`{}` is not a path", text), "a path has no spaces, and no `?` or `#`");
  if (auto fault = not_normal(text)) return std::unexpected(*fault);
  PathPattern pattern{PathPattern::Kind::exact, std::string(text)};
  if (text.ends_with("/*")) pattern = {PathPattern::Kind::prefix, std::string(text.substr(0, text.size() - 1))};
  if (const std::size_t star = pattern.text.find('*'); star != std::string::npos)
    return refuse(fmt::format("`{}` has its `*` in the wrong place", text),
                  fmt::format("only after the last `/`: `{}/*`", text.substr(0, text.substr(0, star).rfind('/'))));
  return pattern;
}

std::string print_path_pattern(const PathPattern& pattern) {
  return pattern.kind == PathPattern::Kind::prefix ? pattern.text + "*" : pattern.text;
}

config::SchemaPtr schema_of(const HostPattern*) {
  config::ScalarType type = config::scalar_type<HostPattern>("host", config::text_pattern("^([*]|([*][.])?[^*/ ]+)$"),
                                                             parse_host_pattern, print_host_pattern);
  type.is_text = true;
  return config::scalar(std::move(type));
}

config::SchemaPtr schema_of(const PathPattern*) {
  config::ScalarType type = config::scalar_type<PathPattern>("path", config::text_pattern("^/[^*?# ]*([*])?$"),
                                                             parse_path_pattern, print_path_pattern);
  type.is_text = true;
  return config::scalar(std::move(type));
}

}  // namespace fairlead::proxy
