#include "cli/run_texts.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/port_owner.h"
#include "pool/server_state.h"

namespace fairlead::cli {

namespace {

constexpr std::size_t kMaxPools = 5;
constexpr std::size_t kMaxServerLines = 10;

std::string_view word_of(pool::Algorithm algorithm) {
  switch (algorithm) {
    case pool::Algorithm::round_robin:
      return "round_robin";
    case pool::Algorithm::least_requests:
      return "least_requests";
    case pool::Algorithm::random:
      break;
  }
  return "random";
}

std::string plural(std::int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

// An address as one opens it in a browser on this machine.
std::string url_of(const net::Endpoint& endpoint) {
  if (endpoint.is_unix()) return endpoint.text();
  net::Endpoint shown = endpoint;
  if (shown.host.empty() || shown.host == "0.0.0.0" || shown.host == "::") shown.host = "localhost";
  return shown.port == 80 ? fmt::format("http://{}", shown.host) : fmt::format("http://{}", shown.text());
}

void add_servers(std::string& text, const std::string& pool, const StartFacts& facts, const Output& output) {
  std::size_t shown = 0;
  std::size_t hidden = 0;
  for (const app::ServerReport& server : facts.servers) {
    if (server.pool != pool) continue;
    if (shown == kMaxServerLines) {
      ++hidden;
      continue;
    }
    ++shown;
    const std::string_view mark = output.ascii ? pool::ascii(server.state) : pool::glyph(server.state);
    text += fmt::format("      {} {:<22} {:<9} {}\n", mark, server.server, pool::word(server.state), server.why);
  }
  if (hidden > 0) text += fmt::format("      and {} more\n", hidden);
}

bool is_checked_by_connecting_only(const app::Options& options) {
  return std::ranges::any_of(options.pools,
                             [](const auto& pool) { return pool.second.health.type == pool::HealthType::tcp; });
}

}  // namespace

std::string start_summary(const app::Options& options, const StartFacts& facts, const Output& output) {
  std::string text = fmt::format("Fairlead {} is ready ({} ms)\n", FAIRLEAD_VERSION, facts.took.count());
  if (!facts.file.empty()) text += fmt::format("  Configuration: {}\n", facts.file);
  text += '\n';
  const std::string_view arrow = output.ascii ? "->" : "→";
  std::string to;
  for (const auto& [name, pool] : options.pools) to += fmt::format("{}{}", to.empty() ? "" : ", ", name);
  if (options.pools.size() > kMaxPools) to = plural(static_cast<std::int64_t>(options.pools.size()), "pool");
  for (const auto& [name, listener] : options.listeners) {
    for (const net::Endpoint& endpoint : listener.address) {
      text += fmt::format("  {}   {}  {}\n", url_of(endpoint), arrow, to);
    }
  }
  if (options.pools.size() <= kMaxPools) {
    for (const auto& [name, pool] : options.pools) {
      text += fmt::format("    {}   {}, {}\n", name, plural(static_cast<std::int64_t>(pool.servers.size()), "server"),
                          word_of(pool.algorithm));
      add_servers(text, name, facts, output);
    }
  }
  text += '\n';
  if (is_checked_by_connecting_only(options)) {
    text += "  note   Servers are checked by connecting to their port. If your app has a health page, add ";
    text += facts.file.empty() ? "--health /health\n" : "`health: /health`\n";
  }
  return text + "  Ctrl-C finishes open requests, then stops. Ctrl-C twice stops now.\n";
}

std::string work_text(const app::OpenWork& work) {
  const std::string requests = plural(std::max<std::int64_t>(work.requests, 0), "request");
  return work.tunnels <= 0 ? requests : fmt::format("{} and {}", requests, plural(work.tunnels, "WebSocket"));
}

std::string start_error_text(const app::StartError& error) {
  if (!error.listen) return fmt::format("error: {}\n", error.log);
  const net::Endpoint& endpoint = error.listen->endpoint;
  const std::string next = fmt::format("{}:{}", endpoint.host, endpoint.port + 1);
  switch (error.listen->cause) {
    case net::ListenError::Cause::in_use: {
      if (endpoint.is_unix()) return fmt::format("error: {} is in use by another process\n", endpoint.text());
      const auto owner = find_port_owner(endpoint.port);
      const std::string by = owner ? fmt::format(" by `{}` (pid {})", owner->name, owner->pid) : std::string();
      return fmt::format("error: port {} is used{}. Stop it, or use --listen {}\n", endpoint.port, by, next);
    }
    case net::ListenError::Cause::not_permitted:
      return fmt::format(
          "error: port {} needs permission. Run `sudo setcap cap_net_bind_service=+ep /usr/bin/fairlead`, or use "
          "--listen :8080\n",
          endpoint.port);
    case net::ListenError::Cause::not_local:
      return fmt::format("error: {} is not an address of this machine. Use --listen :{}\n", endpoint.host,
                         endpoint.port);
    case net::ListenError::Cause::unresolved:
      return fmt::format("error: the name {} has no address ({}). Use --listen :{}\n", endpoint.host,
                         error.listen->detail, endpoint.port);
    case net::ListenError::Cause::other:
      break;
  }
  return fmt::format("error: cannot listen on {}: {}\n", endpoint.text(), error.listen->detail);
}

int start_error_exit_code(const app::StartError& error) {
  const bool not_permitted = error.listen && error.listen->cause == net::ListenError::Cause::not_permitted;
  return not_permitted ? kNotPermitted : kFailed;
}

}  // namespace fairlead::cli
