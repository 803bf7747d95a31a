// The states of servers and pools, with their word, glyph and plain-text form (ux.md 0.2).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace fairlead::pool {

// What the operator asked for. Never mixed with what is observed.
enum class AdminState : std::uint8_t { enabled, draining, disabled };

// The shown state: the first that applies, in this order.
enum class ServerState : std::uint8_t { disabled, draining, unresolved, checking, down, ejected, slow, warming, up };

inline constexpr std::array kServerStates{ServerState::disabled, ServerState::draining, ServerState::unresolved,
                                          ServerState::checking, ServerState::down,     ServerState::ejected,
                                          ServerState::slow,     ServerState::warming,  ServerState::up};

enum class PoolState : std::uint8_t { ok, degraded, failing, empty };

// Colour carries these three classes only; glyph and word carry the rest.
enum class StateClass : std::uint8_t { neutral, failed, serving };

std::string_view word(AdminState state);
std::string_view word(ServerState state);
std::string_view word(PoolState state);
std::string_view glyph(ServerState state);
std::string_view ascii(ServerState state);
StateClass state_class(ServerState state);

// Takes new requests in normal operation.
constexpr bool is_serving(ServerState state) {
  return state == ServerState::up || state == ServerState::warming || state == ServerState::slow;
}

// Takes new requests only while nothing in its pool is serving.
constexpr bool is_last_resort(ServerState state) {
  return state == ServerState::checking || state == ServerState::down || state == ServerState::ejected;
}

}  // namespace fairlead::pool
