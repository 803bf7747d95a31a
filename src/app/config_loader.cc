#include "app/config_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string_view>
#include <utility>

#include "app/options_schema.h"
#include "app/validate.h"
#include "config/include.h"
#include "config/report.h"
#include "config/yaml_tree.h"

namespace fairlead::app {
namespace {

using config::Cursor;
using config::Node;
using config::Report;

std::size_t count_nodes(const Node& node) {
  std::size_t count = 1;
  for (const Node& child : node.children) count += count_nodes(child);
  return count;
}

// The kind of a check as far as somebody wrote it; a page has made its `type` known already.
std::string_view kind_of_check(const Node* health) {
  if (health == nullptr || !health->is_mapping()) return {};
  if (const Node* type = health->find("type")) return type->value;
  return health->find("send") == nullptr ? "" : "tcp";
}

bool is_other_check(const Node* own, const Node* common) {
  return !kind_of_check(own).empty() && !kind_of_check(common).empty() && kind_of_check(own) != kind_of_check(common);
}

// A pool that is checked in another way than `defaults` say takes over only what every kind of check has.
void forget_other_check(Node& health) {
  constexpr std::array<std::string_view, 5> kOfEveryKind{"every", "timeout", "fall", "rise", "port"};
  std::erase_if(health.children, [&](const Node& key) {
    return key.is_inherited && std::ranges::find(kOfEveryKind, key.key) == kOfEveryKind.end();
  });
}

// `defaults: {pool: …}` goes under every pool, and so on. They are copied, so what they cost is bounded here.
void merge_defaults(Node& root, Report& report) {
  constexpr std::size_t kMaxCopied = 4'000'000;
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kParts{
      {{"listener", "listeners"}, {"route", "routes"}, {"pool", "pools"}}};
  const Node* found = root.find("defaults");
  if (found == nullptr) return;
  const Node defaults = *found;
  std::size_t copied = 0;
  for (const auto& [one, all] : kParts) {
    const Node* part = defaults.find(one);
    Node* targets = root.find(all);
    if (part == nullptr || targets == nullptr || !part->is_mapping()) continue;
    copied += count_nodes(*part) * targets->children.size();
    if (copied > kMaxCopied)
      return report.error(part->key_place, "defaults", {"F0006", "`defaults` would be copied too often"});
    for (Node& target : targets->children) {
      if (!target.is_mapping() || target.key.starts_with("x-")) continue;
      const bool checks_otherwise = one == "pool" && is_other_check(target.find("health"), part->find("health"));
      merge_under(target, *part);
      if (checks_otherwise) forget_other_check(*target.find("health"));
    }
  }
}

// What follows the reading of a tree, whoever read it. Takes the parts of `config`, on whose sources `report` stands.
LoadResult bind_tree(LoadedConfig& config, Report& report) {
  const config::SchemaPtr schema = options_schema();
  schema->normalize(config.tree, Cursor(&config.tree), report);
  merge_defaults(config.tree, report);
  const Cursor root(&config.tree);
  schema->bind(root, &config.options, report);
  finish_options(config.options);
  report.begin_rules();
  validate(config.options, root, report);
  if (report.has_errors()) return std::unexpected(report.take());
  config.warnings = report.take();
  return std::move(config);
}

config::Diagnostics unreadable(const std::string& path, const std::string& reason) {
  config::Diagnostic diagnostic;
  diagnostic.code = "F0001";
  diagnostic.message = fmt::format("`{}` cannot be read: {}", path, reason);
  diagnostic.file = path;
  return {diagnostic};
}

}  // namespace

LoadResult load_file(const std::string& path, const config::Environment& environment) {
  auto text = environment.read_file(path, config::kMaxFileBytes);
  if (!text) return std::unexpected(unreadable(path, text.error()));
  return load_text(path, std::move(*text), environment);
}

LoadResult load_text(std::string name, std::string text, const config::Environment& environment) {
  LoadedConfig config;
  Report report(config.sources);
  std::optional<Node> tree =
      read_with_includes({std::move(name), std::move(text)}, environment, config.sources, report);
  if (!tree) return std::unexpected(report.take());
  config.tree = std::move(*tree);
  return bind_tree(config, report);
}

LoadResult load_flags(const RunFlags& flags) {
  LoadedConfig config;
  Report report(config.sources);
  const auto flag_value = [&](const char* flag, const std::string& value) {
    return Node::text(value, {config.sources.add(flag, ""), {}, {}});
  };
  const auto flag_list = [&](const char* flag, const std::vector<std::string>& values) {
    Node list = Node::sequence({config.sources.add(flag, ""), {}, {}});
    for (const std::string& value : values) list.children.push_back(flag_value(flag, value));
    return list;
  };
  config.tree = Node::mapping();
  if (!flags.listen.empty()) config.tree.add("listen", flag_list("--listen", flags.listen));
  config.tree.add("to", flag_list("--to", flags.to));
  if (!flags.health.empty()) config.tree.add("health", flag_value("--health", flags.health));
  Node pool = Node::mapping();
  if (!flags.algorithm.empty()) pool.add("algorithm", flag_value("--algorithm", flags.algorithm));
  if (!flags.sticky.empty()) pool.add("sticky", flag_value("--sticky", flags.sticky));
  if (!pool.children.empty()) config.tree.add("defaults", Node::mapping()).add("pool", std::move(pool));
  LoadResult result = bind_tree(config, report);
  // What is to be said on one line is what stops us.
  if (!result)
    std::erase_if(result.error(), [](const auto& fault) { return fault.severity != config::Severity::error; });
  return result;
}

void finish_options(Options& options) {
  std::size_t number = 0;
  for (proxy::RouteOptions& route : options.routes) {
    ++number;
    if (route.name.empty()) route.name = fmt::format("r{}", number);
  }
}

std::string format_flag_fault(const config::Diagnostic& diagnostic) {
  std::string text = fmt::format("error: {}", diagnostic.message);
  if (flag_fault_exit_code(diagnostic) == 3) return fmt::format("{} ({})", text, diagnostic.code);
  if (diagnostic.help.empty()) return text;
  std::string help = diagnostic.help;
  // Examples are shown as they would be typed.
  if (const std::size_t example = help.find("e.g. "); example != std::string::npos)
    help.insert(example + 5, diagnostic.file + " ");
  help.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(help.front())));
  return fmt::format("{}. {}", text, help);
}

int flag_fault_exit_code(const config::Diagnostic& diagnostic) { return diagnostic.code.starts_with("F0") ? 2 : 3; }

}  // namespace fairlead::app
