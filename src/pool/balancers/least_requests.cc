// Least requests: the server with the fewest requests in flight for its weight, all workers' requests counted.
//
// With the load of a server = requests in flight / weight, a server qualifies while its load is below the smallest
// load that any server would have after one more request. Of those that qualify, one is drawn by weight. Equal
// servers are so filled evenly, ties are broken at random, and idle servers get shares that follow their weights;
// picking the smallest load alone would send every second request to the smallest server.
//
// Small pools are scanned. In larger ones kDraws servers are drawn by weight, which costs about the same for 40 and for
// 10,000; docs/decisions/0007-least-requests.md has the measurements behind both numbers.

#include <array>
#include <vector>

#include "pool/balancer.h"
#include "pool/balancers/alias_table.h"

namespace fairlead::pool {
namespace {

constexpr std::size_t kScanLimit = 32;
constexpr std::size_t kDraws = 12;

// A server as this request sees it: its counters move on meanwhile.
struct Seen {
  Server* server;
  std::uint64_t in_flight;
  std::uint64_t weight;
};

// `left / left_weight < right / right_weight`, without dividing. Counts and weights have 32 bits at most.
bool is_less(std::uint64_t left, std::uint64_t left_weight, std::uint64_t right, std::uint64_t right_weight) {
  return left * right_weight < right * left_weight;
}

// The server that would be least loaded after one more request; its load sets the bar for all others.
const Seen& least_after_one_more(std::span<const Seen> seen) {
  const Seen* least = &seen.front();
  for (const Seen& other : seen.subspan(1)) {
    if (is_less(other.in_flight + 1, other.weight, least->in_flight + 1, least->weight)) least = &other;
  }
  return *least;
}

bool qualifies(const Seen& seen, const Seen& least) {
  return is_less(seen.in_flight, seen.weight, least.in_flight + 1, least.weight);
}

class LeastRequests final : public Balancer {
 public:
  explicit LeastRequests(Random& random) : random_(random) {}

  void update(std::span<const Candidate> eligible) override {
    eligible_.assign(eligible.begin(), eligible.end());
    if (eligible_.size() > kScanLimit) table_.build(eligible_);
  }

  Server* pick(const PickRequest& request) override {
    return eligible_.size() <= kScanLimit ? scan(request) : draw(request);
  }

 private:
  Server* scan(const PickRequest& request) {
    std::array<Seen, kScanLimit> room;
    std::size_t count = 0;
    for (const Candidate& candidate : eligible_) {
      if (request.tried.contains(*candidate.server)) continue;
      room[count++] = {candidate.server, candidate.server->in_flight(), candidate.weight};
    }
    if (count == 0) return nullptr;

    const std::span<const Seen> seen = std::span(room).first(count);
    const Seen& least = least_after_one_more(seen);
    std::uint64_t qualified_weight = 0;
    for (const Seen& one : seen) qualified_weight += qualifies(one, least) ? one.weight : 0;
    std::uint64_t drawn = random_.below(qualified_weight);
    for (const Seen& one : seen) {
      if (!qualifies(one, least)) continue;
      if (drawn < one.weight) return one.server;
      drawn -= one.weight;
    }
    return least.server;
  }

  Server* draw(const PickRequest& request) {
    std::array<Seen, kDraws> room;
    std::size_t count = 0;
    for (std::size_t draws = 0; draws < kDraws; ++draws) {
      const Candidate& candidate = eligible_[table_.draw(random_)];
      if (request.tried.contains(*candidate.server)) continue;
      room[count++] = {candidate.server, candidate.server->in_flight(), candidate.weight};
    }
    if (count == 0) return first_untried(request);

    const std::span<const Seen> seen = std::span(room).first(count);
    const Seen& least = least_after_one_more(seen);
    // They were drawn by weight already: the first that qualifies is as good a draw as any.
    for (const Seen& one : seen) {
      if (qualifies(one, least)) return one.server;
    }
    return least.server;
  }

  // Only reached where every draw fell on a server that was tried before.
  Server* first_untried(const PickRequest& request) {
    const std::size_t start = random_.below(eligible_.size());
    for (std::size_t step = 0; step < eligible_.size(); ++step) {
      Server* server = eligible_[(start + step) % eligible_.size()].server;
      if (!request.tried.contains(*server)) return server;
    }
    return nullptr;
  }

  Random& random_;
  std::vector<Candidate> eligible_;
  AliasTable table_;
};

std::unique_ptr<Balancer> make(const Pool&, Random& random) { return std::make_unique<LeastRequests>(random); }

}  // namespace

extern constinit const BalancerType least_requests{
    .algorithm = Algorithm::least_requests,
    .name = "least_requests",
    .help = "The server with the fewest requests in flight for its weight.",
    .make = make,
};

}  // namespace fairlead::pool
