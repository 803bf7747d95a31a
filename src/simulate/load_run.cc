#include "simulate/load_run.h"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>
#include <memory>
#include <queue>
#include <utility>

#include "pool/pool.h"
#include "pool/pool_view.h"
#include "proxy/retry_policy.h"
#include "runtime/simulated/simulated_loop.h"
#include "runtime/task_group.h"
#include "simulate/health_model.h"

namespace fairlead::simulate {
namespace {

// Any instant; the run counts from here. Health begins earlier, so that servers are up by then.
constexpr TimePoint kStart{std::chrono::hours(1)};
constexpr Duration kSettling = std::chrono::seconds(1);
constexpr Duration kFarAway = std::chrono::hours(100'000);
constexpr Duration kInstant{1};
// Keys for balancers that want one: as many clients, equally busy.
constexpr std::uint64_t kClients = 10'000;
constexpr std::string_view kMethod = "GET";

// Makes the streams of one seed differ.
enum class Stream : std::uint64_t { balancer = 1, checks, keys, loop };
std::uint64_t seed_of(std::uint64_t seed, Stream stream) {
  return seed ^ (static_cast<std::uint64_t>(stream) * 0x9e3779b97f4a7c15);
}

constexpr Error kReset{.code = ErrorCode::reset_before_response,
                       .blame = Blame::upstream,
                       .retry_if_idempotent = true,
                       .detail = "the server died"};

std::shared_ptr<const pool::Pool> make_pool(const pool::PoolOptions& options, const std::string& zone) {
  const auto vitals = std::make_shared<pool::PoolVitals>();
  std::vector<pool::Member> members;
  for (const pool::ServerOptions& server : options.servers) {
    const std::string name = server.name.empty() ? server.address.text() : server.name;
    // An address that needs no lookup.
    const net::Endpoint endpoint{"127.0.0.1", static_cast<std::uint16_t>(members.size() + 1), ""};
    members.push_back({std::make_shared<pool::Server>(vitals, "pool", name, endpoint, server.weight), server.backup,
                       pool::is_far(server, zone)});
    members.back().server->publish_max_inflight(server.max_inflight.value_or(options.limits.max_inflight.value_or(0)));
  }
  return std::make_shared<const pool::Pool>("pool", options, std::move(members), vitals);
}

// One run. Virtual time jumps between arrivals, ends of tries, health's own events and upsets.
class Run {
 public:
  Run(const LoadModel& model, Backend& backend)
      : model_(model),
        backend_(backend),
        arrivals_(model.traffic, model.seed),
        balancer_random_(seed_of(model.seed, Stream::balancer)),
        checks_random_(seed_of(model.seed, Stream::checks)),
        keys_random_(seed_of(model.seed, Stream::keys)),
        loop_(seed_of(model.seed, Stream::loop)),
        waiting_(loop_),
        pool_(make_pool(model.options, model.zone)),
        health_(*pool_, backend, checks_random_, kStart, kStart - kSettling),
        view_(pool_, balancer_random_, health_),
        upsets_(backend.upsets()) {
    loop_.timers().set(anchor_, kStart + kFarAway);
    outcome_.per_server.resize(pool_->members().size());
    for (const pool::Member& member : pool_->members()) index_of_[member.server.get()] = index_of_.size();
  }

  LoadOutcome result() {
    while (health_.next() < kStart) health_.advance(health_.next());
    next_arrival_ = arrivals_.next();
    while (has_arrivals() || open_ > 0) {
      const TimePoint at = next_instant();
      if (catch_up(at)) step(at);
      settle();
    }
    std::ranges::sort(outcome_.waits);
    for (std::size_t server = 0; server < pool_->members().size(); ++server) {
      const TimePoint left = health_.left_rotation(server);
      outcome_.left_rotation.push_back(left == kNever ? Duration::max() : left - kStart);
    }
    return std::move(outcome_);
  }

 private:
  struct Request {
    TimePoint arrived;
    TimePoint try_began;
    Duration work;
    std::uint64_t key;
    proxy::RetryPolicy retry;
    pool::TriedServers tried;
    pool::Permit permit;
    std::size_t server = 0;
    TimePoint gives_up = kNever;  // the end of this try, whatever the server does
    Result<int> outcome = 0;      // what this try will have come to: a status
    std::uint32_t turn = 0;       // ends of earlier plans are stale
  };
  struct End {
    TimePoint at;
    std::uint64_t order;
    std::uint32_t request;
    std::uint32_t turn;
    bool operator>(const End& other) const { return at != other.at ? at > other.at : order > other.order; }
  };
  // Keeps the loop from finding that nothing can happen any more: time is ours.
  struct Anchor final : runtime::Timer {
    void on_timer() override {}
  };

  bool has_arrivals() const { return next_arrival_.at < model_.measured.until; }

  TimePoint next_instant() const {
    TimePoint at = health_.next();
    if (has_arrivals()) at = std::min(at, kStart + next_arrival_.at);
    if (!ends_.empty()) at = std::min(at, ends_.top().at);
    if (next_upset_ < upsets_.size()) at = std::min(at, kStart + upsets_[next_upset_].at);
    return std::max(at, now_);
  }

  // Time goes on for those in the waiting line. False where that made something happen before `at`.
  bool catch_up(TimePoint at) {
    if (waiting_.size() > 0) loop_.run_until(at);
    if (next_instant() < at) return false;
    now_ = at;
    return true;
  }

  // Lets those in the waiting line look whom this instant has called.
  void settle() {
    if (waiting_.size() > 0) loop_.run_until(std::max(now_, loop_.now()) + kInstant);
  }

  void step(TimePoint now) {
    if (health_.next() <= now) health_.advance(now);
    for (; next_upset_ < upsets_.size() && kStart + upsets_[next_upset_].at <= now; ++next_upset_)
      upset(upsets_[next_upset_], now);
    while (!ends_.empty() && ends_.top().at <= now) {
      const End end = ends_.top();
      ends_.pop();
      if (requests_[end.request].turn == end.turn) end_try(end.request, now);
    }
    for (; has_arrivals() && kStart + next_arrival_.at <= now; next_arrival_ = arrivals_.next())
      arrive(next_arrival_, now);
  }

  void arrive(const Arrival& arrival, TimePoint now) {
    const std::uint32_t index = free_request();
    Request& request = requests_[index];
    request.arrived = now;
    request.work = arrival.work;
    request.key = Random(keys_random_.below(kClients)).next();
    request.retry = {};
    request.retry.begin(model_.retry, kMethod);
    request.tried = {};
    pool_->retry_budget().record_request(now);
    ++open_;
    begin_try(index, now);
  }

  void begin_try(std::uint32_t index, TimePoint now) {
    Request& request = requests_[index];
    request.permit.release();
    Result<pool::Permit> permit = view_.admit(request.tried, now, request.key);
    if (!permit && permit.error().code == ErrorCode::queue_full) {
      // The loop's time may be behind as long as nobody waits.
      if (loop_.now() < now) loop_.run_until(now);
      waiting_.start(wait(index));
      return;
    }
    send(index, std::move(permit), now);
  }

  runtime::Task<void> wait(std::uint32_t index) {
    Request& request = requests_[index];
    pool::Place place(pool_->waiting_line(), loop_, pool_->generation(), !request.tried.empty());
    Result<pool::Permit> permit =
        co_await view_.wait_for_permit(place, request.tried, total_deadline(request), request.key).result();
    send(index, std::move(permit), loop_.now());
  }

  void send(std::uint32_t index, Result<pool::Permit> permit, TimePoint now) {
    Request& request = requests_[index];
    if (!permit) {
      end_request(index, false, now);
      return;
    }
    request.permit = std::move(*permit);
    pool::Server* server = request.permit.server();
    request.server = index_of_.at(server);
    request.tried.add(*server);
    request.try_began = now;
    if (is_measured(request)) ++outcome_.per_server[request.server];
    const Reply reply = backend_.serve({.server = request.server,
                                        .since_start = now - kStart,
                                        .in_flight = server->in_flight(),
                                        .duration = request.work});
    const Duration patience = std::min(model_.timeouts.per_try.value_or(Duration::max()), model_.timeouts.first_byte);
    request.gives_up = std::min(deadline_after(now, patience), total_deadline(request));
    request.outcome = reply.error ? Result<int>(std::unexpected(*reply.error)) : Result<int>(reply.status);
    plan_end(index, deadline_after(now, reply.after));
  }

  // The try ends at `at`, unless somebody gives up before.
  void plan_end(std::uint32_t index, TimePoint at) {
    Request& request = requests_[index];
    if (at > request.gives_up) {
      const bool is_short = model_.timeouts.per_try && *model_.timeouts.per_try < model_.timeouts.first_byte;
      request.outcome = std::unexpected(
          Error{.code = ErrorCode::response_timeout, .blame = Blame::upstream, .retry_if_idempotent = is_short});
    }
    ends_.push({.at = std::min(at, request.gives_up), .order = order_++, .request = index, .turn = ++request.turn});
  }

  void end_try(std::uint32_t index, TimePoint now) {
    Request& request = requests_[index];
    pool::Server& server = *request.permit.server();
    const Duration wait = now - request.try_began;
    const Result<int>& outcome = request.outcome;
    if (outcome && !request.retry.wants_other_server(*outcome, false, view_, request.tried, now)) {
      view_.report(server, *outcome, wait, now);
      end_request(index, *outcome < 500, now);
      return;
    }
    const Error error = outcome ? Error{.code = ErrorCode::bad_response, .blame = Blame::upstream} : outcome.error();
    view_.report(server, error, wait, now);
    const bool is_over = now >= total_deadline(request);
    if (is_over ||
        request.retry.after({.error = error}, view_, request.tried, now) == proxy::RetryPolicy::Next::nothing) {
      end_request(index, false, now);
    } else {
      if (is_measured(request)) ++outcome_.retries;
      begin_try(index, now);
    }
  }

  void end_request(std::uint32_t index, bool has_succeeded, TimePoint now) {
    Request& request = requests_[index];
    request.permit.release();
    --open_;
    if (is_measured(request)) {
      ++outcome_.requests;
      outcome_.failed += has_succeeded ? 0 : 1;
      outcome_.waits.push_back(now - request.arrived);
    }
    free_.push_back(index);
  }

  void upset(const Upset& upset, TimePoint now) {
    for (std::uint32_t index = 0; index < requests_.size(); ++index) {
      Request& request = requests_[index];
      if (request.permit.server() == nullptr || request.server != upset.server) continue;
      if (upset.resets) request.outcome = std::unexpected(kReset);
      plan_end(index, upset.resets ? now : kNever);
    }
  }

  std::uint32_t free_request() {
    if (free_.empty()) {
      requests_.emplace_back();
      return static_cast<std::uint32_t>(requests_.size() - 1);
    }
    const std::uint32_t index = free_.back();
    free_.pop_back();
    return index;
  }

  bool is_measured(const Request& request) const { return model_.measured.contains(request.arrived - kStart); }
  Deadline total_deadline(const Request& request) const {
    return model_.timeouts.total ? deadline_after(request.arrived, *model_.timeouts.total) : kNever;
  }

  const LoadModel& model_;
  Backend& backend_;
  Arrivals arrivals_;
  Random balancer_random_;
  Random checks_random_;
  Random keys_random_;
  runtime::SimulatedLoop loop_;  // only for those who wait in line
  Anchor anchor_;
  runtime::TaskGroup waiting_;
  std::shared_ptr<const pool::Pool> pool_;
  HealthModel health_;
  pool::PoolView view_;
  std::vector<Upset> upsets_;
  std::size_t next_upset_ = 0;
  boost::unordered_flat_map<const pool::Server*, std::size_t> index_of_;
  std::deque<Request> requests_;  // references stay good while others are added
  std::vector<std::uint32_t> free_;
  std::priority_queue<End, std::vector<End>, std::greater<>> ends_;
  std::uint64_t order_ = 0;
  std::uint64_t open_ = 0;
  TimePoint now_ = kStart;
  Arrival next_arrival_;
  LoadOutcome outcome_;
};

}  // namespace

double LoadOutcome::success_rate() const {
  return requests == 0 ? 1 : static_cast<double>(requests - failed) / static_cast<double>(requests);
}

Duration LoadOutcome::percentile(double share) const {
  if (waits.empty()) return Duration::zero();
  return waits[static_cast<std::size_t>(share * static_cast<double>(waits.size() - 1))];
}

LoadOutcome run(const LoadModel& model, Backend& backend) { return Run(model, backend).result(); }

}  // namespace fairlead::simulate
