// Prequal's hot and cold rule: of servers that are not busier than usual, the one whose answers come soonest.
//
// After Wydrowski et al., "Load is not what you should balance: Introducing Prequal" (NSDI 2024): a bounded pool of
// samples, of which each request adds a few at random and takes out the one that it uses and the oldest or worst one.
// There, a sample is the answer to a probe over the network and grows old. Here it names a server, whose requests in
// flight and latency are read when it is compared: they lie in memory that all workers share, so nothing needs to age.
// Where there are no more servers than samples, all are compared for each request.

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
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
    double weights = 0;
    for (const Candidate& candidate : eligible_) weights += candidate.weight;
    const double count = std::max(static_cast<double>(eligible_.size()), 1.0);
    mean_weight_ = weights / count;
    // Of few servers at least the busiest is hot, or the fastest would get everything.
    hot_.set_share(std::clamp(1 - 1 / count, 0.0, hot_share_));
    std::iota(by_age_.begin(), by_age_.end(), std::uint8_t{0});
    size_ = 0;
    holds_all_ = eligible_.size() <= kSamples;
    if (!holds_all_) return;
    for (const Candidate& candidate : eligible_) add(candidate);
  }

  Server* pick(const PickRequest& request) override {
    if (eligible_.empty()) return nullptr;
    if (!holds_all_) draw(size_ == 0 ? kSamples : draws_);
    const std::uint32_t fastest = read(request.now);
    const std::span<const Seen> cold = coldest(request.tried, fastest);
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
    Server* server = nullptr;
    double weight = 0;
    double scale = 0;  // makes requests in flight those of a server of mean weight
    // As the last request saw it.
    double in_flight = 0;
    double load = 0;            // for a server of mean weight
    std::uint32_t latency = 0;  // on the scale of PaceSums; kHot where the load is
  };

  Sample& sample(std::size_t age) { return samples_[by_age_[age]]; }

  Sample& add(const Candidate& candidate) {
    const auto weight = static_cast<double>(candidate.weight);
    return sample(size_++) = {.server = candidate.server, .weight = weight, .scale = mean_weight_ / weight};
  }

  // The oldest samples make room.
  void draw(std::size_t draws) {
    for (std::size_t excess = size_ + draws - std::min(size_ + draws, kSamples); excess > 0; --excess) remove(0);
    for (std::size_t drawn = 0; drawn < draws; ++drawn) {
      const Sample& added = add(eligible_[table_.draw(random_)]);
      hot_.see(added.server->in_flight() * added.scale);
    }
  }

  // The latency of the fastest cold server that is known; 0: none is.
  std::uint32_t read(TimePoint now) {
    const double hot = hot_.value();
    std::uint32_t fastest = 0;
    for (std::size_t age = 0; age < size_; ++age) {
      Sample& one = sample(age);
      const std::uint32_t in_flight = one.server->in_flight();
      one.in_flight = in_flight;
      one.load = in_flight * one.scale;
      one.latency = kHot;
      if (holds_all_) hot_.see(one.load);
      if (one.load > hot) continue;
      const LoadLatency::Estimate estimate = one.server->load_latency().at(in_flight, now);
      one.latency = estimate.faded;
      if (estimate.measured != 0) fastest = fastest == 0 ? estimate.measured : std::min(fastest, estimate.measured);
    }
    return fastest;
  }

  // The cold servers whose answers come about as soon as the soonest; where all are hot, all of them.
  std::span<const Seen> coldest(const TriedServers& tried, std::uint32_t fastest) {
    std::uint32_t best = kHot;
    for (std::size_t age = 0; age < size_; ++age) {
      Sample& one = sample(age);
      // What nobody renewed fades no further than to the fastest server's; of what is unknown, the best is hoped.
      one.latency = std::max(one.latency, fastest);
      if (one.latency < best && !tried.contains(*one.server)) best = one.latency;
    }
    std::size_t count = 0;
    for (std::size_t age = 0; age < size_; ++age) {
      const Sample& one = sample(age);
      if (one.latency > best + kAlike || tried.contains(*one.server)) continue;
      seen_[count++] = {one.server, one.in_flight, one.weight, holds_all_ ? one.weight : 1};
    }
    return std::span(seen_).first(count);
  }

  // A sample serves one request. Any of the server's samples may be the one: with the oldest ones gone, those of small
  // servers would be the next to go.
  void use_up(const Server& server) {
    std::array<std::size_t, kSamples> ages;
    std::size_t count = 0;
    for (std::size_t age = 0; age < size_; ++age)
      if (sample(age).server == &server) ages[count++] = age;
    remove(ages[count == 1 ? 0 : random_.below(count)]);
  }

  // The oldest and the worst in turns, so that what is good stays without staying for ever.
  void remove_one() {
    if (size_ <= 1) return;
    removes_worst_ = !removes_worst_;
    std::size_t worst = 0;
    for (std::size_t age = 1; removes_worst_ && age < size_; ++age) {
      const Sample& one = sample(age);
      const Sample& other = sample(worst);
      if (one.latency > other.latency || (one.latency == other.latency && one.load > other.load)) worst = age;
    }
    remove(worst);
  }

  void remove(std::size_t age) {
    const auto gone = by_age_.begin() + static_cast<std::ptrdiff_t>(age);
    std::rotate(gone, gone + 1, by_age_.begin() + static_cast<std::ptrdiff_t>(size_));
    --size_;
  }

  Random& random_;
  std::size_t draws_;
  double hot_share_;
  RunningQuantile hot_;
  std::vector<Candidate> eligible_;
  AliasTable table_;
  double mean_weight_ = 0;
  std::array<Sample, kSamples> samples_{};
  std::array<std::uint8_t, kSamples>
      by_age_{};  // the places of the samples, the oldest first, then those that are free
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
