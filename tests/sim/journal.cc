#include "sim/journal.h"

#include <array>

namespace fairlead::sim {

std::string_view word(Fate fate) {
  static constexpr std::array<std::string_view, 19> kWords{
      "answered",      "early_answer",  "past_the_end",  "tunnel",        "hang",
      "stop_reading",  "reset_before",  "close_before",  "reset_in_head", "close_in_head",
      "reset_in_body", "close_in_body", "stall_in_body", "bad_chunk",     "garbage",
      "both_framings", "two_lengths",   "flood",         "aborted"};
  return kWords[static_cast<std::size_t>(fate)];
}

std::string_view word(Ending ending) {
  static constexpr std::array<std::string_view, 6> kWords{"unsent", "pending", "answered",
                                                          "cut",    "closed",  "no_patience"};
  return kWords[static_cast<std::size_t>(ending)];
}

}  // namespace fairlead::sim
