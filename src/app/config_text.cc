// Options as text: the effective file of `--print-config`, the file of `--save`, the summary of `check`.
#include <fmt/format.h>

#include <string>

#include "app/config_loader.h"
#include "app/options_schema.h"
#include "config/node_text.h"

namespace fairlead::app {
namespace {

using config::Node;

std::string plural(std::size_t number, std::string_view word) {
  return fmt::format("{} {}{}", number, word, number == 1 ? "" : "s");
}

// The options that a file of `listen`, `to` and `health` alone would give, taking these for what they can say.
Options short_form_of(const Options& options) {
  Options shortened;
  const auto listener = options.listeners.find("default");
  const auto pool = options.pools.find("default");
  if (listener == options.listeners.end() || pool == options.pools.end()) return shortened;
  shortened.listeners["default"].address = listener->second.address;
  pool::PoolOptions& short_pool = shortened.pools["default"];
  for (const pool::ServerOptions& server : pool->second.servers)
    short_pool.servers.emplace_back().address = server.address;
  short_pool.health.type = pool->second.health.type;
  short_pool.health.path = pool->second.health.path;
  proxy::RouteOptions& route = shortened.routes.emplace_back();
  route.name = "default";
  route.to = "default";
  return shortened;
}

std::string short_yaml(const Options& options) {
  const pool::PoolOptions& pool = options.pools.at("default");
  Node listen = Node::sequence();
  for (const net::Endpoint& address : options.listeners.at("default").address)
    listen.children.push_back(Node::text(address.text()));
  if (listen.children.size() == 1) listen = Node(listen.children.front());
  Node to = Node::sequence();
  for (const pool::ServerOptions& server : pool.servers) to.children.push_back(Node::text(server.address.text()));
  const std::string health = pool.health.path.empty()
                                 ? "# health: /health\n"
                                 : fmt::format("health: {}\n", config::to_flow_yaml(Node::text(pool.health.path)));
  return fmt::format(
      "# Fairlead: the whole configuration. After a change: fairlead check, then pkill -HUP fairlead.\n"
      "# Every key with its default: fairlead run --print-config\n"
      "version: 1\n"
      "# Where clients connect.\n"
      "listen: {}\n"
      "# Your app's servers. Add one by adding its address.\n"
      "to: {}\n"
      "# A page that answers 200 when the app can do its work. Without it, servers are checked by connecting.\n"
      "{}",
      config::to_flow_yaml(listen), config::to_flow_yaml(to), health);
}

}  // namespace

std::string summary(const Options& options) {
  std::size_t servers = 0;
  for (const auto& [name, pool] : options.pools) servers += pool.servers.size();
  return fmt::format("{}, {}, {}, {}", plural(options.listeners.size(), "listener"),
                     plural(options.routes.size(), "route"), plural(options.pools.size(), "pool"),
                     plural(servers, "server"));
}

std::string print_config(const LoadedConfig& config) {
  const Node tree = options_schema()->print(&config.options, &config.tree, config::Printed::everything);
  return "version: 1\n" + config::to_yaml(tree, [&](const Node& node) -> std::string {
           const config::Place& place = node.place;
           if (!place.is_known()) return "default";
           const std::string& source = config.sources.name(place.file);
           if (place.begin.line == 0) return fmt::format("flag {}", source);
           return fmt::format("{}:{}", source, place.begin.line);
         });
}

std::string to_yaml(const Options& options) {
  if (!options.pools.empty() && short_form_of(options) == options) return short_yaml(options);
  const Node tree = options_schema()->print(&options, nullptr, config::Printed::only_what_differs_from_the_default);
  return "version: 1\n" + config::to_yaml(tree);
}

}  // namespace fairlead::app
