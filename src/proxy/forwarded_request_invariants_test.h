// What must hold for the request that a server gets, whatever the client's field lines say: the fuzzer looks for input
// that breaks it, the unit tests replay the corpus.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "http/codec/authority.h"
#include "http/codec/cookie.h"
#include "http/codec/head_parser.h"
#include "http/codec/hop_by_hop.h"
#include "http/workspace.h"
#include "net/ip_range.h"
#include "proxy/forwarded_request.h"
#include "proxy/origin.h"
#include "telemetry/request_id.h"

namespace fairlead::proxy::invariants {

inline constexpr std::string_view kPeer = "10.0.0.1";
inline constexpr std::string_view kNewId = "req_0123456789";
inline constexpr std::string_view kOurCookie = "fairlead";

inline const net::IpSet& trusted_proxies() {
  static const net::IpSet proxies = [] {
    net::IpGroupFault fault;
    const std::array groups{*net::parse_ip_group("10.0.0.0/8", fault), *net::parse_ip_group("fd00::/8", fault)};
    return net::IpSet(groups);
  }();
  return proxies;
}

// A request with these field lines, parsed.
struct Parsed {
  explicit Parsed(std::string_view lines, std::string_view more = {}) {
    text = "GET / HTTP/1.1\r\nHost: app.test\r\n" + std::string(lines) + std::string(more) + "\r\n";
    const http::HeadParse parse = http::parse_request_head(text, {.head_bytes = 256 * 1024}, head);
    is_valid = parse.status == http::HeadParse::Status::complete && parse.consumed == text.size();
  }

  std::string text;
  http::RequestHead head;
  bool is_valid = false;
};

inline ClientInfo client_of(bool is_trusted) {
  return {.ip = kPeer,
          .scheme = "http",
          .listener = "web",
          .is_local = true,
          .trusted = is_trusted ? &trusted_proxies() : nullptr};
}

inline void check_origin(const Origin& origin, const http::RequestHead& head, bool is_trusted) {
  FAIRLEAD_ASSERT(net::IpAddress::parse(origin.ip).has_value());
  FAIRLEAD_ASSERT(origin.scheme == "http" || origin.scheme == "https");
  FAIRLEAD_ASSERT(http::host_of(origin.host).has_value());
  FAIRLEAD_ASSERT(origin.request_id == kNewId || telemetry::is_valid_request_id(origin.request_id));
  if (is_trusted) return;
  FAIRLEAD_ASSERT(origin.ip == kPeer && origin.scheme == "http" && origin.host == head.authority);
  FAIRLEAD_ASSERT(origin.request_id == kNewId && !origin.has_chain && origin.is_local);
}

// Whether Connection names Cookie, which then ends here.
inline bool names_cookie(const http::FieldList& fields) {
  bool is_named = false;
  for (const http::Field& field : fields)
    if (field.id == http::FieldId::connection)
      http::for_each_list_element(field.value, [&](std::string_view name) {
        is_named = is_named || http::equals_ignoring_case(name, "cookie");
      });
  return is_named;
}

// A node of a list as one reads it that knows no views; empty where it names no address.
inline std::string address_of(const std::string& node) {
  std::string address = node;
  std::string rest;
  const std::size_t colon = node.find(':');
  if (node.starts_with('[')) {
    const std::size_t close = node.find(']');
    if (close == std::string::npos) return {};
    address = node.substr(1, close - 1);
    rest = node.substr(close + 1);
  } else if (colon != std::string::npos && node.find(':', colon + 1) == std::string::npos) {
    address = node.substr(0, colon);
    rest = node.substr(colon);
  }
  constexpr const char* kPort = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  const bool is_port = rest.size() > 1 && rest[0] == ':' && rest.find_first_not_of(kPort, 1) == std::string::npos;
  const bool is_address = (rest.empty() || is_port) && net::IpAddress::parse(address).has_value();
  return is_address ? address : std::string();
}

// The client by X-Forwarded-For.
inline std::string client_by_the_list(const http::FieldList& fields) {
  std::vector<std::string> nodes;
  for (const http::Field& field : fields) {
    if (field.id != http::FieldId::x_forwarded_for) continue;
    std::string node;
    for (const char byte : std::string(field.value) + ",") {
      if (byte == ',')
        nodes.emplace_back(http::without_blanks(std::exchange(node, {})));
      else
        node += byte;
    }
  }
  std::string client(kPeer);
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    const std::string address = address_of(*node);
    if (address.empty()) break;
    client = address;
    if (!trusted_proxies().contains(*net::IpAddress::parse(address))) break;
  }
  return client;
}

// What a trusted proxy appends is believed, whatever stands on the left of it.
inline void check_appended(std::string_view lines, std::string_view value, http::FieldId id) {
  const std::string name(http::name_of(id));
  const bool is_list = id == http::FieldId::x_forwarded_for;
  const auto client_behind = [&](std::string_view node) {
    const Parsed parsed(lines,
                        name + ": " + std::string(value) + (value.empty() ? "" : ", ") + std::string(node) + "\r\n");
    FAIRLEAD_ASSERT(parsed.is_valid);
    return std::string(origin_of(parsed.head, client_of(true), kNewId).ip);
  };
  FAIRLEAD_ASSERT(client_behind(is_list ? "192.0.2.7" : "for=192.0.2.7") == "192.0.2.7");
  FAIRLEAD_ASSERT(client_behind(is_list ? "[2001:db8::7]:80" : "by=x;For=\"[2001:db8::7]:80\"") == "2001:db8::7");
}

// What we write is read by the next proxy as we read it, and says who asked us.
inline void check_written(std::string_view lines, const Origin& origin) {
  const Parsed next(lines);
  FAIRLEAD_ASSERT(next.is_valid);
  const http::FieldList& fields = next.head.fields;
  for (const http::FieldId id :
       {http::FieldId::x_forwarded_for, http::FieldId::x_forwarded_proto, http::FieldId::x_forwarded_host,
        http::FieldId::x_real_ip, http::FieldId::x_request_id})
    FAIRLEAD_ASSERT(fields.count(id) == 1);
  FAIRLEAD_ASSERT(!fields.has(http::FieldId::forwarded) && !fields.has(http::FieldId::x_forwarded_port));
  FAIRLEAD_ASSERT(fields.find(http::FieldId::x_real_ip)->value == origin.ip);
  FAIRLEAD_ASSERT(fields.find(http::FieldId::x_forwarded_for)->value.ends_with(kPeer));

  const Origin again = origin_of(next.head, client_of(true), kNewId);
  FAIRLEAD_ASSERT(again.ip == origin.ip && again.scheme == origin.scheme);
  FAIRLEAD_ASSERT(again.host == origin.host && again.request_id == origin.request_id);
}

inline void check_forwarded(const http::RequestHead& head, const Origin& origin, http::Workspace& workspace) {
  ForwardedRequest request;
  const Result<void> built = request.build(head, origin, kPeer, workspace, kOurCookie);
  FAIRLEAD_ASSERT(built.has_value());
  FAIRLEAD_ASSERT(request.target() == "/" && request.client_ip() == origin.ip && request.id() == origin.request_id);
  const std::string text = "GET / HTTP/1.1\r\n" + std::string(request.field_lines()) + "\r\n";
  http::RequestHead server;
  const http::HeadParse parse = http::parse_request_head(text, {.head_bytes = 256 * 1024}, server);
  if (head.fields.size() + 6 > http::FieldList::kCapacity) return;
  FAIRLEAD_ASSERT(parse.status == http::HeadParse::Status::complete && parse.consumed == text.size());
  FAIRLEAD_ASSERT(server.framing == http::Framing::none && !server.wants_upgrade);
  FAIRLEAD_ASSERT(!http::find_cookie(server.fields, kOurCookie));
  for (const http::FieldId id : {http::FieldId::connection, http::FieldId::keep_alive, http::FieldId::upgrade,
                                 http::FieldId::transfer_encoding, http::FieldId::content_length})
    FAIRLEAD_ASSERT(!server.fields.has(id));
  // Without Host, which Parsed adds.
  const std::string_view lines = request.field_lines();
  std::string others;
  for (const http::Field& field : server.fields)
    if (field.id != http::FieldId::host) others += std::string(field.name) + ": " + std::string(field.value) + "\r\n";
  FAIRLEAD_ASSERT(server.authority == head.authority && !lines.empty());
  check_written(others, origin);
  // Every cookie but ours arrives.
  std::string sent;
  std::string arrived;
  for (const http::Field& field : head.fields)
    if (field.id == http::FieldId::cookie)
      http::for_each_cookie(field.value, [&](const http::Cookie& cookie) {
        if (cookie.name != kOurCookie) sent += std::string(cookie.text) + "\n";
      });
  for (const http::Field& field : server.fields)
    if (field.id == http::FieldId::cookie)
      http::for_each_cookie(field.value,
                            [&](const http::Cookie& cookie) { arrived += std::string(cookie.text) + "\n"; });
  FAIRLEAD_ASSERT(arrived == (names_cookie(head.fields) ? std::string() : sent));
}

// `lines` are the field lines of a request, each with its end.
inline void check_forwarded_request(std::string_view lines) {
  static const auto workspace = std::make_unique<http::Workspace>();
  const auto parsed = std::make_unique<Parsed>(lines);
  if (!parsed->is_valid || lines.size() > 16 * 1024) return;
  const http::FieldList& fields = parsed->head.fields;
  for (const bool is_trusted : {false, true}) {
    const Origin origin = origin_of(parsed->head, client_of(is_trusted), kNewId);
    check_origin(origin, parsed->head, is_trusted);
    check_forwarded(parsed->head, origin, *workspace);
  }
  if (fields.has(http::FieldId::x_forwarded_for))
    FAIRLEAD_ASSERT(origin_of(parsed->head, client_of(true), kNewId).ip == client_by_the_list(fields));
  if (fields.size() + 2 > http::FieldList::kCapacity) return;
  for (const http::Field& field : fields)
    if (field.id == http::FieldId::x_forwarded_for ||
        (field.id == http::FieldId::forwarded && !fields.has(http::FieldId::x_forwarded_for)))
      check_appended(lines, field.value, field.id);
}

}  // namespace fairlead::proxy::invariants
