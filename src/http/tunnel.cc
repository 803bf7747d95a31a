#include "http/tunnel.h"

#include <cerrno>

#include "runtime/both.h"
#include "runtime/wait.h"

namespace fairlead::http {

namespace {

constexpr std::size_t kRead = std::size_t{64} * 1024;
constexpr Error kEnded{.code = ErrorCode::client_gone, .detail = "one side of the tunnel is gone"};

// The last moment at which anything moved, shared by both directions.
struct Activity {
  TimePoint last;
};

runtime::Task<void> send_all(Transport& to, std::string_view bytes, Duration idle) {
  const iovec piece{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  if (!to.output.send(to.connection, {&piece, 1}).ok()) co_await runtime::fail(kEnded);
  if (!to.output.is_empty()) co_await to.output.flush(to.connection, idle);
}

runtime::Task<void> relay(Transport from, Transport to, Duration idle, Activity& activity, std::uint64_t& count) {
  runtime::EventLoop& loop = from.connection.loop();
  while (true) {
    if (const std::string_view unread = from.input.unread(); !unread.empty()) {
      from.input.consume(unread.size());
      count += unread.size();
      activity.last = loop.now();
      co_await send_all(to, unread, idle);
      // A side that always has more must not keep the others from their turn.
      co_await runtime::Yield(loop);
    }
    const Result<void> ready = co_await with_result(from.connection.readable(deadline_after(activity.last, idle)));
    if (!ready) {
      // The other direction may have moved meanwhile.
      if (ready.error().code == ErrorCode::timed_out && deadline_after(activity.last, idle) > loop.now()) continue;
      co_await Result<void>(ready);
    }
    const runtime::IoResult got = from.input.fill(from.connection, kRead);
    if (got.would_block()) continue;
    if (!got.ok()) co_await runtime::fail(kEnded);
    if (got.count == 0) {
      to.connection.shutdown_send();
      co_return;
    }
  }
}

}  // namespace

runtime::Task<void> relay_tunnel(Transport client, Transport server, Duration idle, TunnelCounts& counts) {
  Activity activity{client.connection.loop().now()};
  co_await runtime::Both(relay(client, server, idle, activity, counts.from_client),
                         relay(server, client, idle, activity, counts.from_server), [&] {
                           client.connection.cancel();
                           server.connection.cancel();
                         });
}

}  // namespace fairlead::http
