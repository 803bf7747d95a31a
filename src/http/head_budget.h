// The memory of the request heads of a worker of which a part has come, but not the end.
#pragma once

#include <cstddef>
#include <limits>

namespace fairlead::http {

// Heads up to `kSmall` are waited for in any case, and not counted: almost all are smaller.
class HeadBudget {
 public:
  static constexpr std::size_t kSmall = std::size_t{4} * 1024;

  void set_limit(std::size_t bytes) { limit_ = bytes; }
  // A head of which `before` bytes were kept is `now` bytes.
  void change(std::size_t before, std::size_t now) { kept_ += counted(now) - counted(before); }
  // Whether there is no room for a head of this size, which has been counted.
  bool is_overdrawn_by(std::size_t bytes) const { return bytes > kSmall && kept_ > limit_; }

 private:
  static std::size_t counted(std::size_t bytes) { return bytes > kSmall ? bytes : 0; }

  std::size_t kept_ = 0;
  std::size_t limit_ = std::numeric_limits<std::size_t>::max();
};

}  // namespace fairlead::http
