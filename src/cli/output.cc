#include "cli/output.h"

namespace fairlead::cli {

bool use_color(ColorChoice choice, bool is_terminal, const char* no_color) {
  if (choice != ColorChoice::automatic) return choice == ColorChoice::always;
  const bool is_refused = no_color != nullptr && *no_color != '\0';
  return is_terminal && !is_refused;
}

}  // namespace fairlead::cli
