// Who a request comes from, as far as those who passed it on are believed.
//
// What any client writes into a forwarding field is worth nothing. What a trusted proxy wrote is: it appended the
// address that it saw. So the client is found by walking from the right, past the proxies that are trusted.
#pragma once

#include <cstddef>
#include <string_view>

#include "http/codec/message.h"
#include "http/codec/serializer.h"
#include "net/ip_range.h"

namespace fairlead::proxy {

// The other end of a connection.
struct ClientInfo {
  std::string_view ip;                  // without the port
  std::string_view scheme;              // `http`
  std::string_view listener;            // its name
  bool is_local = false;                // a loopback client on a loopback listener
  const net::IpSet* trusted = nullptr;  // the proxies to be believed, where it is one of them
};

// What is believed of one request. Views of the head, of the connection's strings and of `new_id`.
struct Origin {
  std::string_view ip;
  std::string_view scheme;
  std::string_view host;  // that the client asked for; empty on HTTP/1.0
  std::string_view request_id;
  bool is_local = false;  // nobody further away asks
  // Where the part of X-Forwarded-For that is passed on begins: a field of the head, and a byte in its value.
  std::size_t chain_field = 0;
  std::size_t chain_offset = 0;
  bool has_chain = false;
};

// `new_id` is the id unless a trusted proxy gave one. Understands X-Forwarded-For, -Proto and -Host, X-Request-Id, and
// Forwarded (RFC 7239) where there is no X-Forwarded-For.
Origin origin_of(const http::RequestHead& head, const ClientInfo& client, std::string_view new_id);

// Writes the forwarding fields that a server gets. `peer` is the other end of the connection.
void write_forwarding_fields(http::BufferWriter& writer, const http::RequestHead& head, const Origin& origin,
                             std::string_view peer);

}  // namespace fairlead::proxy
