#include "proxy/connector.h"

#include <algorithm>
#include <cerrno>
#include <string>

#include "http/h1_client.h"
#include "pool/preface.h"

namespace fairlead::proxy {

namespace {

// Where no descriptor is left, there are those that nobody uses.
runtime::Accepted connect(Context& context, const net::SocketAddress& address) {
  const runtime::Accepted socket = context.loop.connect(address.get(), address.size);
  if (socket.error != EMFILE && socket.error != ENFILE) return socket;
  context.free_descriptors();
  return context.loop.connect(address.get(), address.size);
}

http::ResponseLimits limits_of(const pool::PoolLimits& limits) {
  return {.head_bytes = static_cast<std::uint32_t>(limits.header_size.bytes),
          .fields = limits.fields,
          .chunks = {.extension_bytes = static_cast<std::uint16_t>(limits.chunk_extensions.bytes),
                     .trailer_bytes = static_cast<std::uint16_t>(limits.trailer_size.bytes),
                     .trailers = static_cast<std::uint8_t>(limits.trailers)}};
}

}  // namespace

runtime::Task<pool::Lease> lease_connection(Context& context, pool::Server& server, ConnectionNeed need,
                                            http::ClientStream*& in_use) {
  const boost::intrusive_ptr<pool::KeepaliveCache> cache = context.upstream.of(server);
  const net::SocketAddress* address = server.address();
  const std::string preface = pool::preface_for(need.pool, need.client);
  while (!need.fresh) {
    auto [idle, since] = cache->take(address, preface);
    if (idle == nullptr) break;
    // What must not be sent twice is not sent on a connection that the server may just have closed.
    if (need.is_sent_once && !idle->is_silent()) continue;
    idle->set_limits(limits_of(need.pool.limits));
    co_return pool::Lease(cache, std::move(idle), address, need.pool.keepalive,
                          {.idle_for = context.loop.now() - since});
  }
  if (address == nullptr) {
    co_await runtime::fail({.code = ErrorCode::dns_failed,
                            .blame = Blame::upstream,
                            .retry_is_safe = true,
                            .detail = "the server's name has no address"});
  }
  const TimePoint began = context.loop.now();
  const runtime::Accepted socket = connect(context, *address);
  if (socket.descriptor < 0) co_await Result<void>(std::unexpected(http::connect_error(socket.error)));
  auto client = std::make_unique<http::H1Client>(context.loop, socket.descriptor, context.workspace);
  client->set_preface(preface);
  client->set_limits(limits_of(need.pool.limits));
  in_use = client.get();
  const Result<void> connected =
      co_await client->connected(std::min(deadline_after(began, need.pool.timeouts.connect), need.deadline)).result();
  in_use = nullptr;
  co_await Result<void>(connected);
  co_return pool::Lease(cache, std::move(client), address, need.pool.keepalive,
                        {.connect_time = context.loop.now() - began});
}

bool was_keepalive_race(const Error& error, const pool::Lease::Past& past, Duration took) {
  constexpr Duration kLongestWay = std::chrono::milliseconds(500);
  return past.idle_for && error.code == ErrorCode::reset_before_response && error.retry_if_idempotent &&
         took <= kLongestWay;
}

}  // namespace fairlead::proxy
