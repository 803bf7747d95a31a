// Wall time as log lines show it, in UTC.
#pragma once

#include <array>
#include <string_view>

#include "base/time.h"

namespace fairlead::telemetry {

// Holds the forms of one instant's date and time of day; cheap to make. The views point into it.
class Timestamp {
 public:
  explicit Timestamp(WallTime time);

  // `2026-01-15T14:02:09.114Z`
  std::string_view iso() const [[clang::lifetimebound]] { return {iso_.data(), iso_.size()}; }
  // `14:02:09.114` and `14:02:09`
  std::string_view time_of_day() const [[clang::lifetimebound]] { return iso().substr(11, 12); }
  std::string_view time_of_day_to_the_second() const [[clang::lifetimebound]] { return iso().substr(11, 8); }
  // `15/Jan/2026:14:02:09 +0000`
  std::string_view common_log() const [[clang::lifetimebound]] { return {common_log_.data(), common_log_.size()}; }

 private:
  std::array<char, 24> iso_;
  std::array<char, 26> common_log_;
};

}  // namespace fairlead::telemetry
