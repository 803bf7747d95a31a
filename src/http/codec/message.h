// The heads of requests and responses, as parsed. Every view points into the bytes that were parsed, to a literal,
// or into the head itself: it is never copied.
//
// Both are large (a request about 21 KiB) and meant to live in a worker's scratch, used again for each message.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "http/codec/field.h"
#include "http/codec/method.h"

namespace fairlead::http {

// How the end of a body is found (RFC 9112, 6.3). Only responses have `until_close`.
enum class Framing : std::uint8_t { none, length, chunked, until_close };

// No request target may be longer.
inline constexpr std::size_t kMaxTarget = std::size_t{16} * 1024;

struct RequestHead {
  RequestHead() = default;
  RequestHead(const RequestHead&) = delete;
  RequestHead& operator=(const RequestHead&) = delete;

  Method method = Method::get;
  std::uint8_t minor_version = 1;
  Framing framing = Framing::none;
  bool keep_alive = true;
  // The client waits for a 100 before it sends the body. Never set for HTTP/1.0.
  bool expects_continue = false;
  // `Connection: upgrade` with exactly one Upgrade field, on HTTP/1.1.
  bool wants_upgrade = false;
  // True for `/a?` too, where `query` is empty.
  bool has_query = false;
  // With framing `length`; else 0.
  std::uint64_t content_length = 0;
  std::string_view method_text;
  // As sent; the path and the query of an absolute-form target are below.
  std::string_view target;
  // Begins with `/` and is in its normal form (path.h), or is `*`.
  std::string_view path;
  // Without the `?`.
  std::string_view query;
  // The value of Host, or the authority of an absolute-form target. Empty only on HTTP/1.0.
  std::string_view authority;
  // `authority` without the port, in the case that it was sent in; an IPv6 address keeps its brackets.
  std::string_view host;
  // The value of Upgrade where `wants_upgrade`; a list of protocols, in the simplest case `websocket`.
  std::string_view upgrade;
  FieldList fields;
  // Holds `path` where that is not as it was sent.
  std::array<char, kMaxTarget> path_space;

  // An upgrade beside a body is a way to smuggle: it must be dropped and the request served as a plain one.
  bool may_upgrade() const { return wants_upgrade && framing == Framing::none; }
};

struct ResponseHead {
  std::uint16_t status = 0;
  std::uint8_t minor_version = 1;
  // `none` for 1xx, 204, 304 and answers to HEAD, whatever the fields say.
  Framing framing = Framing::none;
  // False with `until_close`, and after 101.
  bool keep_alive = true;
  // Content-Length was sent. An answer to HEAD passes it on although no body follows.
  bool has_content_length = false;
  std::uint64_t content_length = 0;
  std::string_view reason;
  // `Keep-Alive: timeout=N`, at most one day.
  std::optional<Duration> keep_alive_timeout;
  // The value of Upgrade where Connection names it and it occurs once.
  std::string_view upgrade;
  FieldList fields;
};

}  // namespace fairlead::http
