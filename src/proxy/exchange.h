// The life of one request: route, server, forward, retry, answer. Read this first.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "http/stream.h"
#include "pool/balancer.h"
#include "pool/keepalive_cache.h"
#include "pool/permit.h"
#include "pool/pool_view.h"
#include "pool/waiting_line.h"
#include "proxy/body_buffer.h"
#include "proxy/context.h"
#include "proxy/forwarded_request.h"
#include "proxy/hedge.h"
#include "proxy/open_tunnel.h"
#include "proxy/retry_policy.h"
#include "proxy/snapshot.h"
#include "proxy/stickiness.h"
#include "proxy/total_time.h"
#include "runtime/task.h"
#include "telemetry/access_record.h"
#include "telemetry/counter.h"
#include "telemetry/request_id.h"

namespace fairlead::proxy {

// One request with its response. Lives in the frame of the task that serves it.
class Exchange final : private http::DepartureWatcher {
 public:
  // `downstream` has just read the head of a request, and there was no wait since.
  Exchange(Context& context, http::ServerStream& downstream, const ClientInfo& client);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // Serves the request. An error has not been answered yet.
  runtime::Task<void> run();
  // Both sides have agreed to leave HTTP. What remains to be done is the tunnel's, which takes everything along: the
  // exchange ends with that, unrecorded. No wait may come between.
  bool has_switched() const { return has_switched_; }
  std::unique_ptr<OpenTunnel> become_tunnel(OpenTunnel::FromSession session);
  // Whether it relays an event stream, which has no end by itself, and that server is the source.
  bool streams_from(const pool::Server& server) const {
    return server_ == &server && upstream_ != nullptr && is_event_stream_;
  }
  // Answers with an error page, or cuts the response where it has begun.
  runtime::Task<void> answer_with_error(const Error& error);
  // Gives up, wherever it is: nobody will get the response.
  void abandon(ErrorCode why);
  // Writes the access log's line and counts.
  void record(const Result<void>& outcome);

 private:
  static constexpr std::size_t kRecordedAttempts = 4;

  void on_hang_up() override { abandon(ErrorCode::client_gone); }
  // A try on one server.
  runtime::Task<void> attempt();
  Result<pool::Permit> admit(TimePoint now);
  // Where every server is full: a permit of the first that has room.
  runtime::Task<pool::Permit> wait_for_permit();
  void use(pool::Lease lease);
  // After the head of the request: its body, and the response.
  runtime::Task<void> relay(http::ClientStream& upstream);
  runtime::Task<void> relay_both_bodies(http::ClientStream& upstream);
  runtime::Task<void> send_request_body(http::ClientStream& upstream);
  runtime::Task<void> relay_response(http::ClientStream& upstream);
  bool may_hedge() const;
  // Of this server, or of a second one where it is late: for what is there whole.
  runtime::Task<void> relay_first_response(http::ClientStream& upstream);
  runtime::Task<void> relay_body(http::ClientStream& upstream, Duration idle);
  // Goes on reading after `latest`, which was not a final head.
  runtime::Task<const http::ResponseHead*> read_final_head(http::ClientStream& upstream,
                                                           Result<const http::ResponseHead*> latest);
  runtime::Task<void> relay_interim(const http::ResponseHead& head);
  runtime::Task<void> switch_protocols(http::ClientStream& upstream, const http::ResponseHead& head);
  runtime::Task<void> answer_locally();
  runtime::Task<void> answer(std::uint16_t status, std::string_view type, std::string_view body,
                             std::string_view location = {});

  // When the response must have begun: `first_byte` or `per_try` after the end of the request.
  Deadline answer_deadline() const;
  // Whether a try ends before the patience with the response does.
  bool is_short_try() const;
  // What the failure to get a response means for this try.
  Error failure_of_try(const Error& error) const;
  bool may_still_answer(const Error& error) const;
  void end_upload() {
    if (!upload_ended_) upload_ended_ = context_.loop.now();
  }
  std::optional<std::int64_t> retry_after(const Error& error);
  bool may_retry(const Error& error);
  bool was_race(const Error& error) const;
  Result<void> check_body_size() const;
  void end_try(const Result<void>& outcome);
  // What ended the exchange, where `error` ended its last try.
  Error cause_of(const Error& error) const;
  void report_beginning();
  void report(const Result<void>& outcome);
  // What the access log says of it so far; views of this and of what it works on.
  telemetry::AccessRecord describe() const;
  Duration server_wait() const;
  void note_attempt(const Error& error);
  pool::PoolView& pool() { return view_->pool(route_->pool); }

  Context& context_;
  http::ServerStream& downstream_;
  const ClientInfo& client_;
  telemetry::Counted open_;
  SnapshotViewPtr view_;
  ForwardedRequest request_;
  WallTime wall_start_;
  TimePoint start_;
  Result<void> prepared_;
  bool is_local_ = false;  // the client is on this machine, and so is all that is between us
  const Route* route_ = nullptr;
  TotalTime total_time_;

  Stickiness sticky_;
  std::uint64_t key_hash_ = 0;  // of what the pool hashes
  pool::TriedServers tried_;
  pool::Server* server_ = nullptr;          // of the latest try
  pool::Permit permit_;                     // of that server, while the try goes on
  pool::Place* place_ = nullptr;            // in the waiting line, while there
  std::optional<pool::Lease> lease_;        // of a connection to that server
  http::ClientStream* upstream_ = nullptr;  // in use by the try that is going on
  Hedge* hedge_ = nullptr;                  // while a second server may answer
  RetryPolicy retry_;
  BodyBuffer kept_body_;
  TimePoint try_began_{};
  TimePoint sent_at_{};  // when the request of this try began to leave
  std::uint16_t status_ = 0;
  bool body_is_gone_ = false;  // bytes of the request's body were taken from the client and are not kept
  bool is_event_stream_ = false;
  bool response_complete_ = false;
  bool has_switched_ = false;
  // Since when nothing more of the request goes to the server of this try.
  std::optional<TimePoint> upload_ended_;
  std::optional<TimePoint> answer_began_;  // by the server of this try
  bool beginning_is_reported_ = false;     // of its answer
  std::optional<ErrorCode> abandoned_;     // why nobody will get the response
  pool::Lease::Past past_;                 // of the connection of this try
  bool needs_fresh_connection_ = false;    // the next try goes to the same server
  std::string_view hedge_note_;            // `won` or `lost`, where a second server was asked
  std::optional<Duration> queue_time_;
  std::optional<Duration> first_byte_time_;
  std::vector<telemetry::AttemptRecord> attempts_;  // those that failed; most exchanges have none
};

}  // namespace fairlead::proxy
