#include "pool/options_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>
#include <utility>

#include "http/codec/chunked_decoder.h"
#include "http/codec/field.h"
#include "http/workspace.h"
#include "net/endpoint_schema.h"
#include "net/socket_address.h"
#include "pool/health_rules.h"

namespace fairlead::pool {
namespace {

using config::Cursor;
using config::Fault;
using config::field;
using config::Node;
using config::record;
using config::Report;
using config::unsupported;

constexpr Duration kDay = 24h;
constexpr std::uint32_t kMaxInflight = 1'000'000;
constexpr std::uint32_t kMaxSubset = 1'000'000;
constexpr std::uint32_t kMaxSpillFactor = 1000;

// `server: 10.0.1.10:3000` is its address.
void expand_server(Node& node, const Cursor&, Report&) {
  if (!node.is_scalar() || node.is_null()) return;
  Node server = Node::mapping(node.place);
  server.key = node.key;
  server.key_place = node.key_place;
  server.add("address", std::move(node));
  node = std::move(server);
}

// `health: /health` is its path, and a path makes it HTTP.
void expand_health(Node& node, const Cursor&, Report&) {
  if (node.is_scalar() && !node.is_null()) {
    Node health = Node::mapping(node.place);
    health.key = node.key;
    health.key_place = node.key_place;
    health.add("path", std::move(node));
    node = std::move(health);
  }
  const Node* path = node.find("path");
  if (path == nullptr || !path->is_scalar() || path->value.empty() || node.find("type") != nullptr) return;
  node.add("type", Node::text("http", path->place));
}

std::optional<Fault> check_path(const std::string& path) {
  const bool is_clean = std::ranges::all_of(path, [](unsigned char byte) { return byte > 0x20 && byte < 0x7F; });
  if (path.empty() || (path.starts_with('/') && is_clean && path.find('#') == std::string::npos)) return std::nullopt;
  if (path == "off" || path == "none" || path == "false")
    return Fault{"F0212", "health checks cannot be turned off", "",
                 "`health: {every: 1h}` makes them rare; `last_resort: try` sends requests although they fail"};
  return Fault{"F0212", fmt::format("`{}` is not a path", path), "", "it begins with `/`, as in `/health`"};
}

std::optional<Fault> check_host(const std::string& host) {
  if (std::ranges::all_of(host, [](unsigned char byte) { return byte > 0x20 && byte < 0x7F && byte != '/'; }))
    return std::nullopt;
  return Fault{"F0212", fmt::format("`{}` is not a host", host)};
}

std::optional<Fault> check_header_values(const std::map<std::string, std::string>& headers) {
  for (const auto& [name, value] : headers)
    if (std::ranges::any_of(value, [](unsigned char byte) { return (byte < 0x20 && byte != '\t') || byte == 0x7F; }))
      return Fault{"F0215", fmt::format("the value of `{}` holds a control character", name)};
  return std::nullopt;
}

std::optional<Fault> check_server_name(const std::string& name) {
  if (name.empty()) return std::nullopt;  // It gets its default.
  if (const auto checked = config::check_name(name); !checked) return checked.error();
  return std::nullopt;
}

config::SchemaPtr header_map() {
  return config::map_of<std::string>(config::schema_for<std::string>(), check_header_name);
}

std::string shown_name(const ServerOptions& server) {
  return server.name.empty() ? server.address.text() : server.name;
}

// The same for every way to write one address. A name other than `localhost` may mean any.
std::string place_of(const net::Endpoint& endpoint) {
  if (endpoint.is_unix()) return endpoint.text();
  std::string host = endpoint.host == "localhost" ? "127.0.0.1" : endpoint.host;
  if (const auto numeric = net::numeric_address(host, endpoint.port)) return numeric->text();
  if (host.ends_with('.')) host.pop_back();
  std::ranges::transform(host, host.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return net::Endpoint{host, endpoint.port, {}}.text();
}

void validate_prequal(const PoolOptions& pool, const Cursor& at, Report& report) {
  if (pool.algorithm != Algorithm::prequal && pool.prequal != PrequalOptions())
    report.error(at.at("prequal").key_place(), at.at("prequal").path(),
                 {"F1100", "`prequal` is for `algorithm: prequal`", "this pool uses another algorithm",
                  "add `algorithm: prequal`, or delete `prequal`"});
}

void validate_servers(const PoolOptions& pool, const Cursor& at, Report& report) {
  const Cursor list = at.at("servers");
  if (pool.servers.empty()) {
    report.error(list.exists() ? list.key_place() : at.key_place(), list.path(),
                 {"F1007", "a pool needs at least one server", "no servers", "e.g. `servers: [127.0.0.1:3001]`"});
    return;
  }
  std::map<std::string, std::size_t> first_with_name;
  std::map<std::string, std::size_t> first_with_address;
  for (std::size_t index = 0; index < pool.servers.size(); ++index) {
    const std::string name = shown_name(pool.servers[index]);
    const auto [same_name, is_new_name] = first_with_name.emplace(name, index);
    const auto [same_address, is_new_address] =
        first_with_address.emplace(place_of(pool.servers[index].address), index);
    if (is_new_name && is_new_address) continue;
    const auto& first = is_new_name ? same_address : same_name;
    const config::Place before = list.at(first->second).place();
    const Cursor here = list.at(index);
    report.error(here, {"F1008", fmt::format("server `{}` is listed twice in this pool", first->first),
                        fmt::format("first listed at {}", report.describe(before, here.place())),
                        "delete one, or give it a larger `weight`"});
  }
  if (std::ranges::all_of(pool.servers, [](const ServerOptions& server) { return server.weight == 0; }))
    report.error(list.key_place(), list.path(),
                 {"F1012", "every server has weight 0, so none would get a request", "all weights are 0",
                  "give at least one a weight; 100 is normal"});
}

}  // namespace

config::Parsed<StatusSet> parse_status_set(std::string_view text) {
  const auto refuse = [&] {
    return std::unexpected(Fault{"F0213", fmt::format("`{}` is not a set of statuses", text), "",
                                 "write it like `200`, `200-299` or `200-299,304`"});
  };
  StatusSet set;
  const auto number = [](std::string_view digits) -> std::uint16_t {
    std::uint16_t status = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), status);
    const bool is_status =
        problem == std::errc{} && end == digits.data() + digits.size() && status >= 100 && status <= 599;
    return is_status ? status : 0;
  };
  for (std::string_view rest = text; !text.empty();) {
    const std::size_t comma = rest.find(',');
    const std::string_view part = rest.substr(0, comma);
    const std::size_t dash = part.find('-');
    const std::uint16_t low = number(part.substr(0, dash));
    const std::uint16_t high = dash == std::string_view::npos ? low : number(part.substr(dash + 1));
    if (low == 0 || high < low) return refuse();
    const bool continues = !set.ranges.empty() && set.ranges.back().second + 1 == low;
    if (continues)
      set.ranges.back().second = high;
    else
      set.ranges.emplace_back(low, high);
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  return set;
}

std::string print_status_set(const StatusSet& set) {
  std::string text;
  for (const auto& [low, high] : set.ranges) {
    if (!text.empty()) text += ',';
    text += low == high ? std::to_string(low) : fmt::format("{}-{}", low, high);
  }
  return text;
}

config::Parsed<std::string> check_header_name(std::string_view name) {
  constexpr std::string_view kToken = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  if (name.empty() || name.find_first_not_of(kToken) != std::string_view::npos)
    return std::unexpected(Fault{"F0215", fmt::format("`{}` is not the name of a header", name)});
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

config::SchemaPtr schema_of(const StatusSet*) {
  Node types = Node::sequence();
  for (const char* type : {"string", "integer"}) types.children.push_back(Node::text(type));
  Node json = Node::mapping();
  json.add("type", std::move(types));
  json.add("pattern", Node::text("^([1-5][0-9][0-9](-[1-5][0-9][0-9])?(,|$))*$"));
  config::ScalarType type =
      config::scalar_type<StatusSet>("set of statuses", std::move(json), parse_status_set, print_status_set);
  type.joins_lists = true;
  type.is_text = true;
  return config::scalar(std::move(type));
}

config::SchemaPtr schema_of(const ServerOptions*) {
  constexpr std::uint32_t kMaxWeight = 10'000;
  Node types = Node::sequence();
  for (const char* type : {"string", "integer"}) types.children.push_back(Node::text(type));
  Node address = Node::mapping();
  address.add("type", std::move(types));
  return record<ServerOptions>(
      field("name", &ServerOptions::name, "What logs, metrics and commands call it. Default: its address.")
          .check(check_server_name),
      field("address", &ServerOptions::address,
            "`host:port`, `[v6]:port`, `unix:/path`, or a bare port for a server on this machine.",
            net::server_address_schema())
          .required(),
      field("weight", &ServerOptions::weight, "Share of requests compared with the others: 100 is normal, 50 half.")
          .range(0, kMaxWeight),
      field("backup", &ServerOptions::backup, "Used only while no other server can serve."),
      field("max_inflight", &ServerOptions::max_inflight,
            "Requests that it serves at once, counted over all workers; `off`: the pool's `limits.max_inflight` holds.")
          .range(1, kMaxInflight),
      field("zone", &ServerOptions::zone,
            "Where the server stands. Those of Fairlead's own `zone` come first, as long as enough of them serve and "
            "they are "
            "not overloaded (see `spill_factor`).")
          .check(check_server_name),
      unsupported("tags", "Words to select servers by."), config::ShortForm{expand_server, std::move(address)});
}

config::EnumWords<Algorithm> words_of(const Algorithm*) {
  return {.usual = {{"round_robin", Algorithm::round_robin},
                    {"least_requests", Algorithm::least_requests},
                    {"p2c", Algorithm::p2c},
                    {"ewma", Algorithm::ewma},
                    {"prequal", Algorithm::prequal},
                    {"random", Algorithm::random},
                    {"first", Algorithm::first},
                    {"hash", Algorithm::hash},
                    {"ip_hash", Algorithm::ip_hash},
                    {"source", Algorithm::source}},
          .aliases = {{"least_conn", Algorithm::least_requests},
                      {"leastconn", Algorithm::least_requests},
                      {"roundrobin", Algorithm::round_robin}}};
}

config::EnumWords<HealthType> words_of(const HealthType*) {
  return {.usual = {{"tcp", HealthType::tcp},
                    {"http", HealthType::http},
                    {"tls", HealthType::tls},
                    {"udp", HealthType::udp}},
          .aliases = {},
          .unsupported = {"grpc", "h2c"}};
}

config::EnumWords<LastResort> words_of(const LastResort*) {
  return {.usual = {{"try", LastResort::try_anyway}, {"fail", LastResort::fail}}};
}

config::EnumWords<SendProxy> words_of(const SendProxy*) {
  return {.usual = {{"off", SendProxy::off}, {"v1", SendProxy::v1}, {"v2", SendProxy::v2}}};
}

config::SchemaPtr schema_of(const HealthOptions*) {
  constexpr std::uint32_t kMaxCount = 100;
  return record<HealthOptions>(
      field("type", &HealthOptions::type,
            "How a server is asked: by connecting (`tcp`), for a page (`http`), by a TLS handshake (`tls`), or by a "
            "datagram (`udp`). "
            "Default: `http` where there is a `path`, else `tcp`."),
      field("path", &HealthOptions::path, "The page to ask for; it answers well when the app can do its work.")
          .check(check_path),
      field("every", &HealthOptions::every, "Time between two checks of one server.").range(100ms, kDay),
      field("timeout", &HealthOptions::timeout, "A check that takes longer has failed.").range(10ms, kDay),
      field("fall", &HealthOptions::fall, "Failures in a row that take a server out.").range(1, kMaxCount),
      field("rise", &HealthOptions::rise, "Passes in a row that bring it back.").range(1, kMaxCount),
      field("expect", &HealthOptions::expect, "Statuses that pass."),
      field("send", &HealthOptions::send,
            "What a TCP or UDP check sends, as in `\"PING\\r\\n\"`; without `body` any answer passes."),
      field("body", &HealthOptions::body, "Text that the page, or the answer to `send`, must contain."),
      field("host", &HealthOptions::host,
            "The Host header of the check, or the name that a TLS check asks for. Default: the server's address.")
          .check(check_host),
      field("port", &HealthOptions::port, "Another port to check than the server's own; 0 is its own."),
      field("headers", &HealthOptions::headers, "Headers to send with the check.", header_map())
          .check(check_header_values),
      config::ShortForm{expand_health, config::text_pattern("^(/|$|\\$\\{)")});
}

config::SchemaPtr schema_of(const PassiveOptions*) {
  constexpr std::uint32_t kMaxFailures = 10'000;
  constexpr std::uint32_t kMaxFactor = 1000;
  return record<PassiveOptions>(
      field("failures", &PassiveOptions::failures,
            "Failed requests that eject a server: as many in a row, or within `window`.")
          .range(1, kMaxFailures),
      field("window", &PassiveOptions::window, "How far back failures count.").range(1s, kDay),
      field("min_share", &PassiveOptions::min_share, "The failures must also be this share of the server's requests."),
      field("eject", &PassiveOptions::eject, "For how long the first time; longer each time after.").range(100ms, kDay),
      field("max_eject", &PassiveOptions::max_eject, "The longest ejection.").range(100ms, kDay),
      field("max_share", &PassiveOptions::max_share, "Never eject more than this share of the pool."),
      field("statuses", &PassiveOptions::statuses, "Responses that count as failures."),
      field("timeouts", &PassiveOptions::timeouts,
            "Whether a response that does not begin within `timeouts.first_byte` is a failure too."),
      field("slow_factor", &PassiveOptions::slow_factor,
            "A server that answers this many times slower than the others of its pool is `slow`, and gets a hundredth "
            "of its share until it does no longer; `off`: never. Nor in pools that hash: their keys would move.")
          .range(2, kMaxFactor));
}

config::SchemaPtr schema_of(const PoolTimeouts*) {
  return record<PoolTimeouts>(
      field("connect", &PoolTimeouts::connect, "How long a server may take to accept a connection.").range(1ms, 10min));
}

config::SchemaPtr schema_of(const KeepaliveOptions*) {
  constexpr std::uint32_t kMaxIdle = 100'000;
  return record<KeepaliveOptions>(
      field("idle", &KeepaliveOptions::idle, "Unused connections close after this long.").range(0s, kDay),
      field("max_idle", &KeepaliveOptions::max_idle, "Unused connections kept per server and worker.")
          .range(0, kMaxIdle),
      field("requests", &KeepaliveOptions::requests, "Requests after which a connection is closed.")
          .range(1, std::numeric_limits<std::uint32_t>::max()));
}

config::SchemaPtr schema_of(const QueueOptions*) {
  constexpr std::uint32_t kLongest = 1'000'000;
  return record<QueueOptions>(
      field("max", &QueueOptions::max, "Requests that may wait; with 0 none does.").range(0, kLongest),
      field("timeout", &QueueOptions::timeout, "How long one may wait.").range(1ms, 10min),
      field("target", &QueueOptions::target,
            "How long one may wait under overload, that is while the line has not been empty for as long as `timeout`.")
          .range(1ms, 10min));
}

// A number, or `auto`.
config::SchemaPtr inflight_limit() {
  using config::Parsed;
  const config::ScalarType number = config::integer_type<std::uint32_t>(1, kMaxInflight);
  config::ScalarType type = number;
  type.name = "whole number or `auto`";
  type.json_schema = Node::mapping();
  Node types = Node::sequence();
  for (const char* name : {"integer", "string"}) types.children.push_back(Node::text(name));
  type.json_schema.add("type", std::move(types));
  type.json_schema.add("pattern", Node::text("^auto$"));
  type.json_schema.add("minimum", Node::literal("1"));
  type.parse = [parse = number.parse](std::string_view text, void* target) -> Parsed<void> {
    if (text != "auto") return parse(text, target);
    *static_cast<std::uint32_t*>(target) = PoolLimits::kLearned;
    return {};
  };
  type.print = [](const void* value) -> std::string {
    const std::uint32_t limit = *static_cast<const std::uint32_t*>(value);
    return limit == PoolLimits::kLearned ? "auto" : std::to_string(limit);
  };
  return config::scalar(std::move(type));
}

config::SchemaPtr schema_of(const PrequalOptions*) {
  constexpr std::uint32_t kMost = 8;
  return record<PrequalOptions>(
      field("samples", &PrequalOptions::samples, "Servers drawn at random for each request.").range(1, kMost),
      field(
          "hot", &PrequalOptions::hot,
          "A server is hot, and only taken where all are, when it is busier than this share of those drawn of late."));
}

config::SchemaPtr schema_of(const PoolLimits*) {
  constexpr std::uint32_t kMostInterim = 1000;
  return record<PoolLimits>(
      field("max_inflight", &PoolLimits::max_inflight,
            "Requests that each server serves at once, counted over all workers; `auto`: learned from how its answers "
            "slow down; `off`: no limit.",
            config::optional_of<std::uint32_t>(inflight_limit(), "off")),
      field("header_size", &PoolLimits::header_size, "The largest response head; a larger one is answered 502.")
          .range(1_KiB, ByteCount{http::Workspace::kMaxHead}),
      field("fields", &PoolLimits::fields, "The most fields of a response head.")
          .range(8, std::uint32_t{http::FieldList::kCapacity}),
      field("interim", &PoolLimits::interim, "Interim responses (1xx) ahead of the response to one request.")
          .range(1, kMostInterim),
      field("trailers", &PoolLimits::trailers, "The most trailers of a response body; one with more is cut.")
          .range(0, std::uint32_t{http::ChunkLimits::kMostTrailers}),
      field("trailer_size", &PoolLimits::trailer_size, "All trailers of a response body.")
          .range(ByteCount{64}, ByteCount{http::ChunkLimits::kMostTrailerBytes}),
      field("chunk_extensions", &PoolLimits::chunk_extensions,
            "Extensions of one chunk of a response body, and of all its chunks 64 times as much.")
          .range(ByteCount{0}, ByteCount{http::ChunkLimits::kMostExtensionBytes}));
}

config::SchemaPtr schema_of(const PoolOptions*) {
  return record<PoolOptions>(
      field("servers", &PoolOptions::servers, "The servers, each an address or a map."),
      field("algorithm", &PoolOptions::algorithm, "How a server is chosen for a request."),
      field("hash", &PoolOptions::hash, "With `algorithm: hash`: what decides where a request goes."),
      field("prequal", &PoolOptions::prequal, "With `algorithm: prequal`: how servers are drawn."),
      field("subset", &PoolOptions::subset,
            "How many of the servers this Fairlead uses, others taking the place of those that fail; `off`: all.")
          .range(1, kMaxSubset),
      field("spill_factor", &PoolOptions::spill_factor,
            "The own `zone` is overloaded when its answers take this many times as long as at ease; others then take a "
            "part, as long as they are faster. `off`: only what the own zone has no room for goes elsewhere. Nor in "
            "pools "
            "that hash: their keys would move.")
          .range(2, kMaxSpillFactor),
      field("health", &PoolOptions::health,
            "How servers are asked whether they are well; or only the page to ask for."),
      field("passive", &PoolOptions::passive, "When live traffic that fails takes a server out."),
      field("last_resort", &PoolOptions::last_resort, "When no server is up: `try` the least bad, or `fail` at once."),
      field("warmup", &PoolOptions::warmup, "A server that is new or back gets a growing share over this long.")
          .range(0s, kDay),
      field("drain", &PoolOptions::drain,
            "When a reload takes a server out: how long WebSockets and event streams to it go on. Requests end as they "
            "would.")
          .range(0s, kDay),
      field("timeouts", &PoolOptions::timeouts, "Limits on waiting for a server."),
      field("keepalive", &PoolOptions::keepalive, "Connections to servers that are kept for reuse."),
      field("sticky", &PoolOptions::sticky, "Sends a client to the same server each time: `off`, `cookie`, or a map."),
      field("queue", &PoolOptions::queue, "The waiting line, used only when every usable server is at `max_inflight`."),
      field("limits", &PoolOptions::limits, "Limits of the work in flight, and of what a response may hold."),
      unsupported("discover", "Servers that come from DNS, Docker, Kubernetes or a file."),
      unsupported("protocol", "The protocol towards the servers; it is HTTP/1.1."),
      unsupported("tls", "TLS towards the servers."),
      field(
          "proxy_protocol", &PoolOptions::proxy_protocol,
          "Tells servers the client's address by a PROXY header ahead of the first request of a connection, which then "
          "serves that connection of the client only: `off`, `v1` or `v2`. Checks say that they come from here."),
      unsupported("udp", "How UDP flows end."));
}

void validate(const PoolOptions& pool, const Cursor& at, Report& report) {
  validate_servers(pool, at, report);
  validate_health(pool, at, report);
  validate(pool.sticky, at.at("sticky"), report);
  validate_hash(pool, at, report);
  validate_prequal(pool, at, report);
  const bool has_limit = pool.limits.max_inflight || std::ranges::any_of(pool.servers, [](const ServerOptions& server) {
                           return server.max_inflight.has_value();
                         });
  if (!has_limit && is_meant(pool.queue, at.at("queue")))
    report.warning_about(at.at("queue").key_place(), at.at("queue").path(),
                         {"F3004", "nothing ever waits in this `queue`: no server has a limit", "",
                          "add `limits: {max_inflight: 100}`, or delete `queue`"});
}

}  // namespace fairlead::pool
