// Round robin: each server in turn, in proportion to its weight, its turns spread evenly.
//
// Every server has a next turn in virtual time and a stride between turns that is the inverse of its weight; the
// earliest turn is served. This is stride scheduling (Waldspurger and Weihl, 1995): as smooth as nginx's smooth
// weighted round robin, but logarithmic in the number of servers instead of linear. A server's first turn falls
// anywhere within its first stride, so that workers do not march in step.

#include <algorithm>
#include <array>
#include <vector>

#include "pool/balancer.h"

namespace fairlead::pool {
namespace {

class RoundRobin final : public Balancer {
 public:
  explicit RoundRobin(Random& random) : random_(random) {}

  // A server that was there before keeps its place, so that a change elsewhere or a step of a warm-up moves no turns.
  void update(std::span<const Candidate> eligible) override {
    std::vector<Turn> turns;
    turns.reserve(eligible.size());
    std::ranges::sort(turns_, {}, &Turn::server);
    for (const Candidate& candidate : eligible) {
      const std::uint64_t stride = kFullCircle / candidate.weight;
      const auto known = std::ranges::lower_bound(turns_, candidate.server, {}, &Turn::server);
      const bool is_known = known != turns_.end() && known->server == candidate.server;
      // What is left of a stride is scaled with it: a server whose weight doubles waits half as long.
      const std::uint64_t wait = is_known ? rescaled(known->at - now_, known->stride, stride) : random_.below(stride);
      turns.push_back({.at = now_ + wait, .stride = stride, .server = candidate.server});
    }
    turns_.swap(turns);
    std::ranges::make_heap(turns_, is_later);
  }

  Server* pick(const PickRequest& request) override {
    std::array<Turn, TriedServers::kCapacity> passed_over;
    std::size_t passed = 0;
    Server* chosen = nullptr;
    while (chosen == nullptr && !turns_.empty()) {
      std::ranges::pop_heap(turns_, is_later);
      Turn& turn = turns_.back();
      if (request.tried.contains(*turn.server)) {
        passed_over[passed++] = turn;
        turns_.pop_back();
        continue;
      }
      chosen = turn.server;
      // A turn that was passed over may lie in the past; time does not run backwards for it.
      if (is_before(now_, turn.at)) now_ = turn.at;
      turn.at += turn.stride;
      std::ranges::push_heap(turns_, is_later);
    }
    // Whoever was passed over keeps its turn for the next request.
    for (const Turn& turn : std::span(passed_over).first(passed)) {
      turns_.push_back(turn);
      std::ranges::push_heap(turns_, is_later);
    }
    return chosen;
  }

 private:
  struct Turn {
    std::uint64_t at;
    std::uint64_t stride;
    Server* server;
  };
  static constexpr std::uint64_t kFullCircle = std::uint64_t{1} << 40;

  // Virtual time wraps; turns are never more than a stride apart from it.
  static bool is_before(std::uint64_t left, std::uint64_t right) { return static_cast<std::int64_t>(left - right) < 0; }
  static bool is_later(const Turn& left, const Turn& right) { return is_before(right.at, left.at); }

  static std::uint64_t rescaled(std::uint64_t wait, std::uint64_t old_stride, std::uint64_t stride) {
    // A turn in the past is due now.
    if (static_cast<std::int64_t>(wait) < 0) return 0;
    return static_cast<std::uint64_t>(static_cast<__uint128_t>(wait) * stride / old_stride);
  }

  Random& random_;
  std::vector<Turn> turns_;  // a heap, the earliest turn first
  std::uint64_t now_ = 0;
};

std::unique_ptr<Balancer> make(const Pool&, Random& random) { return std::make_unique<RoundRobin>(random); }

}  // namespace

extern constinit const BalancerType round_robin{
    .algorithm = Algorithm::round_robin,
    .name = "round_robin",
    .help = "Each server in turn, in proportion to its weight.",
    .make = make,
};

}  // namespace fairlead::pool
