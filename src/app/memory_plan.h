// How the memory that Fairlead may use is shared out.
#pragma once

#include <cstddef>
#include <cstdint>

#include "app/options.h"
#include "base/units.h"

namespace fairlead::app {

// What is known of this machine and process, in bytes.
struct MemoryFacts {
  std::uint64_t available = 0;  // to this process
  std::uint64_t own = 0;        // that it uses for itself: configuration, servers, logs
};

// One worker's part, in bytes.
struct WorkerMemory {
  std::size_t connections = 0;       // all that they need, with what the kernel keeps for them
  std::size_t unfinished_heads = 0;  // of which for those (HeadBudget)
  std::size_t much_kept = 0;         // and for what peers do not take, before they are given less (KeptBytes)
  std::size_t pipes = 0;             // how many may be in use
};

struct MemoryPlan {
  ByteCount total;
  ByteCount kept_bodies;  // of all workers, out of their parts
  WorkerMemory worker;
};

// What the options say is done as far as there is memory for it.
MemoryPlan plan_memory(const Options& options, const MemoryFacts& facts, std::size_t workers);

// How many workers there are where the options do not say: one for each core, as far as memory allows.
std::size_t default_workers(const Options& options, std::uint64_t available, std::size_t cores);

// What the servers of these options take, roughly.
ByteCount memory_of_servers(const Options& options);

// What Fairlead with these options needs to be of use, roughly: without what it keeps of heads and bodies.
ByteCount least_memory(const Options& options);

}  // namespace fairlead::app
