#include "pool/answer_times.h"

#include <algorithm>
#include <bit>
#include <chrono>

namespace fairlead::pool {

// Below eight microseconds a bucket holds one; above, the three bits behind the first one choose the step.
std::size_t AnswerTimes::bucket_of(Duration wait) {
  const auto micros = static_cast<std::uint64_t>(
      std::max(std::chrono::duration_cast<std::chrono::microseconds>(wait).count(), std::int64_t{0}));
  if (micros < kSteps) return micros;
  const auto power = static_cast<std::size_t>(std::bit_width(micros)) - 4;
  return std::min(kSteps * power + (micros >> power), kSteps * kPowers - 1);
}

Duration AnswerTimes::end_of(std::size_t bucket) {
  if (bucket < 2 * kSteps) return std::chrono::microseconds(bucket + 1);
  const std::size_t power = bucket / kSteps - 1;
  return std::chrono::microseconds((bucket - kSteps * power + 1) << power);
}

void AnswerTimes::record(Duration wait) {
  ++counts_[bucket_of(wait)];
  ++total_;
  if (++unseen_ < kEvery) return;
  unseen_ = 0;
  find_p95();
  if (total_ >= kMost) halve();
}

void AnswerTimes::find_p95() {
  if (total_ < kEnough) return;
  constexpr std::uint32_t kPart = 20;
  std::uint32_t above = 0;
  std::size_t bucket = counts_.size() - 1;
  while (bucket > 0 && above + counts_[bucket] <= total_ / kPart) above += counts_[bucket--];
  p95_ = end_of(bucket);
}

void AnswerTimes::halve() {
  total_ = 0;
  for (std::uint32_t& count : counts_) total_ += count /= 2;
}

}  // namespace fairlead::pool
