// What must hold whatever a client sends: checked by the fuzzer, and by the unit tests over its corpus.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fairlead::sim {

// Sends `input` to a whole worker in front of one server that is well, and returns what broke. The first byte says how
// the network cuts it and how the client ends; the others are what the client sends.
//
// - The server gets well-formed requests only, of one framing and one Host.
// - The client gets well-formed answers, each of them once, and nothing behind them.
// - Everything ends, and nothing is left.
std::vector<std::string> check_connection(std::string_view input);

}  // namespace fairlead::sim
