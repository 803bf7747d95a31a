#include "sim/load_model.h"

#include <algorithm>
#include <cmath>
#include <queue>

#include "pool/pool_view.h"
#include "pool/test_servers.h"

namespace fairlead::sim {
namespace {

class NoSuspects final : public pool::SuspectListener {
 public:
  void on_suspect(pool::Server&) override {}
};

struct Running {
  TimePoint began;
  TimePoint ends;
  std::size_t server;
  int status;  // 0: the client gave up
};
struct EndsLater {
  bool operator()(const Running& left, const Running& right) const { return left.ends > right.ends; }
};

class Run {
 public:
  explicit Run(const LoadModel& model)
      : model_(model),
        servers_(model.servers),
        random_(model.seed),
        view_(std::make_shared<pool::Pool>("web", model.options, servers_.members(), servers_.vitals()), random_,
              suspects_),
        in_flight_(model.servers) {
    outcome_.per_server.resize(model.servers);
  }

  LoadOutcome result() {
    TimePoint now = pool::kTestStart;
    while (now < pool::kTestStart + model_.length) {
      const double gap = -std::log(1 - random_.unit()) / model_.per_second;
      now += std::chrono::duration_cast<Duration>(std::chrono::duration<double>(gap));
      end_until(now);
      begin(now);
    }
    end_until(kNever);
    std::ranges::sort(outcome_.waits);
    return std::move(outcome_);
  }

 private:
  void begin(TimePoint now) {
    pool::Server* server = *view_.pick({}, now, random_.next());
    const std::size_t index = servers_.index_of(server);
    const Reply reply = model_.serve(index, now - pool::kTestStart, server->in_flight(), random_);
    const bool is_late = reply.after > model_.patience;
    running_.push({.began = now,
                   .ends = now + std::min(reply.after, model_.patience),
                   .server = index,
                   .status = is_late ? 0 : reply.status});
    in_flight_[index].emplace_back(*server);
    ++outcome_.per_server[index];
    ++outcome_.requests;
  }

  void end_until(TimePoint now) {
    for (; !running_.empty() && running_.top().ends <= now; running_.pop()) {
      const Running& request = running_.top();
      pool::Server& server = servers_[request.server];
      in_flight_[request.server].pop_back();
      const Duration wait = request.ends - request.began;
      if (request.status == 0)
        view_.report(server, Error{.code = ErrorCode::client_gone, .blame = Blame::downstream}, wait, request.ends);
      else
        view_.report(server, request.status, wait, request.ends);
      outcome_.succeeded += request.status != 0 && request.status < 500 ? 1 : 0;
      outcome_.waits.push_back(wait);
    }
  }

  const LoadModel& model_;
  pool::TestServers servers_;
  Random random_;
  NoSuspects suspects_;
  pool::PoolView view_;
  std::vector<std::vector<pool::Permit>> in_flight_;
  std::priority_queue<Running, std::vector<Running>, EndsLater> running_;
  LoadOutcome outcome_;
};

}  // namespace

LoadOutcome run(const LoadModel& model) { return Run(model).result(); }

}  // namespace fairlead::sim
