#include "pool/server_state.h"

#include <cstddef>

namespace fairlead::pool {
namespace {

struct StateWords {
  std::string_view word;
  std::string_view glyph;
  std::string_view ascii;
  StateClass state_class;
};

// In the order of ServerState.
constexpr std::array<StateWords, kServerStates.size()> kStateWords{{
    {"disabled", "■", "OFF", StateClass::neutral},
    {"draining", "▽", "DRAIN", StateClass::neutral},
    {"unresolved", "?", "DNS", StateClass::neutral},
    {"checking", "○", "CHECK", StateClass::neutral},
    {"down", "✕", "DOWN", StateClass::failed},
    {"ejected", "◆", "EJECT", StateClass::failed},
    {"slow", "◔", "SLOW", StateClass::serving},
    {"warming", "◐", "WARM", StateClass::serving},
    {"up", "●", "UP", StateClass::serving},
}};

const StateWords& words_of(ServerState state) { return kStateWords[static_cast<std::size_t>(state)]; }

}  // namespace

std::string_view word(AdminState state) {
  switch (state) {
    case AdminState::enabled:
      return "enabled";
    case AdminState::draining:
      return "draining";
    case AdminState::disabled:
      return "disabled";
  }
  return "unknown";
}

std::string_view word(PoolState state) {
  switch (state) {
    case PoolState::ok:
      return "ok";
    case PoolState::degraded:
      return "degraded";
    case PoolState::failing:
      return "failing";
    case PoolState::empty:
      return "empty";
  }
  return "unknown";
}

std::string_view word(ServerState state) { return words_of(state).word; }
std::string_view glyph(ServerState state) { return words_of(state).glyph; }
std::string_view ascii(ServerState state) { return words_of(state).ascii; }
StateClass state_class(ServerState state) { return words_of(state).state_class; }

}  // namespace fairlead::pool
