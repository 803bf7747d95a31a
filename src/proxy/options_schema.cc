#include "proxy/options_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "http/codec/chunked_decoder.h"
#include "http/workspace.h"
#include "net/endpoint_schema.h"
#include "net/ip_range_schema.h"
#include "pool/options_schema.h"

namespace fairlead::proxy {
namespace {

using config::Cursor;
using config::Fault;
using config::field;
using config::Node;
using config::record;
using config::Report;
using config::unsupported;

constexpr Duration kDay = 24h;

// Whether a key can only be a host and a path: a mistyped `too: web` is not the host `too`.
bool looks_like_host_or_path(const std::string& key) {
  return key == "localhost" || key.find_first_of("./*") != std::string::npos;
}

// A piece of a key, to point at.
Node piece(const Node& whole, std::size_t from, std::size_t length) {
  Node node = Node::text(whole.key.substr(from, length), whole.key_place);
  // Places count characters; a key that is not plain ASCII or was quoted keeps the place of the whole.
  const config::Place& place = whole.key_place;
  const bool is_exact = place.begin.line == place.end.line && place.end.column - place.begin.column == whole.key.size();
  if (is_exact) {
    node.place.begin.column = place.begin.column + static_cast<std::uint32_t>(from);
    node.place.end.column = node.place.begin.column + static_cast<std::uint32_t>(node.value.size());
  }
  return node;
}

// `myapp.com/api/*: api` is a whole route.
void expand_route(Node& node, const Cursor&, Report&) {
  if (!node.is_mapping() || node.children.size() != 1) return;
  const Node& only = node.children.front();
  if (!only.is_scalar() || only.is_null() || !looks_like_host_or_path(only.key) || only.key.starts_with("x-")) return;

  const std::size_t slash = std::min(only.key.find('/'), only.key.size());
  Node match = Node::mapping(only.key_place);
  if (slash > 0) match.add("host", piece(only, 0, slash));
  if (slash < only.key.size()) match.add("path", piece(only, slash, std::string::npos));
  Node target = only;
  Node route = Node::mapping(node.place);
  route.key = node.key;
  route.key_place = node.key_place;
  route.add("match", std::move(match));
  route.add("to", std::move(target));
  node = std::move(route);
}

Node short_route_schema() {
  Node name = Node::mapping();
  name.add("type", Node::text("string"));
  Node names = Node::mapping();
  names.add("pattern", Node::text("[./*]|^localhost$"));
  Node schema = Node::mapping();
  schema.add("type", Node::text("object"));
  schema.add("minProperties", Node::literal("1"));
  schema.add("maxProperties", Node::literal("1"));
  schema.add("propertyNames", std::move(names));
  schema.add("additionalProperties", std::move(name));
  return schema;
}

std::optional<Fault> check_route_name(const std::string& name) {
  if (name.empty()) return std::nullopt;  // It gets its default.
  if (const auto checked = config::check_name(name); !checked) return checked.error();
  return std::nullopt;
}

std::optional<Fault> check_methods(const std::vector<std::string>& methods) {
  constexpr std::string_view kToken = "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
  for (const std::string& method : methods)
    if (method.empty() || method.find_first_not_of(kToken) != std::string::npos)
      return Fault{"F0217", fmt::format("`{}` is not a method", method), "", "methods are in capitals, as in `GET`"};
  return std::nullopt;
}

// Methods whose repeat does nothing more: RFC 9110, 9.2.2.
std::optional<Fault> check_retry_methods(const std::vector<std::string>& methods) {
  constexpr std::array<std::string_view, 6> kRepeatable{"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};
  if (auto fault = check_methods(methods)) return fault;
  for (const std::string& method : methods)
    if (std::ranges::find(kRepeatable, method) == kRepeatable.end())
      return Fault{"F1017", fmt::format("a {} is never sent twice: the server may have done its work already", method),
                   "", fmt::format("delete `{}`; a request that never reached a server is retried anyway", method)};
  return std::nullopt;
}

// Whether a host follows where one belongs: a browser skips slashes there that are missing or too many, and takes for
// the host what comes then, a part of the request's path.
bool names_its_host(std::string_view target) {
  const std::size_t colon = target.find_first_of(":/?#{");
  const bool has_scheme = colon != std::string_view::npos && colon > 0 && target[colon] == ':';
  if (has_scheme) target.remove_prefix(colon + 1);
  if (!target.starts_with("//")) return !has_scheme;
  const std::string_view host = target.substr(2, target.find_first_of("/?#", 2) - 2);
  return !host.empty() && !host.starts_with("{uri}") && !host.starts_with("{path}");
}

std::optional<Fault> check_redirect_target(const std::string& target) {
  constexpr std::array<std::string_view, 3> kPlaceholders{"{host}", "{uri}", "{path}"};
  const bool is_clean =
      std::ranges::all_of(target, [](unsigned char byte) { return byte > 0x20 && byte != 0x7F && byte != '\\'; });
  if (target.empty() || !is_clean)
    return Fault{"F0216", "a redirect needs an address to send clients to", "", "e.g. `https://{host}{uri}`"};
  for (std::size_t open = target.find('{'); open != std::string::npos; open = target.find('{', open + 1)) {
    const std::string_view rest = std::string_view(target).substr(open);
    if (!std::ranges::any_of(kPlaceholders, [&](std::string_view known) { return rest.starts_with(known); }))
      return Fault{"F0216", fmt::format("`{}` is not a placeholder", rest.substr(0, rest.find('}') + 1)), "",
                   fmt::format("use {}", fmt::join(kPlaceholders, ", "))};
  }
  if (!names_its_host(target))
    return Fault{"F0216", "no host comes after `//`: the path of a request would be taken for one", "",
                 "e.g. `https://{host}{uri}`"};
  return std::nullopt;
}

std::optional<Fault> check_redirect_status(const std::uint16_t& status) {
  constexpr std::array<std::uint16_t, 5> kStatuses{301, 302, 303, 307, 308};
  if (std::ranges::find(kStatuses, status) != kStatuses.end()) return std::nullopt;
  return Fault{"F0204", fmt::format("`{}` is not a redirect", status), "",
               fmt::format("use one of {}; 308 keeps the method", fmt::join(kStatuses, ", "))};
}

std::optional<Fault> check_content_type(const std::string& type) {
  const bool is_clean = std::ranges::all_of(type, [](unsigned char byte) { return byte >= 0x20 && byte < 0x7F; });
  if (is_clean && type.find('/') != std::string::npos) return std::nullopt;
  return Fault{"F0215", fmt::format("`{}` is not a content type", type), "", "e.g. `text/plain`"};
}

std::optional<Fault> check_header_conditions(const std::map<std::string, std::string>& headers) {
  for (const auto& [name, value] : headers)
    if (std::ranges::any_of(value, [](unsigned char byte) { return (byte < 0x20 && byte != '\t') || byte == 0x7F; }))
      return Fault{"F0215", fmt::format("the value of `{}` holds a control character", name)};
  return std::nullopt;
}

}  // namespace

config::SchemaPtr schema_of(const ListenerTimeouts*) {
  return record<ListenerTimeouts>(
      field("header", &ListenerTimeouts::header, "For the whole request head, from its first byte.").range(10ms, kDay),
      field("body_idle", &ListenerTimeouts::body_idle, "Between two pieces of a request body.").range(10ms, kDay),
      field("keepalive", &ListenerTimeouts::keepalive, "Between two requests on one connection.").range(0s, kDay));
}

config::SchemaPtr schema_of(const ListenerLimits*) {
  constexpr ByteCount kSmallest = 1_KiB;
  constexpr ByteCount kLargest{http::Workspace::kMaxHead};
  constexpr std::uint32_t kMostConnections = 1U << 30U;
  constexpr std::uint64_t kFastest = 1024 * 1024;
  constexpr std::uint32_t kMostPipelined = 1'000'000;
  return record<ListenerLimits>(
      field("header_size", &ListenerLimits::header_size, "The largest request head.").range(kSmallest, kLargest),
      field("uri_size", &ListenerLimits::uri_size, "The longest request target; a longer one is answered 414.")
          .range(ByteCount{64}, ByteCount{http::kMaxTarget}),
      field("fields", &ListenerLimits::fields, "The most fields of a request head; more are answered 431.")
          .range(8, std::uint32_t{http::FieldList::kCapacity}),
      field("trailers", &ListenerLimits::trailers, "The most trailers of a request body; more are answered 431.")
          .range(0, std::uint32_t{http::ChunkLimits::kMostTrailers}),
      field("trailer_size", &ListenerLimits::trailer_size, "All trailers of a request body; more is answered 431.")
          .range(ByteCount{64}, ByteCount{http::ChunkLimits::kMostTrailerBytes}),
      field("chunk_extensions", &ListenerLimits::chunk_extensions,
            "Extensions of one chunk of a request body, and of all its chunks 64 times as much; more is answered 400.")
          .range(ByteCount{0}, ByteCount{http::ChunkLimits::kMostExtensionBytes}),
      field("pipelined", &ListenerLimits::pipelined,
            "Requests in a row that a client sends ahead of the answers; after as many the connection closes.")
          .range(1, kMostPipelined),
      field("connections", &ListenerLimits::connections,
            "Open connections, counted over all workers. `auto`: as many as the limit of open files allows, shared by "
            "all listeners. Beyond it the longest idle one is closed for a new one; where none is idle, that is "
            "answered 503.",
            config::optional_of<std::uint32_t>(config::schema_for<std::uint32_t>(), "auto"))
          .range(1, kMostConnections),
      field("per_client", &ListenerLimits::per_client,
            "Open connections of one client address, or one IPv6 /64; more are answered 429. Trusted proxies are not "
            "counted, but those whom their PROXY headers name are.")
          .range(1, kMostConnections),
      field("min_rate", &ListenerLimits::min_rate,
            "A client that sends or takes a body more slowly, for as long as `timeouts.body_idle`, is cut.")
          .range(ByteRate{1}, ByteRate{kFastest}));
}

config::EnumWords<DuplicateSlashes> words_of(const DuplicateSlashes*) {
  return {.usual = {{"merge", DuplicateSlashes::merge}, {"keep", DuplicateSlashes::keep}}};
}

config::EnumWords<EncodedSlashes> words_of(const EncodedSlashes*) {
  return {.usual = {{"refuse", EncodedSlashes::refuse}, {"keep", EncodedSlashes::keep}}};
}

config::SchemaPtr schema_of(const PathOptions*) {
  return record<PathOptions>(
      field("duplicate_slashes", &PathOptions::duplicate_slashes,
            "`merge` reads `//` as `/`, for routes and servers alike; `keep` leaves it."),
      field(
          "encoded_slashes", &PathOptions::encoded_slashes,
          "`%2F` and `%5C`: `refuse` answers 400, since servers read them in different ways; `keep` passes them on."));
}

config::EnumWords<ProxyProtocol> words_of(const ProxyProtocol*) {
  return {
      .usual = {{"off", ProxyProtocol::off}, {"accept", ProxyProtocol::accept}, {"require", ProxyProtocol::require}}};
}

config::EnumWords<ListenerProtocol> words_of(const ListenerProtocol*) {
  return {.usual = {{"auto", ListenerProtocol::automatic}, {"http", ListenerProtocol::http}},
          .unsupported = {"https", "tcp", "tls", "tls-passthrough", "udp"}};
}

config::SchemaPtr schema_of(const ListenerOptions*) {
  return record<ListenerOptions>(
      field("address", &ListenerOptions::address, "Where clients connect: an address or a list, as in `:8080`.",
            config::list_of<net::Endpoint>(net::listen_address_schema())),
      field("protocol", &ListenerOptions::protocol, "What clients speak."),
      field("timeouts", &ListenerOptions::timeouts, "Limits on waiting for a client."),
      field("limits", &ListenerOptions::limits, "Limits on what a client may send."),
      field("path", &ListenerOptions::path, "Spellings of a path that servers read in different ways."),
      unsupported("redirect_to_https", "Sends clients from HTTP to HTTPS."),
      unsupported("http2", "HTTP/2 towards clients."), unsupported("http3", "HTTP/3 towards clients."),
      field("proxy_protocol", &ListenerOptions::proxy_protocol,
            "Whether connections of trusted proxies begin with a PROXY header (version 1 or 2) that names the client: "
            "`off`, `accept` takes it where it comes, `require` refuses connections without it, and all others."),
      field("trusted_proxies", &ListenerOptions::trusted_proxies,
            "Who may say whom a request comes from, by X-Forwarded-*, Forwarded, X-Request-Id or a PROXY header: "
            "networks such as `10.0.0.0/8`, addresses, `loopback`, `private`."),
      unsupported("tls", "Certificates and TLS towards clients."));
}

config::SchemaPtr schema_of(const MatchOptions*) {
  return record<MatchOptions>(
      field("host", &MatchOptions::host, "`myapp.com`, `*.myapp.com` or `*`."),
      field("path", &MatchOptions::path, "`/exact` or `/prefix/*`."),
      field("method", &MatchOptions::method, "Methods, as in `GET`.").check(check_methods),
      field("header", &MatchOptions::header, "Headers that must have exactly these values.",
            config::map_of<std::string>(config::schema_for<std::string>(), pool::check_header_name))
          .check(check_header_conditions),
      unsupported("query", "Conditions on the query string."), unsupported("cookie", "Conditions on cookies."),
      unsupported("client", "Conditions on the client's address."), unsupported("sni", "The name asked for in TLS."),
      unsupported("table", "Hosts from a table."));
}

config::SchemaPtr schema_of(const RedirectOptions*) {
  return record<RedirectOptions>(
      field("to", &RedirectOptions::to, "Where to; `{host}`, `{uri}` and `{path}` are those of the request.")
          .check(check_redirect_target),
      field("status", &RedirectOptions::status, "301, 302, 303, 307 or 308.").check(check_redirect_status));
}

config::SchemaPtr schema_of(const RespondOptions*) {
  constexpr std::uint16_t kFirst = 200;
  constexpr std::uint16_t kLast = 599;
  return record<RespondOptions>(
      field("status", &RespondOptions::status, "The status to answer with.").range(kFirst, kLast),
      field("body", &RespondOptions::body, "The text to answer with."),
      field("type", &RespondOptions::type, "Its content type.").check(check_content_type));
}

config::EnumWords<RetryOn> words_of(const RetryOn*) {
  return {.usual = {{"connect", RetryOn::connect}, {"reset", RetryOn::reset}}};
}

config::SchemaPtr schema_of(const RetryOptions*) {
  constexpr std::uint32_t kMaxAttempts = 10;
  return record<RetryOptions>(
      field("attempts", &RetryOptions::attempts, "Tries after the first, each on another server; 0 never retries.")
          .range(0, kMaxAttempts),
      field("on", &RetryOptions::on, "What is retried: a failed connection, a reset before any response byte."),
      field("statuses", &RetryOptions::statuses, "Responses that are retried; none unless listed."),
      field("methods", &RetryOptions::methods, "Methods that may be sent twice.").check(check_retry_methods),
      field("budget", &RetryOptions::budget, "Retries as a share of requests."));
}

config::SchemaPtr schema_of(const HedgeOptions*) {
  return record<HedgeOptions>(field("after", &HedgeOptions::after,
                                    "How late an answer must be, in its first byte, from when the server has taken the "
                                    "request: `p95` is slower than 95 % of the pool's answers.",
                                    config::optional_of<Duration>(config::schema_for<Duration>(), "p95"))
                                  .range(1ms, kDay),
                              field("budget", &HedgeOptions::budget, "Second tries as a share of requests."));
}

config::SchemaPtr schema_of(const RouteTimeouts*) {
  return record<RouteTimeouts>(
      field("total", &RouteTimeouts::total, "For the whole exchange.").range(1ms, 30 * kDay),
      field("first_byte", &RouteTimeouts::first_byte, "Until the response begins.").range(1ms, 30 * kDay),
      field("per_try", &RouteTimeouts::per_try,
            "Until the response begins, for one try: then another server is asked, if the request may be sent twice.")
          .range(1ms, 30 * kDay),
      field("idle", &RouteTimeouts::idle, "Between two pieces of a response body.").range(1ms, 30 * kDay),
      field("stream_idle", &RouteTimeouts::stream_idle, "Silence on WebSockets and event streams.")
          .range(1ms, 30 * kDay));
}

config::SchemaPtr schema_of(const BodyOptions*) {
  constexpr ByteCount kLargestBuffer{64 * 1024 * 1024};
  return record<BodyOptions>(field("max", &BodyOptions::max, "The largest request body."),
                             field("buffer", &BodyOptions::buffer,
                                   "Bodies up to this size are read before a server is asked, and can be sent again.")
                                 .range(1_KiB, kLargestBuffer));
}

config::SchemaPtr schema_of(const RouteOptions*) {
  constexpr std::int32_t kMaxPriority = 1'000'000;
  return record<RouteOptions>(
      field("name", &RouteOptions::name, "What logs and metrics call it. Default: r1, r2 and so on.")
          .check(check_route_name),
      field("listeners", &RouteOptions::listeners, "The listeners it serves; all unless listed."),
      field("match", &RouteOptions::match, "The requests it takes; all unless something is asked for."),
      field("priority", &RouteOptions::priority, "Breaks a tie: the larger wins.").range(-kMaxPriority, kMaxPriority),
      field("to", &RouteOptions::to, "The pool that serves it."),
      field("redirect", &RouteOptions::redirect, "Sends the client elsewhere."),
      field("respond", &RouteOptions::respond, "Answers by itself."),
      field("retry", &RouteOptions::retry, "When to try another server."),
      field("hedge", &RouteOptions::hedge,
            "Asks a second server where the first is late, for requests of `retry.methods` whose body, if any, is kept "
            "whole by `body.buffer`; the first answer wins. `hedge: {}` turns it on."),
      field("timeouts", &RouteOptions::timeouts, "Limits on waiting for the response."),
      field("body", &RouteOptions::body, "Limits on the request body."),
      field("log", &RouteOptions::log, "Whether its requests are in the access log."),
      unsupported("rewrite", "Changes the path."), unsupported("headers", "Sets, adds and removes headers."),
      unsupported("rate_limit", "Limits how often clients may ask."), unsupported("allow", "Clients that may use it."),
      unsupported("deny", "Clients that may not use it."), unsupported("auth", "A login."),
      unsupported("canary", "Sends a share to another pool."), unsupported("mirror", "Sends a copy to another pool."),
      unsupported("compress", "Compresses responses."), unsupported("errors", "Error pages of this route."),
      config::ShortForm{expand_route, short_route_schema()});
}

config::EnumWords<ErrorDetail> words_of(const ErrorDetail*) {
  return {.usual = {{"auto", ErrorDetail::automatic}, {"full", ErrorDetail::full}, {"none", ErrorDetail::none}}};
}

config::SchemaPtr schema_of(const ErrorOptions*) {
  return record<ErrorOptions>(
      field("detail", &ErrorOptions::detail,
            "Whether error pages say what went wrong: `auto` tells only clients on this machine."),
      unsupported("pages", "Error pages of your own."), unsupported("replace", "Replaces the app's error pages."));
}

namespace {

void validate_trust(const ListenerOptions& listener, const Cursor& at, Report& report) {
  if (listener.proxy_protocol == ProxyProtocol::off || !listener.trusted_proxies.empty()) return;
  report.error(at.at("proxy_protocol"),
               {"F1031", "a PROXY header is taken from trusted proxies only, and none is named", "",
                "add `trusted_proxies: [10.0.0.0/8]`, with the addresses of what stands in front"});
}

}  // namespace

void validate(const ListenerOptions& listener, const Cursor& at, Report& report) {
  constexpr std::uint16_t kHttps = 443;
  validate_trust(listener, at, report);
  const Cursor list = at.at("address");
  if (listener.address.empty())
    report.error(list.key_place(), list.path(),
                 {"F0104", "a listener needs an address", "", "e.g. `address: \":8080\"`"});
  for (std::size_t index = 0; index < listener.address.size(); ++index)
    if (listener.address[index].port == kHttps && listener.protocol == ListenerProtocol::automatic)
      report.error(list.at(index), {"F0103", "port 443 is for HTTPS, which is not supported yet", "",
                                    "use another port, or write `protocol: http` to serve plain HTTP on 443"});
}

void validate(const RouteOptions& route, const Cursor& at, Report& report) {
  const int actions = (route.to.empty() ? 0 : 1) + (route.redirect ? 1 : 0) + (route.respond ? 1 : 0);
  if (actions != 1)
    report.error(at, {"F1006", "a route does exactly one of `to`, `redirect` and `respond`",
                      actions == 0 ? "this one does none" : "this one does more than one",
                      actions == 0 ? "add `to: POOL`" : "keep one of them"});
  if (route.to.find('/') != std::string::npos)
    report.error(at.at("to"), {"F0103", "a single server as the target of a route is not supported yet", "",
                               "put the server into a pool of its own"});
}

}  // namespace fairlead::proxy
