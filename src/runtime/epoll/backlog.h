// Descriptors that are ready and whose owners have not been told yet, first come, first told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fairlead::runtime {

// Allocates only while it becomes longer than before, or nearly.
class Backlog {
 public:
  bool empty() const { return first_ == tags_.size(); }
  std::size_t size() const { return tags_.size() - first_; }
  // `index` places behind the next.
  std::uint64_t at(std::size_t index) const { return tags_[first_ + index]; }

  void push(std::uint64_t tag) {
    if (tags_.size() == tags_.capacity() && first_ > tags_.size() / 2) drop_taken();
    tags_.push_back(tag);
  }

  std::uint64_t pop() {
    const std::uint64_t tag = tags_[first_++];
    if (empty()) drop_taken();
    return tag;
  }

 private:
  void drop_taken() {
    tags_.erase(tags_.begin(), tags_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }

  std::vector<std::uint64_t> tags_;
  std::size_t first_ = 0;  // those before it were taken
};

}  // namespace fairlead::runtime
