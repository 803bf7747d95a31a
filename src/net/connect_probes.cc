#include "net/connect_probes.h"

#include <netinet/in.h>

#include <utility>

namespace fairlead::net {

bool ConnectProbes::can_reach(const SocketAddress& address) {
  if (address.family() != AF_INET6) return address.family() == AF_INET;
  const auto& ipv6 = reinterpret_cast<const sockaddr_in6&>(address.storage);
  return ipv6.sin6_scope_id == 0 && !IN6_IS_ADDR_V4MAPPED(&ipv6.sin6_addr);
}

ConnectProbes::Begun ConnectProbes::begin(const SocketAddress& address) {
  auto& sockets = spare(address);
  Begun begun;
  if (!sockets.empty()) {
    begun.connection = std::move(sockets.back());
    sockets.pop_back();
  }
  const int used_before = begun.connection == nullptr ? -1 : begun.connection->descriptor();
  const runtime::Accepted probe = loop_.probe(used_before, address.get(), address.size);
  if (probe.descriptor < 0) return {.connection = nullptr, .error = probe.error};
  if (begun.connection == nullptr) {
    begun.connection = std::make_unique<Connection>(loop_, probe.descriptor);
  } else {
    begun.connection->start_again();
  }
  return begun;
}

void ConnectProbes::end(std::unique_ptr<Connection> connection, const SocketAddress& address) {
  auto& sockets = spare(address);
  if (!loop_.end_probe(connection->descriptor())) return;
  if (sockets.size() < kMostSpare) sockets.push_back(std::move(connection));
}

void ConnectProbes::clear() {
  spare_ipv4_.clear();
  spare_ipv6_.clear();
}

std::vector<std::unique_ptr<Connection>>& ConnectProbes::spare(const SocketAddress& address) {
  return address.family() == AF_INET6 ? spare_ipv6_ : spare_ipv4_;
}

}  // namespace fairlead::net
