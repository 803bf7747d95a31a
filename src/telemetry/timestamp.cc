#include "telemetry/timestamp.h"

#include <cstddef>
#include <cstdint>

namespace fairlead::telemetry {
namespace {

// Writes `value` with leading zeros.
void put_digits(char* to, std::size_t width, std::uint64_t value) {
  for (std::size_t place = width; place > 0; --place) {
    to[place - 1] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

}  // namespace

Timestamp::Timestamp(WallTime time) {
  constexpr std::string_view kIsoPattern = "0000-00-00T00:00:00.000Z";
  constexpr std::string_view kCommonLogPattern = "00/Jan/0000:00:00:00 +0000";
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  kIsoPattern.copy(iso_.data(), iso_.size());
  kCommonLogPattern.copy(common_log_.data(), common_log_.size());

  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::milliseconds>(time - day));
  const auto year = static_cast<std::uint64_t>(static_cast<int>(date.year()));
  const auto month = static_cast<unsigned>(date.month());

  put_digits(&iso_[0], 4, year);
  put_digits(&iso_[5], 2, month);
  put_digits(&iso_[8], 2, static_cast<unsigned>(date.day()));
  put_digits(&iso_[11], 2, static_cast<std::uint64_t>(clock.hours().count()));
  put_digits(&iso_[14], 2, static_cast<std::uint64_t>(clock.minutes().count()));
  put_digits(&iso_[17], 2, static_cast<std::uint64_t>(clock.seconds().count()));
  put_digits(&iso_[20], 3, static_cast<std::uint64_t>(clock.subseconds().count()));

  put_digits(&common_log_[0], 2, static_cast<unsigned>(date.day()));
  kMonths.copy(&common_log_[3], 3, std::size_t{3} * (month - 1));
  put_digits(&common_log_[7], 4, year);
  time_of_day_to_the_second().copy(&common_log_[12], 8);
}

}  // namespace fairlead::telemetry
