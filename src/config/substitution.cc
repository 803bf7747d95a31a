#include "config/substitution.h"

#include <fmt/format.h>

#include <cstdlib>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace fairlead::config {
namespace {

constexpr std::size_t kMaxSecretBytes = std::size_t{1024} * 1024;
constexpr std::string_view kNameCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

// The text that a substitution stands for, or what to say.
using Substituted = std::expected<std::string, Fault>;

Substituted missing(std::string message, std::string help = {}) {
  return std::unexpected(Fault{"F2101", std::move(message), "", std::move(help)});
}

Substituted read(const Environment& environment, const std::string& path) {
  auto text = environment.read_file(path, kMaxSecretBytes);
  if (!text) return missing(fmt::format("`{}` cannot be read: {}", path, text.error()));
  // Editors and `echo` end a file with a line end that is no part of the secret.
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  return std::move(*text);
}

Substituted read_credential(const Environment& environment, std::string_view name) {
  if (name.empty() || name.find('/') != std::string_view::npos || name.starts_with('.'))
    return missing("a credential's name is a plain file name");
  const auto folder = environment.variable("CREDENTIALS_DIRECTORY");
  if (!folder)
    return missing("no credentials were passed in ($CREDENTIALS_DIRECTORY is not set)",
                   fmt::format("add `LoadCredential={}:/path` to the systemd unit", name));
  return read(environment, fmt::format("{}/{}", *folder, name));
}

// `inside` is what stands between the braces.
Substituted expand(const Environment& environment, std::string_view inside) {
  if (inside.starts_with("file:")) return read(environment, std::string(inside.substr(5)));
  if (inside.starts_with("cred:")) return read_credential(environment, inside.substr(5));

  const std::size_t name_end = std::min(inside.find_first_not_of(kNameCharacters), inside.size());
  const std::string name(inside.substr(0, name_end));
  const std::string_view rest = inside.substr(name_end);
  const bool is_known_form = rest.empty() || rest.starts_with(":-") || rest.starts_with(":?");
  if (name.empty() || !is_known_form)
    return std::unexpected(Fault{"F0011", "this is not a substitution", "",
                                 "write `${NAME}`, `${NAME:-default}`, `${NAME:?message}`, `${file:/path}` or "
                                 "`${cred:name}`; `$$` is a dollar sign"});
  auto value = environment.variable(name);
  if (value && (!value->empty() || rest.empty())) return std::move(*value);
  if (rest.starts_with(":-")) return std::string(rest.substr(2));
  if (rest.starts_with(":?")) return missing(fmt::format("`{}` is not set: {}", name, rest.substr(2)));
  return missing(fmt::format("the environment variable `{}` is not set", name),
                 fmt::format("set it, or give a default: `${{{}:-value}}`", name));
}

// Where the `dollars`-th dollar sign of a scalar stands in the file, and the end of its braces.
Place place_in(const Node& scalar, std::size_t dollars, std::size_t length, const Report& report) {
  if (!scalar.place.is_known() || scalar.place.begin.line == 0) return scalar.place;
  Place place = scalar.place;
  place.begin = report.sources().find(place.file, scalar.place.begin, '$', dollars);
  place.end = {place.begin.line, place.begin.column + static_cast<std::uint32_t>(length)};
  return place;
}

// One scalar. The cursor carries only the path.
void substitute_scalar(Node& scalar, const Cursor& at, const Environment& environment, Report& report) {
  if (scalar.value.find('$') == std::string::npos) return;
  const std::string_view text = scalar.value;
  std::string result;
  std::size_t dollars = 0;
  for (std::size_t index = 0; index < text.size(); ++index) {
    if (text[index] != '$') {
      result += text[index];
      continue;
    }
    const std::size_t this_dollar = dollars++;
    if (text.substr(index).starts_with("$$")) {
      result += '$';
      ++index;
      ++dollars;
      continue;
    }
    if (!text.substr(index).starts_with("${")) {
      result += '$';
      continue;
    }
    const std::size_t close = text.find('}', index);
    if (close == std::string_view::npos) {
      report.error(place_in(scalar, this_dollar, 2, report), at.path(),
                   {"F0011", "`${` without a closing `}`", "", "write `$$` for a dollar sign"});
      return;
    }
    const std::string_view whole = text.substr(index, close - index + 1);
    Substituted value = expand(environment, whole.substr(2, whole.size() - 3));
    if (value)
      result += *value;
    else
      report.error(place_in(scalar, this_dollar, character_count(whole), report), at.path(), value.error());
    for (const char byte : whole.substr(1)) dollars += byte == '$' ? 1 : 0;
    index = close;
  }
  scalar.value = std::move(result);
  scalar.quoted = true;  // An empty value is empty text, not a missing one.
}

void substitute_below(Node& node, const Cursor& at, const Environment& environment, Report& report) {
  if (node.is_scalar()) return substitute_scalar(node, at, environment, report);
  for (std::size_t index = 0; index < node.children.size(); ++index) {
    Node& child = node.children[index];
    if (child.is_scalar() && child.value.find('$') == std::string::npos) continue;
    substitute_below(child, node.is_mapping() ? at.into(child) : at.into(child, index), environment, report);
  }
}

}  // namespace

void substitute(Node& root, const Environment& environment, Report& report) {
  substitute_below(root, Cursor(&root), environment, report);
}

}  // namespace fairlead::config
