// Builds one log line in memory of a fixed size, without allocating.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace fairlead::telemetry {

// What does not fit is cut; the caller bounds its fields so that nothing is.
class Line {
 public:
  explicit Line(std::span<char> out) : out_(out) {}

  void add(std::string_view text) {
    const std::size_t taken = std::min(text.size(), out_.size() - size_);
    text.copy(out_.data() + size_, taken);
    size_ += taken;
  }
  void add(char c) { add(std::string_view(&c, 1)); }
  void add_number(std::uint64_t number) {
    const auto [end, error] = std::to_chars(out_.data() + size_, out_.data() + out_.size(), number);
    if (error == std::errc{}) size_ = static_cast<std::size_t>(end - out_.data());
  }
  // Spaces until the line is `column` long, and at least one.
  void pad_to(std::size_t column) {
    add(' ');
    while (size_ < column) add(' ');
  }
  std::size_t size() const { return size_; }
  std::string_view view() const { return {out_.data(), size_}; }

 private:
  std::span<char> out_;
  std::size_t size_ = 0;
};

}  // namespace fairlead::telemetry
