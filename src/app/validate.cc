#include "app/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/memory_plan.h"
#include "net/endpoint_schema.h"
#include "pool/options_schema.h"
#include "proxy/options_schema.h"

namespace fairlead::app {
namespace {

using config::Cursor;
using config::Place;
using config::Report;

template <typename T>
std::vector<std::string_view> names_of(const std::map<std::string, T>& map) {
  std::vector<std::string_view> names;
  for (const auto& [name, value] : map) names.push_back(name);
  return names;
}

// "did you mean `web`? (defined at line 19)", or what there is.
template <typename T>
config::Fault unknown_name(std::string_view code, std::string message, std::string label, const std::string& wrong,
                           const std::map<std::string, T>& known, const Cursor& definitions, const Place& from,
                           const Report& report) {
  config::Fault fault{code, std::move(message), std::move(label)};
  const std::string close = config::nearest(wrong, names_of(known));
  if (!close.empty()) {
    const Place place = definitions.at(close).key_place();
    fault.help = fmt::format("did you mean `{}`?", close);
    if (place.is_known()) fault.help += fmt::format(" (defined at {})", report.describe(place, from));
    fault.replacement = close;
  } else if (!known.empty() && known.size() <= 10) {
    fault.help = fmt::format("there are: {}", fmt::join(names_of(known), ", "));
  }
  return fault;
}

void validate_presence(const Options& options, const Cursor& root, Report& report) {
  if (options.listeners.empty())
    report.error(root.at("listeners").key_place(), "listeners",
                 {"F1011", "nothing listens: there is no listener", "", "add `listen: :8080`"});
  if (options.routes.empty())
    report.error(root.at("routes").key_place(), "routes",
                 {"F1011", "nothing is served: there is no route", "", "add `to: [127.0.0.1:3001]`, or `routes`"});
}

void validate_references(const Options& options, const Cursor& root, Report& report) {
  for (std::size_t index = 0; index < options.routes.size(); ++index) {
    const proxy::RouteOptions& route = options.routes[index];
    const Cursor at = root.at("routes").at(index);
    const Cursor to = at.at("to");
    if (!route.to.empty() && route.to.find('/') == std::string::npos && !options.pools.contains(route.to))
      report.error(to, unknown_name("F1004", "route sends traffic to a pool that does not exist",
                                    fmt::format("no pool is called `{}`", route.to), route.to, options.pools,
                                    root.at("pools"), to.place(), report));
    for (std::size_t entry = 0; entry < route.listeners.size(); ++entry) {
      const std::string& name = route.listeners[entry];
      const Cursor here = at.at("listeners").at(entry);
      if (!options.listeners.contains(name))
        report.error(here, unknown_name("F1005", "route names a listener that does not exist",
                                        fmt::format("no listener is called `{}`", name), name, options.listeners,
                                        root.at("listeners"), here.place(), report));
    }
  }
}

void validate_route_names(const Options& options, const Cursor& routes, Report& report) {
  std::map<std::string_view, std::size_t> first_with_name;
  for (std::size_t index = 0; index < options.routes.size(); ++index) {
    const std::string& name = options.routes[index].name;
    const auto [first, is_new] = first_with_name.emplace(name, index);
    if (is_new) continue;
    const Cursor here = routes.at(index).at("name");
    const Place before = routes.at(first->second).at("name").place();
    report.error(here,
                 {"F1001", fmt::format("two routes are called `{}`", name),
                  fmt::format("the first is at {}", report.describe(before, here.place())), "rename one of them"});
  }
}

// Every way to say "all addresses" is the same address.
std::string listen_key(const net::Endpoint& endpoint) {
  if (endpoint.is_unix()) return endpoint.text();
  const bool is_any = endpoint.host.empty() || endpoint.host == "0.0.0.0" || endpoint.host == "::";
  const std::string host = is_any ? "" : endpoint.host == "localhost" ? "127.0.0.1" : endpoint.host;
  return fmt::format("{}:{}", host, endpoint.port);
}

void validate_listen_addresses(const Options& options, const Cursor& listeners, Report& report) {
  std::map<std::string, Place> first_with_address;
  for (const auto& [name, listener] : options.listeners) {
    const Cursor list = listeners.at(name).at("address");
    for (std::size_t index = 0; index < listener.address.size(); ++index) {
      const Place here = list.at(index).place();
      const auto [first, is_new] = first_with_address.emplace(listen_key(listener.address[index]), here);
      if (is_new) continue;
      report.error(list.at(index),
                   {"F1009", fmt::format("two listeners use `{}`", listener.address[index].text()),
                    fmt::format("also used at {}", report.describe(first->second, here)), "change one of the two"});
    }
  }
}

// Whether a request to this server would come back to this listener.
bool leads_back(const net::Endpoint& server, const net::Endpoint& listener) {
  if (server.is_unix() || listener.is_unix()) return server.unix_path == listener.unix_path;
  if (server.port != listener.port) return false;
  if (listen_key(server) == listen_key(listener)) return true;
  const bool listens_on_all = listen_key(listener) == fmt::format(":{}", listener.port);
  const bool is_any = server.host == "0.0.0.0" || server.host == "::";
  if (listens_on_all) return is_any || net::is_loopback(server.host);
  return is_any && net::is_loopback(listener.host);
}

void validate_loops(const Options& options, const Cursor& root, Report& report) {
  std::multimap<std::uint16_t, const net::Endpoint*> by_port;
  for (const auto& [name, listener] : options.listeners)
    for (const net::Endpoint& address : listener.address) by_port.emplace(address.port, &address);
  for (const auto& [name, pool] : options.pools) {
    for (std::size_t index = 0; index < pool.servers.size(); ++index) {
      const net::Endpoint& server = pool.servers[index].address;
      const auto [first, last] = by_port.equal_range(server.port);
      if (std::none_of(first, last, [&](const auto& entry) { return leads_back(server, *entry.second); })) continue;
      report.error(
          root.at("pools").at(name).at("servers").at(index).at("address"),
          {"F2201",
           fmt::format("server {} is Fairlead's own listener; requests would go round for ever", server.text()),
           "this is ourselves", "write the port that your app listens on"});
    }
  }
}

void warn_of_unused(const Options& options, const Cursor& root, Report& report) {
  std::set<std::string_view> used_pools;
  std::set<std::string_view> used_listeners;
  bool serves_every_listener = false;
  for (const proxy::RouteOptions& route : options.routes) {
    used_pools.insert(route.to);
    used_listeners.insert(route.listeners.begin(), route.listeners.end());
    serves_every_listener |= route.listeners.empty();
  }
  const auto warn_about = [&](const Cursor& at, config::Fault fault) {
    report.warning_about(at.key_place(), at.path(), std::move(fault));
  };
  for (const auto& [name, pool] : options.pools)
    if (!used_pools.contains(name))
      warn_about(root.at("pools").at(name), {"F3001", fmt::format("no route sends traffic to pool `{}`", name), "",
                                             "add a route to it, or delete it"});
  for (const auto& [name, listener] : options.listeners)
    if (!serves_every_listener && !used_listeners.contains(name))
      warn_about(root.at("listeners").at(name),
                 {"F3003", fmt::format("no route serves listener `{}`; every request would get a 404", name), "",
                  "add a route for it, or delete it"});
}

// Zones only mean something where Fairlead's own is one of them.
void warn_of_idle_zones(const Options& options, const Cursor& root, Report& report) {
  const Cursor own = root.at("zone");
  std::optional<Cursor> first_zone;
  for (const auto& [name, pool] : options.pools) {
    for (std::size_t index = 0; index < pool.servers.size(); ++index) {
      const std::string& zone = pool.servers[index].zone;
      if (zone.empty()) continue;
      if (zone == options.zone) return;
      if (!first_zone) first_zone = root.at("pools").at(name).at("servers").at(index).at("zone");
    }
  }
  if (!first_zone && options.zone.empty()) return;
  if (options.zone.empty() && !own.exists())
    report.warning_about(first_zone->place(), first_zone->path(),
                         {"F3040", "no server is nearer than another: Fairlead's own `zone` is not set", "",
                          "add `zone: ${ZONE}` at the top of the file, or delete the zones of the servers"});
  else if (!options.zone.empty())
    report.warning_about(own.place(), own.path(),
                         {"F3040", fmt::format("no server stands in zone `{}`", options.zone), "",
                          "correct it, or say where servers stand: `{address: 10.0.1.10:3000, zone: a}`"});
}

// Who asks for help from other zones has to have some, and work that may go there.
void warn_of_idle_spill(const Options& options, const Cursor& root, Report& report) {
  for (const auto& [name, pool] : options.pools) {
    const Cursor at = root.at("pools").at(name).at("spill_factor");
    if (!at.is_written() || !pool.spill_factor || pool.spill_factor == pool::PoolOptions().spill_factor) continue;
    const auto stands = [&](bool far) {
      return std::ranges::any_of(pool.servers, [&](const pool::ServerOptions& server) {
        return !server.backup && pool::is_far(server, options.zone) == far;
      });
    };
    if (pool::hashing_of(pool))
      report.warning_about(at.key_place(), at.path(),
                           {"F3043", "`spill_factor` changes nothing here: in a pool that hashes, load moves no keys",
                            "", "delete `spill_factor`, or use another algorithm"});
    else if (!stands(true) || !stands(false))
      report.warning_about(
          at.key_place(), at.path(),
          {"F3043", "`spill_factor` changes nothing here: not both the own zone and another have servers", "",
           "set `zone` at the top of the file and at servers of several zones, or delete `spill_factor`"});
  }
}

void warn_of_shared_cookies(const Options& options, const Cursor& root, Report& report) {
  std::map<std::string_view, std::string_view> first_with_cookie;
  for (const auto& [name, pool] : options.pools) {
    if (pool.sticky.cookie.empty()) continue;
    const auto [first, is_new] = first_with_cookie.emplace(pool.sticky.cookie, name);
    if (is_new) continue;
    const Cursor at = root.at("pools").at(name).at("sticky");
    report.warning_about(
        at.key_place(), at.path(),
        {"F3005", fmt::format("pools `{}` and `{}` set the same cookie, `{}`", first->second, name, first->first),
         "a client that uses both sticks to neither",
         fmt::format("give this one another name: `sticky: {{cookie: {}-{}}}`", first->first, name)});
  }
}

void validate_memory(const Options& options, const Cursor& root, Report& report) {
  const ProcessLimits& limits = options.limits;
  if (!limits.memory) return;
  const ByteCount asked{least_memory(options).bytes + limits.kept_bodies.value_or(ByteCount{}).bytes +
                        limits.kept_heads.value_or(ByteCount{}).bytes};
  if (asked <= *limits.memory) return;
  report.error(root.at("limits").at("memory"),
               {"F1071", "more memory is asked for than there is",
                fmt::format("this configuration needs about {}, with its workers and servers, `limits.kept_bodies` and "
                            "`limits.kept_heads`",
                            config::print_byte_count(asked)),
                "raise it, or lower what is in it"});
}

void validate_kept_bodies(const Options& options, const Cursor& root, Report& report) {
  const std::uint64_t memory = options.limits.memory.value_or(ByteCount{UINT64_MAX}).bytes;
  const ByteCount kept =
      plan_memory(options, {.available = memory}, std::max(1U, options.workers.value_or(1))).kept_bodies;
  for (std::size_t index = 0; index < options.routes.size(); ++index) {
    const auto& buffer = options.routes[index].body.buffer;
    if (!buffer || *buffer <= kept) continue;
    report.error(root.at("routes").at(index).at("body").at("buffer"),
                 {"F1070", "a body of this size would never be kept",
                  fmt::format("all bodies that are kept have {} together", config::print_byte_count(kept)),
                  "lower it, or raise `limits.kept_bodies`"});
  }
}

// What `defaults` say of pages holds for pools that have one; where none has, somebody forgot the page.
void validate_default_check(const Options& options, const Cursor& health, Report& report) {
  const bool is_used = std::ranges::any_of(
      options.pools, [](const auto& entry) { return entry.second.health.type == pool::HealthType::http; });
  if (is_used) return;
  for (const char* key : {"host", "headers", "expect"})
    if (health.at(key).exists())
      report.error(health.at(key), {"F1018", fmt::format("`{}` is for HTTP checks, and no pool has one", key), "",
                                    "add `path: /health`, or delete it"});
}

void warn_of_shallow_checks(const Options& options, const Cursor& root, Report& report) {
  for (const auto& [name, pool] : options.pools) {
    const Cursor at = root.at("pools").at(name);
    // Who writes `type: tcp` has decided.
    if (!pool.health.only_connects() || at.at("health").at("type").exists()) continue;
    report.warning_about(
        at.key_place(), at.at("health").path(),
        {"F3002",
         fmt::format("pool `{}` is checked only by connecting; a server that answers every page with 500 would "
                     "stay up",
                     name),
         "", "add `health: /health` (any page that returns 200 when the app can do its work)"});
  }
}

}  // namespace

void validate(const Options& options, const Cursor& root, Report& report) {
  for (const auto& [name, listener] : options.listeners)
    proxy::validate(listener, root.at("listeners").at(name), report);
  for (std::size_t index = 0; index < options.routes.size(); ++index)
    proxy::validate(options.routes[index], root.at("routes").at(index), report);
  for (const auto& [name, pool] : options.pools) pool::validate(pool, root.at("pools").at(name), report);

  validate_presence(options, root, report);
  validate_references(options, root, report);
  validate_default_check(options, root.at("defaults").at("pool").at("health"), report);
  validate_route_names(options, root.at("routes"), report);
  validate_listen_addresses(options, root.at("listeners"), report);
  validate_loops(options, root, report);
  validate_memory(options, root, report);
  validate_kept_bodies(options, root, report);
  validate_route_ties(options, root, report);
  // A route that was not understood may be the one that uses a pool.
  if (!report.has_errors()) warn_of_unused(options, root, report);
  warn_of_shallow_checks(options, root, report);
  warn_of_shared_cookies(options, root, report);
  warn_of_idle_zones(options, root, report);
  warn_of_idle_spill(options, root, report);
}

}  // namespace fairlead::app
