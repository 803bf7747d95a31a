// What must hold for whatever a server answers to a TLS handshake: the fuzzer looks for input that breaks it, the unit
// tests replay the corpus.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "net/tls_handshake.h"

namespace fairlead::net::invariants {

// How a handshake with a server that says this stands, when it comes in pieces.
struct HandshakeEnd {
  TlsHandshake::State state;
  std::string_view failure;
  friend bool operator==(const HandshakeEnd&, const HandshakeEnd&) = default;
};

inline HandshakeEnd shake_hands(TlsClients& clients, std::string_view answer, std::size_t piece) {
  TlsHandshake handshake(clients, "app.test");
  TlsHandshake::State state = handshake.advance({});
  FAIRLEAD_ASSERT(state == TlsHandshake::State::wants_bytes && !handshake.take_output().empty());
  std::size_t sent = 0;
  while (state == TlsHandshake::State::wants_bytes && !answer.empty()) {
    state = handshake.advance(answer.substr(0, piece));
    answer.remove_prefix(std::min(piece, answer.size()));
    sent += handshake.take_output().size();
  }
  // Nobody can finish it without having seen our half of it.
  FAIRLEAD_ASSERT(state != TlsHandshake::State::done);
  FAIRLEAD_ASSERT((state == TlsHandshake::State::failed) == !handshake.failure().empty());
  FAIRLEAD_ASSERT(std::ranges::all_of(handshake.failure(), [](char letter) { return letter >= ' ' && letter < 0x7f; }));
  FAIRLEAD_ASSERT(sent <= 64 * 1024);
  return {state, handshake.failure()};
}

inline void check_tls_handshake(std::string_view answer) {
  static TlsClients clients;
  const HandshakeEnd whole = shake_hands(clients, answer, answer.size() + 1);
  for (const std::size_t piece : {1, 5, 64}) FAIRLEAD_ASSERT(shake_hands(clients, answer, piece) == whole);
}

}  // namespace fairlead::net::invariants
