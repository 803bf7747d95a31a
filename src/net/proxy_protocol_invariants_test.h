// What must hold for the first bytes of any connection: the fuzzer looks for input that breaks it, the unit tests
// replay the corpus.
#pragma once

#include <algorithm>
#include <string_view>

#include "base/assert.h"
#include "net/proxy_protocol.h"

namespace fairlead::net::invariants {

// More bytes never change a verdict, and a verdict comes before the bound.
inline void check_proxy_protocol(std::string_view bytes) {
  using Status = ProxyHeader::Status;
  const ProxyHeader whole = parse_proxy_header(bytes);
  FAIRLEAD_ASSERT(whole.consumed <= std::min(bytes.size(), kMaxProxyHeader));
  FAIRLEAD_ASSERT((whole.status == Status::complete) == (whole.consumed > 0));
  FAIRLEAD_ASSERT(whole.status == Status::complete || !whole.ends);
  FAIRLEAD_ASSERT(whole.status != Status::incomplete || bytes.size() < kMaxProxyHeader);
  bool is_judged = false;
  for (std::size_t size = 0; size < std::min(bytes.size(), kMaxProxyHeader); ++size) {
    const ProxyHeader cut = parse_proxy_header(bytes.substr(0, size));
    FAIRLEAD_ASSERT(!is_judged || cut.status != Status::incomplete);
    is_judged = cut.status != Status::incomplete;
    if (!is_judged) continue;
    FAIRLEAD_ASSERT(cut.status == whole.status && cut.consumed == whole.consumed && cut.ends == whole.ends);
  }
}

}  // namespace fairlead::net::invariants
