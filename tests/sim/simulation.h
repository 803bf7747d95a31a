// A whole worker with its monitor, servers and clients, on virtual time: one seed, one run, one verdict.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fairlead::sim {

struct Verdict {
  std::vector<std::string> violations;  // of any rule; none in a good run
  int requests = 0;
  int successes = 0;  // complete answers of 2xx
  int errors = 0;     // complete answers of 4xx and 5xx
  int unanswered = 0;
  std::uint64_t retries = 0;
  std::uint64_t digest = 0;  // of everything that clients and servers saw: the same for the same seed
};

Verdict simulate(std::uint64_t seed);

}  // namespace fairlead::sim
