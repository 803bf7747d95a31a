// What a configuration says of hashing: which part of a request decides where it goes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace fairlead::pool {

struct HashKey {
  // `client_net`: the first three parts of an IPv4 address, or a whole IPv6 address.
  enum class Kind : std::uint8_t { client_ip, client_net, header, cookie, query, path, host } kind = Kind::client_ip;
  std::string name;  // of the header, cookie or query parameter
  friend bool operator==(const HashKey&, const HashKey&) = default;
};

enum class HashTable : std::uint8_t { maglev, ring, rendezvous };

// How much a server may carry, in even shares: above 1.
struct LoadFactor {
  double factor = 1.25;
  friend bool operator==(const LoadFactor&, const LoadFactor&) = default;
};

struct HashOptions {
  HashKey key;
  HashTable table = HashTable::maglev;
  std::optional<LoadFactor> bounded_load = LoadFactor{};  // empty: a server takes all of its keys whatever it carries
  friend bool operator==(const HashOptions&, const HashOptions&) = default;
};

}  // namespace fairlead::pool
