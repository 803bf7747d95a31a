// The number by which `algorithm: hash` knows what a request belongs to.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/random.h"
#include "http/codec/message.h"
#include "pool/hash_options.h"

namespace fairlead::proxy {

// The hash of the key's text in the request. A request without the key gets a number at random, as with HAProxy and
// Envoy: it belongs to no server, and all such requests together must not meet at one. Views are not kept.
std::uint64_t key_hash(const pool::HashKey& key, const http::RequestHead& head, std::string_view client_ip,
                       Random& random);

}  // namespace fairlead::proxy
