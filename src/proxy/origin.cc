#include "proxy/origin.h"

#include <algorithm>
#include <optional>

#include "http/codec/authority.h"
#include "telemetry/request_id.h"

namespace fairlead::proxy {

namespace {

using http::FieldId;

std::string_view trim(std::string_view text) {
  const auto is_blank = [](char byte) { return byte == ' ' || byte == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Empty, or `:` and a port, which may be obfuscated (RFC 7239, 6.2): `:80`, `:_hidden`.
bool is_port(std::string_view text) {
  const auto belongs = [](char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '_' || byte == '-' || byte == '.';
  };
  return text.empty() || (text.front() == ':' && text.size() > 1 && std::ranges::all_of(text.substr(1), belongs));
}

// `1.2.3.4`, `1.2.3.4:80`, `::1`, `[::1]`, `[::1]:80`: the address alone; empty where something else follows it.
std::string_view without_port(std::string_view node) {
  std::size_t end = node.size();
  std::string_view address = node;
  if (node.starts_with('[')) {
    const std::size_t close = node.find(']');
    if (close == std::string_view::npos) return {};
    address = node.substr(1, close - 1);
    end = close + 1;
  } else if (const std::size_t colon = node.find(':'); colon != std::string_view::npos && colon == node.rfind(':')) {
    address = node.substr(0, colon);
    end = colon;
  }
  return is_port(node.substr(end)) ? address : std::string_view();
}

// What a step to the next node on the left has found.
enum class Step : std::uint8_t { nobody, client, proxy };

// A step of the walk from the right, which goes on beyond a proxy only.
Step step_to(std::string_view node, const net::IpSet& trusted, Origin& origin) {
  const std::string_view text = without_port(node);
  const std::optional<net::IpAddress> address = net::IpAddress::parse(text);
  // What is no address was not written by a proxy that tells us something: the one before it is as far as we see. Who
  // asks is somebody else, wherever that is.
  if (!address) {
    origin.is_local = false;
    return Step::nobody;
  }
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

// The quote at `at` is one of the characters of a quoted string: an odd number of backslashes stands before it.
bool is_escaped(std::string_view text, std::size_t at) {
  const std::size_t before = text.substr(0, at).find_last_not_of('\\');
  return (at - (before == std::string_view::npos ? 0 : before + 1)) % 2 == 1;
}

// Takes the last piece off `rest`, with the `separator` before it, which does not count within quotes. From the right,
// because whatever a stranger wrote, a quote that is never closed perhaps, stands on the left of what the proxies add.
std::string_view take_last_piece(std::string_view& rest, char separator) {
  bool is_quoted = false;
  std::size_t begin = rest.size();
  for (; begin > 0; --begin) {
    const char byte = rest[begin - 1];
    if (byte == '"' && !(is_quoted && is_escaped(rest, begin - 1))) is_quoted = !is_quoted;
    if (byte == separator && !is_quoted) break;
  }
  const std::string_view piece = rest.substr(begin);
  rest = rest.substr(0, begin == 0 ? 0 : begin - 1);
  return trim(piece);
}

std::string_view unquoted(std::string_view value) {
  return value.size() >= 2 && value.starts_with('"') && value.ends_with('"') ? value.substr(1, value.size() - 2)
                                                                             : value;
}

// The node of an element's `for`. Empty without one: such an element hides its hop.
std::string_view node_of(std::string_view element) {
  while (!element.empty()) {
    const std::string_view pair = take_last_piece(element, ';');
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && http::equals_ignoring_case(pair.substr(0, equals), "for"))
      return unquoted(pair.substr(equals + 1));
  }
  return {};
}

// RFC 7239, 4.
void walk_forwarded(const http::FieldList& fields, const net::IpSet& trusted, Origin& origin) {
  for (std::size_t index = fields.size(); index-- > 0;) {
    if (fields[index].id != FieldId::forwarded) continue;
    for (std::string_view rest = fields[index].value; !rest.empty();) {
      if (step_to(node_of(take_last_piece(rest, ',')), trusted, origin) != Step::proxy) return;
    }
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
