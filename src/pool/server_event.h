// Changes of servers and pools as events: one JSON line for machines, one line of words for people (ux.md 5.2, 1.2).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "pool/server_state.h"

namespace fairlead::pool {

enum class Severity : std::uint8_t { info, warning, error };

std::string_view word(Severity severity);

// A server's state changed. Texts are owned, so that it can cross threads.
struct ServerEvent {
  WallTime at{};
  std::string pool;
  std::string server;
  ServerState from{};
  ServerState to{};
  std::string reason;
  std::string why;
  std::vector<std::string> evidence;  // the last checks in words, oldest first
  std::string by;                     // who asked; empty: Fairlead itself
  std::uint64_t generation = 0;
};

// A pool's state changed.
struct PoolEvent {
  WallTime at{};
  std::string pool;
  PoolState from{};
  PoolState to{};
  std::string reason;                 // `server_state`, `config`
  std::string why;                    // plain words: `none of 4 servers is up; …`
  std::vector<std::string> evidence;  // of a failing pool: some of its servers with their states and causes
  std::uint32_t serving = 0;
  std::uint32_t servers = 0;
  std::uint64_t generation = 0;
};

// The own zone of a pool became overloaded, so that others take a part of its requests; or does its work alone again.
struct ZoneEvent {
  WallTime at{};
  std::string pool;
  bool is_overloaded = false;
  std::string why;  // plain words: `the own zone's servers take 60 ms, and 20 ms at ease: …`
  std::uint64_t generation = 0;
};

Severity severity(const ServerEvent& event);
Severity severity(const PoolEvent& event);
Severity severity(const ZoneEvent& event);

// One line of JSON with its line end.
std::string json_line(const ServerEvent& event);
std::string json_line(const PoolEvent& event);
std::string json_line(const ZoneEvent& event);

// One line of words with its line end: `14:02:11  ✕ web/10.0.1.12:3000 down: GET /health → 500, 3 times`.
std::string human_line(const ServerEvent& event);
// `14:02:12  ✕ pool web failing: none of 4 servers is up; requests are sent to them all the same`.
std::string human_line(const PoolEvent& event);
// `14:02:13  ◐ pool web: the own zone's servers take 60 ms, and 20 ms at ease: …`.
std::string human_line(const ZoneEvent& event);

}  // namespace fairlead::pool
