#include "proxy/open_tunnel.h"

#include <utility>

#include "proxy/session.h"

namespace fairlead::proxy {

namespace {

constexpr std::uint16_t kSwitched = 101;

}  // namespace

OpenTunnel::OpenTunnel(Context& context, FromSession session, FromExchange exchange, http::Transport client,
                       http::Transport server, const http::Tunnel::Agreement& agreement)
    : context_(context),
      settings_(std::move(session.settings)),
      seat_(std::move(session.seat)),
      open_connection_(std::move(session.open_connection)),
      open_request_(context.counters.open_requests),
      open_tunnel_(context.counters.open_tunnels),
      view_(std::move(exchange.view)),
      pool_(exchange.pool),
      permit_(std::move(exchange.permit)),
      began_(exchange.began),
      is_logged_(exchange.is_logged),
      record_(exchange.record),
      tunnel_(std::move(client), std::move(server), agreement, context.workspace.scratch, *this) {}

void OpenTunnel::cut() {
  tunnel_.say_goodbye();
  end(std::unexpected(Error{.code = ErrorCode::stopping, .blame = Blame::downstream}));
}

void OpenTunnel::on_tunnel_end(const Result<void>& outcome) {
  if (!outcome) {
    if (outcome.error().code != ErrorCode::client_gone) context_.counters.cut_responses.add();
    tunnel_.break_off_client();
  }
  end(outcome);
}

void OpenTunnel::end(const Result<void>& outcome) {
  // The exchange has reported how long the server took to agree.
  if (outcome) {
    pool_.report_end(*permit_.server(), kSwitched);
  } else {
    pool_.report_end(*permit_.server(), outcome.error(), context_.loop.now());
  }
  context_.counters.count(kSwitched, outcome);
  if (is_logged_ && context_.access_log.is_on()) record(outcome);
  std::unique_ptr<OpenTunnel>(this).reset();
}

void OpenTunnel::record(const Result<void>& outcome) {
  telemetry::AccessRecord record = record_.record();
  record.reason = outcome ? "ok" : word(outcome.error().code);
  record.total = context_.loop.now() - began_;
  record.bytes_in = tunnel_.bytes_from_client();
  record.bytes_out = tunnel_.bytes_from_server();
  context_.access_log.record(record);
}

}  // namespace fairlead::proxy
