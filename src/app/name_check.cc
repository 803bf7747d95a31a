#include "app/name_check.h"

#include <fmt/format.h>

#include "config/report.h"
#include "net/resolver.h"
#include "net/socket_address.h"

namespace fairlead::app {

std::string ask_system(const net::Endpoint& endpoint) {
  const net::Lookup found = net::look_up(endpoint);
  if (!found.addresses.empty()) return {};
  return found.error.empty() ? "no address" : found.error;
}

config::Diagnostics check_names(const LoadedConfig& config, const NameFault& fault_of) {
  config::Report report(config.sources);
  const config::Cursor pools = config::Cursor(&config.tree).at("pools");
  for (const auto& [name, pool] : config.options.pools) {
    for (std::size_t index = 0; index < pool.servers.size(); ++index) {
      const net::Endpoint& endpoint = pool.servers[index].address;
      if (net::address_without_lookup(endpoint)) continue;
      const std::string why = fault_of(endpoint);
      if (why.empty()) continue;
      report.warning(pools.at(name).at("servers").at(index).at("address"),
                     {"F2102", fmt::format("the name `{}` has no address here: {}", endpoint.host, why),
                      "no address for this name",
                      "check the spelling, or the DNS of this machine; the server gets no requests until it resolves"});
    }
  }
  return report.take();
}

}  // namespace fairlead::app
