// Prequal's hot and cold rule: of servers that are not busier than usual, the one whose answers come soonest.
//
// After Wydrowski et al., "Load is not what you should balance: Introducing Prequal" (NSDI 2024): a bounded pool of
// samples, of which each request adds a few at random and takes out the one that it uses and the oldest or worst one.
// There, a sample is the answer to a probe over the network and grows old. Here it names a server, whose requests in
// flight and latency are read when it is compared: they lie in memory that all workers share, so nothing needs to age.
// Where there are no more servers than samples, all are compared for each request.

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <tuple>
#include <vector>

#include "pool/balancer.h"
#include "pool/balancers/alias_table.h"
#include "pool/balancers/load_sample.h"
#include "pool/balancers/untried.h"
#include "pool/pace_sums.h"
#include "pool/pool.h"

namespace fairlead::pool {
namespace {

// The load that a given share of what is seen lies below, followed from one observation to the next by small steps
// (Robbins and Monro, "A stochastic approximation method", 1951).
class RunningQuantile {
 public:
  void set_share(double share) { share_ = share; }

  void see(double load) {
    const double step = kStep * std::max(value_, 1.0);
    value_ = std::max(value_ + (load > value_ ? share_ : share_ - 1) * step, 0.0);
  }
  double value() const { return value_; }

 private:
  static constexpr double kStep = 0.05;
  double share_ = 0;
  double value_ = 0;
};

class Prequal final : public Balancer {
 public:
  Prequal(const PrequalOptions& options, Random& random)
      : random_(random), draws_(options.samples), hot_share_(options.hot.fraction) {}

  void update(std::span<const Candidate> eligible) override {
    eligible_.assign(eligible.begin(), eligible.end());
    table_.build(eligible_);
    size_ = 0;
    holds_all_ = eligible_.size() <= kSamples;
    while (holds_all_ && size_ < eligible_.size()) {
      samples_[size_].index = static_cast<std::uint32_t>(size_);
      ++size_;
    }
    double weights = 0;
    for (const Candidate& candidate : eligible_) weights += candidate.weight;
    const double count = std::max(static_cast<double>(eligible_.size()), 1.0);
    mean_weight_ = weights / count;
    // Of few servers at least the busiest is hot, or the fastest would get everything.
    hot_.set_share(std::clamp(1 - 1 / count, 0.0, hot_share_));
  }

  Server* pick(const PickRequest& request) override {
    if (eligible_.empty()) return nullptr;
    if (!holds_all_) draw(size_ == 0 ? kSamples : draws_);
    read(request.now);
    const std::span<const Seen> cold = coldest(request.tried);
    if (cold.empty()) return first_untried(eligible_, request, random_.below(eligible_.size()));
    Server* chosen = least_loaded(cold, random_);
    if (!holds_all_) {
      use_up(*chosen);
      remove_one();
    }
    return chosen;
  }

 private:
  static constexpr std::size_t kSamples = 16;
  // Latencies that differ by less than half an octave are alike: as much is chance.
  static constexpr std::uint32_t kAlike = PaceSums::kOctave / 2;
  static constexpr std::uint32_t kHot = std::numeric_limits<std::uint32_t>::max() - kAlike;

  struct Sample {
    std::uint32_t index = 0;    // of `eligible_`
    double load = 0;            // requests in flight, for a server of mean weight
    std::uint32_t latency = 0;  // on the scale of PaceSums; kHot where the load is
  };

  // The oldest samples make room.
  void draw(std::size_t draws) {
    const std::span all(samples_);
    const std::size_t excess = size_ + draws - std::min(size_ + draws, kSamples);
    std::ranges::move(all.first(size_).subspan(excess), all.begin());
    size_ -= excess;
    for (Sample& sample : all.subspan(size_, draws)) sample.index = static_cast<std::uint32_t>(table_.draw(random_));
    for (const Sample& sample : all.subspan(size_, draws)) hot_.see(load_of(eligible_[sample.index]));
    size_ += draws;
  }

  double load_of(const Candidate& candidate) const {
    return candidate.server->in_flight() * mean_weight_ / candidate.weight;
  }

  void read(TimePoint now) {
    const std::span samples = std::span(samples_).first(size_);
    const double hot = hot_.value();
    std::uint32_t fastest = 0;
    for (Sample& sample : samples) {
      const Candidate& candidate = eligible_[sample.index];
      sample.load = load_of(candidate);
      sample.latency = kHot;
      if (sample.load > hot) continue;
      const LoadLatency::Estimate estimate = candidate.server->load_latency().at(candidate.server->in_flight(), now);
      sample.latency = estimate.faded;
      if (estimate.measured != 0) fastest = fastest == 0 ? estimate.measured : std::min(fastest, estimate.measured);
    }
    for (Sample& sample : samples) {
      if (holds_all_) hot_.see(sample.load);
      // What nobody renewed fades no further than to the fastest server's; of what is unknown, the best is hoped.
      sample.latency = std::max(sample.latency, fastest);
    }
  }

  // The cold servers whose answers come about as soon as the soonest; where all are hot, all of them.
  std::span<const Seen> coldest(const TriedServers& tried) {
    const std::span samples = std::span(samples_).first(size_);
    std::uint32_t best = kHot;
    for (const Sample& sample : samples)
      if (sample.latency < best && !tried.contains(*eligible_[sample.index].server)) best = sample.latency;
    std::size_t count = 0;
    for (const Sample& sample : samples) {
      const Candidate& candidate = eligible_[sample.index];
      if (sample.latency > best + kAlike || tried.contains(*candidate.server)) continue;
      seen_[count++] = {candidate.server, static_cast<double>(candidate.server->in_flight()),
                        static_cast<double>(candidate.weight), holds_all_ ? static_cast<double>(candidate.weight) : 1};
    }
    return std::span(seen_).first(count);
  }

  // A sample serves one request. Any of the server's samples may be the one: with the oldest ones gone, those of small
  // servers would be the next to go.
  void use_up(const Server& server) {
    const auto is_of_server = [&](const Sample& sample) { return eligible_[sample.index].server == &server; };
    const std::span samples = std::span(samples_).first(size_);
    auto left = random_.below(static_cast<std::uint64_t>(std::ranges::count_if(samples, is_of_server)));
    std::size_t index = 0;
    while (!is_of_server(samples[index]) || left-- > 0) ++index;
    remove(index);
  }

  // The oldest and the worst in turns, so that what is good stays without staying for ever.
  void remove_one() {
    if (size_ <= 1) return;
    removes_worst_ = !removes_worst_;
    const std::span samples = std::span(samples_).first(size_);
    const auto is_better = [](const Sample& one, const Sample& other) {
      return std::tie(one.latency, one.load) < std::tie(other.latency, other.load);
    };
    remove(removes_worst_ ? static_cast<std::size_t>(std::ranges::max_element(samples, is_better) - samples.begin())
                          : 0);
  }

  void remove(std::size_t index) {
    const std::span samples = std::span(samples_).first(size_).subspan(index);
    std::ranges::move(samples.subspan(1), samples.begin());
    --size_;
  }

  Random& random_;
  std::size_t draws_;
  double hot_share_;
  RunningQuantile hot_;
  std::vector<Candidate> eligible_;
  AliasTable table_;
  double mean_weight_ = 0;
  std::array<Sample, kSamples> samples_{};  // the oldest first
  std::size_t size_ = 0;
  bool holds_all_ = false;  // as many samples as servers: none is drawn or used up
  std::array<Seen, kSamples> seen_{};
  bool removes_worst_ = false;
};

std::unique_ptr<Balancer> make(const Pool& pool, Random& random) {
  return std::make_unique<Prequal>(pool.options().prequal, random);
}

}  // namespace

extern constinit const BalancerType prequal{
    .algorithm = Algorithm::prequal,
    .name = "prequal",
    .help = "The soonest answers, of servers that are not busier than most.",
    .make = make,
};

}  // namespace fairlead::pool
