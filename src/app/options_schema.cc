#include "app/options_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "net/endpoint_schema.h"
#include "pool/options_schema.h"
#include "proxy/options_schema.h"

namespace fairlead::app {
namespace {

using config::Cursor;
using config::directive;
using config::Fault;
using config::field;
using config::Node;
using config::record;
using config::Report;
using config::unsupported;

// What `defaults` may hold. It is merged into every route, pool and listener before they are read.
struct Defaults {
  proxy::RouteOptions route;
  pool::PoolOptions pool;
  proxy::ListenerOptions listener;
};

std::optional<Fault> check_zone(const std::string& zone) {
  if (zone.empty()) return std::nullopt;  // No server is far.
  if (const auto checked = config::check_name(zone); !checked) return checked.error();
  return std::nullopt;
}

constexpr std::string_view kDefaultName = "default";
// Nothing listens beyond this machine unless the user asked for it.
constexpr std::string_view kDefaultListen = "127.0.0.1:8080";

// A listener, a pool and a route under the name that the short form gives them.
void add_listener(Node& root, Node address) {
  Node& listeners = root.add("listeners", Node::mapping(address.place));
  Node& listener = listeners.add(kDefaultName, Node::mapping(address.place));
  listener.add("address", std::move(address));
}

void add_pool(Node& root, Node servers, std::optional<Node> health) {
  Node& pools = root.add("pools", Node::mapping(servers.place));
  Node& pool = pools.add(kDefaultName, Node::mapping(servers.place));
  pool.key_place = servers.key_place;
  const config::Place place = servers.place;
  const config::Place key_place = servers.key_place;
  pool.add("servers", std::move(servers)).key_place = key_place;
  if (health) pool.add("health", std::move(*health));

  Node& routes = root.add("routes", Node::sequence(place));
  Node& route = routes.children.emplace_back(Node::mapping(place));
  route.add("name", Node::text(std::string(kDefaultName), place));
  route.add("to", Node::text(std::string(kDefaultName), place));
}

// Says that a short key stands beside the long one that it is short for.
bool refuse_beside(const Node& root, const Node& key, std::initializer_list<std::string_view> long_keys,
                   Report& report) {
  for (const std::string_view long_key : long_keys) {
    const Node* present = root.find(long_key);
    if (present == nullptr) continue;
    report.error(
        key.key_place, key.key,
        {"F1010", fmt::format("`{}` is short for what `{}` says in full; both cannot be given", key.key, long_key),
         fmt::format("`{}` is at {}", long_key, report.describe(present->key_place, key.key_place)),
         fmt::format("move it into `{}`, or delete `{}`", long_key, long_key)});
    return true;
  }
  return false;
}

// `listen`, `to` and `health` at the top are short for one listener, one pool and one route.
void expand_root(Node& root, const Cursor&, Report& report) {
  const auto take = [&](std::string_view name) -> std::optional<Node> {
    if (root.find(name) == nullptr) return std::nullopt;
    return root.take(name);
  };
  std::optional<Node> listen = take("listen");
  std::optional<Node> to = take("to");
  std::optional<Node> health = take("health");
  if (listen && refuse_beside(root, *listen, {"listeners"}, report)) listen.reset();
  if (health && !to) {
    if (!refuse_beside(root, *health, {"pools", "routes"}, report))
      report.error(
          health->key_place, "health",
          {"F1010", "`health` at the top belongs to `to`", "but there is no `to`", "add `to: [127.0.0.1:3001]`"});
    health.reset();
  }
  if (to && refuse_beside(root, *to, {"routes", "pools"}, report)) to.reset();

  const bool needs_listener = to && root.find("listeners") == nullptr;
  if (listen)
    add_listener(root, std::move(*listen));
  else if (needs_listener)
    add_listener(root, Node::text(std::string(kDefaultListen)));
  if (to) add_pool(root, std::move(*to), std::move(health));
}

std::optional<Fault> check_output(const std::string& output) {
  constexpr std::array<std::string_view, 3> kWords{"stdout", "stderr", "off"};
  if (std::ranges::find(kWords, output) != kWords.end() || output.starts_with('/')) return std::nullopt;
  return Fault{"F0206", fmt::format("`{}` is not a place to write a log to", output), "",
               "write `stdout`, `stderr`, `off`, or the path of a file, which begins with `/`"};
}

std::optional<Fault> check_fields(const std::vector<std::string>& fields) {
  for (const std::string& name : fields)
    if (name != "query") return Fault{"F0206", fmt::format("`{}` is not an extra field", name), "", "one of: query"};
  return std::nullopt;
}

config::SchemaPtr schema_of(const Defaults*) {
  return record<Defaults>(field("route", &Defaults::route, "For every route."),
                          field("pool", &Defaults::pool, "For every pool."),
                          field("listener", &Defaults::listener, "For every listener."));
}

}  // namespace

config::EnumWords<LogFormat> words_of(const LogFormat*) {
  return {.usual = {{"json", LogFormat::json}, {"human", LogFormat::human}, {"combined", LogFormat::combined}}};
}

config::EnumWords<LogWhen> words_of(const LogWhen*) {
  return {.usual = {{"all", LogWhen::all}, {"errors", LogWhen::errors}}};
}

config::EnumWords<LogLevel> words_of(const LogLevel*) {
  return {.usual = {{"debug", LogLevel::debug},
                    {"info", LogLevel::info},
                    {"warning", LogLevel::warning},
                    {"error", LogLevel::error}}};
}

config::SchemaPtr schema_of(const AccessLogOptions*) {
  return record<AccessLogOptions>(
      field("output", &AccessLogOptions::output, "`stdout`, `stderr`, `off`, or the path of a file.")
          .check(check_output),
      field("format", &AccessLogOptions::format, "How a line looks."),
      field("sample", &AccessLogOptions::sample, "The share of requests that is logged."),
      field("when", &AccessLogOptions::when, "`errors` keeps only 4xx, 5xx, slow and retried requests."),
      field("fields", &AccessLogOptions::fields, "Fields that are left out unless listed: `query`.")
          .check(check_fields));
}

config::SchemaPtr schema_of(const EventLogOptions*) {
  return record<EventLogOptions>(
      field("output", &EventLogOptions::output, "`stdout`, `stderr`, `off`, or the path of a file.")
          .check(check_output),
      field("level", &EventLogOptions::level, "The least severe event that is logged."));
}

config::SchemaPtr schema_of(const LogOptions*) {
  return record<LogOptions>(field("access", &LogOptions::access, "One line per request."),
                            field("events", &LogOptions::events, "One line per change of state."),
                            unsupported("redact", "Parts of a line to blacken."));
}

config::SchemaPtr schema_of(const ShutdownOptions*) {
  constexpr Duration kDay = 24h;
  return record<ShutdownOptions>(
      field("delay", &ShutdownOptions::delay, "How long to go on accepting after `/ready` says no.").range(0s, kDay),
      field("grace", &ShutdownOptions::grace, "How long open requests may take to finish.").range(0s, kDay));
}

config::SchemaPtr schema_of(const ProcessLimits*) {
  constexpr ByteCount kLeast{1024 * 1024};
  constexpr ByteCount kLeastMemory{32 * 1024 * 1024};
  constexpr ByteCount kMost{std::uint64_t{1} << 40};
  return record<ProcessLimits>(
      field("memory", &ProcessLimits::memory,
            "The memory that Fairlead may use, with what the kernel keeps for its connections; beyond it, idle ones "
            "are closed, and new connections and requests are answered 503. `auto`: three quarters of what the machine "
            "or its container has. Each worker has an even part.",
            config::optional_of<ByteCount>(config::schema_for<ByteCount>(), "auto"))
          .range(kLeastMemory, kMost),
      field("kept_bodies", &ProcessLimits::kept_bodies,
            "The part of it for request bodies that `body.buffer` keeps; what comes beyond it is passed on unkept. "
            "`auto`: a quarter, and 256MiB at most.",
            config::optional_of<ByteCount>(config::schema_for<ByteCount>(), "auto"))
          .range(kLeast, kMost),
      field("kept_heads", &ProcessLimits::kept_heads,
            "The part of it for request heads of which more than 4 KiB have come, but not the end; beyond it, such a "
            "head is answered 503. Each worker has an even part, and at least 256 KiB. `auto`: an eighth, and 64MiB at "
            "most.",
            config::optional_of<ByteCount>(config::schema_for<ByteCount>(), "auto"))
          .range(kLeast, kMost));
}

config::SchemaPtr schema_of(const Options*) {
  constexpr std::uint32_t kMaxWorkers = 1024;
  using Addresses = std::vector<net::Endpoint>;
  return record<Options>(
      directive<std::uint32_t>("version", "`1`", "The version of this format.").range(1, 1),
      directive<std::vector<std::string>>("include", "list of file names",
                                          "Files to merge in, relative to this one, as in `conf.d/*.yaml`."),
      directive<Addresses>("listen", "listen address or list of them", "Short for one listener.",
                           config::list_of<net::Endpoint>(net::listen_address_schema())),
      directive<std::vector<pool::ServerOptions>>("to", "server or list of servers",
                                                  "Short for one pool, and a route that sends everything to it."),
      directive<pool::HealthOptions>("health", "path or map", "Short for the health check of that pool."),
      field("listeners", &Options::listeners, "Where clients connect."),
      field("routes", &Options::routes, "Which requests go where. Their order does not matter."),
      field("pools", &Options::pools, "Groups of servers that do the same work."),
      directive<Defaults>("defaults", "map of `route`, `pool`, `listener`",
                          "What every route, pool or listener has unless it says otherwise."),
      field("errors", &Options::errors, "What clients see when something goes wrong."),
      field("log", &Options::log, "What is written down."), field("shutdown", &Options::shutdown, "How to stop."),
      field("limits", &Options::limits, "What all of it together may use."),
      field("zone", &Options::zone, "Where this Fairlead stands, as in `${ZONE}`; its own servers come first.")
          .check(check_zone),
      field("workers", &Options::workers,
            "Cores to use; `auto` is all of them, as far as `limits.memory` has 32 MiB for each.",
            config::optional_of<std::uint32_t>(config::schema_for<std::uint32_t>(), "auto"))
          .range(1, kMaxWorkers),
      unsupported("tables", "Tables of hosts."), unsupported("metrics", "Which metrics there are."),
      unsupported("tracing", "Traces of requests."), unsupported("admin", "The admin address and its logins."),
      unsupported("ha", "A second machine."), unsupported("state_dir", "Where state is kept."),
      unsupported("user", "The user to run as."), config::ShortForm{expand_root});
}

config::SchemaPtr options_schema() { return schema_of(static_cast<const Options*>(nullptr)); }

}  // namespace fairlead::app
