#include "proxy/origin.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "http/codec/authority.h"
#include "telemetry/request_id.h"

namespace fairlead::proxy {

namespace {

using http::FieldId;

// More proxies than this in one Forwarded list are nobody's set-up: the leftmost are not looked at.
constexpr std::size_t kMaxHops = 32;

std::string_view trim(std::string_view text) {
  const auto is_blank = [](char byte) { return byte == ' ' || byte == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// `1.2.3.4`, `1.2.3.4:80`, `::1`, `[::1]`, `[::1]:80`: the address alone.
std::string_view without_port(std::string_view node) {
  if (node.starts_with('[')) return node.substr(1, std::min(node.find(']'), node.size()) - 1);
  const std::size_t colon = node.find(':');
  const bool has_port = colon != std::string_view::npos && node.find(':', colon + 1) == std::string_view::npos;
  return has_port ? node.substr(0, colon) : node;
}

// What a step to the next node on the left has found.
enum class Step : std::uint8_t { nobody, client, proxy };

// A step of the walk from the right, which goes on beyond a proxy only.
Step step_to(std::string_view node, const net::IpSet& trusted, Origin& origin) {
  const std::string_view text = without_port(node);
  const std::optional<net::IpAddress> address = net::IpAddress::parse(text);
  // What is no address was not written by a proxy that tells us something: the one before it is as far as we see.
  if (!address) return Step::nobody;
  origin.ip = text;
  origin.is_local = origin.is_local && address->is_loopback();
  return trusted.contains(*address) ? Step::proxy : Step::client;
}

void walk_x_forwarded_for(const http::FieldList& fields, const net::IpSet& trusted, Origin& origin) {
  for (std::size_t index = fields.size(); index-- > 0;) {
    if (fields[index].id != FieldId::x_forwarded_for) continue;
    const std::string_view value = fields[index].value;
    for (std::size_t end = value.size() + 1; end > 0;) {
      const std::string_view left = value.substr(0, end - 1);
      const std::size_t comma = left.rfind(',');
      const std::size_t begin = comma == std::string_view::npos ? 0 : comma + 1;
      const std::string_view node = trim(left.substr(begin));
      const Step step = step_to(node, trusted, origin);
      if (step == Step::nobody) return;
      origin.has_chain = true;
      origin.chain_field = index;
      origin.chain_offset = static_cast<std::size_t>(node.data() - value.data());
      if (step == Step::client) return;
      end = begin;
    }
  }
}

// A list of `for=` nodes, the last kMaxHops of them.
class Nodes {
 public:
  void add(std::string_view node) { nodes_[count_++ % kMaxHops] = node; }
  std::size_t size() const { return std::min(count_, kMaxHops); }
  std::string_view from_right(std::size_t index) const { return nodes_[(count_ - 1 - index) % kMaxHops]; }

 private:
  std::array<std::string_view, kMaxHops> nodes_;
  std::size_t count_ = 0;
};

// The next piece of `rest` up to `separator`, which does not count within quotes.
std::string_view next_piece(std::string_view& rest, char separator) {
  bool is_quoted = false;
  std::size_t at = 0;
  for (; at < rest.size() && (is_quoted || rest[at] != separator); ++at) {
    if (is_quoted && rest[at] == '\\') ++at;
    if (at < rest.size() && rest[at] == '"') is_quoted = !is_quoted;
  }
  at = std::min(at, rest.size());
  const std::string_view piece = rest.substr(0, at);
  rest.remove_prefix(std::min(rest.size(), at + 1));
  return trim(piece);
}

std::string_view unquoted(std::string_view value) {
  return value.size() >= 2 && value.starts_with('"') && value.ends_with('"') ? value.substr(1, value.size() - 2)
                                                                             : value;
}

// RFC 7239, 4. An element without `for` hides its hop: it stands in the list as what is no address.
void walk_forwarded(const http::FieldList& fields, const net::IpSet& trusted, Origin& origin) {
  Nodes nodes;
  for (const http::Field& field : fields) {
    if (field.id != FieldId::forwarded) continue;
    for (std::string_view rest = field.value; !rest.empty();) {
      std::string_view element = next_piece(rest, ',');
      std::string_view node;
      while (!element.empty()) {
        const std::string_view pair = next_piece(element, ';');
        const std::size_t equals = pair.find('=');
        if (equals == std::string_view::npos || !http::equals_ignoring_case(pair.substr(0, equals), "for")) continue;
        node = unquoted(pair.substr(equals + 1));
      }
      nodes.add(node);
    }
  }
  for (std::size_t index = 0; index < nodes.size(); ++index) {
    if (step_to(nodes.from_right(index), trusted, origin) != Step::proxy) return;
  }
}

// Of a list, what the nearest proxy wrote.
std::string_view last_element(const http::FieldList& fields, FieldId id) {
  std::string_view last;
  for (const http::Field& field : fields) {
    if (field.id == id) last = trim(field.value.substr(field.value.rfind(',') + 1));
  }
  return last;
}

}  // namespace

Origin origin_of(const http::RequestHead& head, const ClientInfo& client, std::string_view new_id) {
  Origin origin{.ip = client.ip,
                .scheme = client.scheme,
                .host = head.authority,
                .request_id = new_id,
                .is_local = client.is_local};
  if (client.trusted == nullptr) return origin;
  const http::FieldList& fields = head.fields;
  if (fields.has(FieldId::x_forwarded_for)) {
    walk_x_forwarded_for(fields, *client.trusted, origin);
  } else if (fields.has(FieldId::forwarded)) {
    walk_forwarded(fields, *client.trusted, origin);
  }
  const std::string_view scheme = last_element(fields, FieldId::x_forwarded_proto);
  for (const std::string_view known : {std::string_view("http"), std::string_view("https")}) {
    if (http::equals_ignoring_case(scheme, known)) origin.scheme = known;
  }
  const std::string_view host = last_element(fields, FieldId::x_forwarded_host);
  if (!host.empty() && http::host_of(host)) origin.host = host;
  const std::string_view id = last_element(fields, FieldId::x_request_id);
  if (telemetry::is_valid_request_id(id)) origin.request_id = id;
  return origin;
}

void write_forwarding_fields(http::BufferWriter& writer, const http::RequestHead& head, const Origin& origin,
                             std::string_view peer) {
  writer.append("X-Forwarded-For: ");
  if (origin.has_chain) {
    for (std::size_t index = origin.chain_field; index < head.fields.size(); ++index) {
      const http::Field& field = head.fields[index];
      if (field.id != FieldId::x_forwarded_for) continue;
      writer.append(index == origin.chain_field ? field.value.substr(origin.chain_offset) : field.value);
      writer.append(", ");
    }
  } else if (origin.ip != peer) {
    writer.append(origin.ip);
    writer.append(", ");
  }
  writer.append(peer);
  writer.append("\r\n");
  http::write_field(writer, "X-Forwarded-Proto", origin.scheme);
  if (!origin.host.empty()) http::write_field(writer, "X-Forwarded-Host", origin.host);
  http::write_field(writer, "X-Real-IP", origin.ip);
  http::write_field(writer, "X-Request-Id", origin.request_id);
}

}  // namespace fairlead::proxy
