#include "cli/start_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <span>

#include "pool/balancers/catalog.h"
#include "pool/server_state.h"

namespace fairlead::cli {

namespace {

constexpr std::size_t kMaxLines = 20;
constexpr std::size_t kMaxPools = 5;
constexpr std::size_t kMaxListeners = 4;
constexpr std::size_t kMaxNotes = 2;

using Lines = std::vector<std::string>;

std::string plural(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

// An address as one opens it in a browser on this machine.
std::string url_of(const net::Endpoint& endpoint) {
  if (endpoint.is_unix()) return endpoint.text();
  net::Endpoint shown = endpoint;
  if (shown.host.empty() || shown.host == "0.0.0.0" || shown.host == "::") shown.host = "localhost";
  std::string text = shown.text();
  if (shown.port == 80) text.resize(text.rfind(':'));
  return "http://" + text;
}

std::string pool_text(const pool::PoolOptions& pool) {
  return fmt::format("{}, {}", plural(pool.servers.size(), "server"), pool::balancer_type(pool.algorithm).name);
}

std::size_t count_serving(std::span<const app::ServerReport> servers) {
  return static_cast<std::size_t>(
      std::ranges::count_if(servers, [](const app::ServerReport& server) { return pool::is_serving(server.state); }));
}

// The mark of a state, six columns wide where it is a word.
std::string mark_of(pool::ServerState state, const Output& output) {
  constexpr std::array<std::string_view, 3> kColors{"\x1b[90m", "\x1b[33m", "\x1b[34m"};  // by StateClass
  std::string mark = output.ascii ? fmt::format("{:<5}", pool::ascii(state)) : std::string(pool::glyph(state));
  if (!output.color) return mark;
  return fmt::format("{}{}\x1b[0m", kColors[static_cast<std::size_t>(pool::state_class(state))], mark);
}

std::vector<app::ServerReport> failed_first(const std::vector<app::ServerReport>& servers) {
  std::vector<app::ServerReport> sorted;
  for (const bool serving : {false, true}) {
    std::ranges::copy_if(servers, std::back_inserter(sorted),
                         [&](const app::ServerReport& server) { return pool::is_serving(server.state) == serving; });
  }
  return sorted;
}

// The servers of a pool in at most `room` lines, which begin at column `indent`.
Lines server_lines(std::vector<app::ServerReport> servers, std::size_t room, std::size_t indent, const Output& output) {
  const bool fits = servers.size() <= room;
  if (!fits) servers = failed_first(servers);
  const std::size_t shown = fits ? servers.size() : std::max<std::size_t>(room, 1) - 1;
  std::size_t name_width = 0;
  std::size_t word_width = 0;
  for (const app::ServerReport& server : servers) {
    name_width = std::max(name_width, server.server.size());
    word_width = std::max(word_width, pool::word(server.state).size());
  }
  Lines lines;
  for (const app::ServerReport& server : std::span(servers).first(shown)) {
    lines.push_back(fmt::format("{:{}}{} {:<{}}   {:<{}}   {}", "", indent, mark_of(server.state, output),
                                server.server, name_width, pool::word(server.state), word_width, server.why));
  }
  if (!fits) {
    const auto rest = std::span(servers).subspan(shown);
    lines.push_back(fmt::format("{:{}}and {} more, {} of them up", "", indent, rest.size(), count_serving(rest)));
  }
  return lines;
}

std::vector<app::ServerReport> servers_of(const std::string& pool, const StartFacts& facts) {
  std::vector<app::ServerReport> servers;
  std::ranges::copy_if(facts.servers, std::back_inserter(servers),
                       [&](const app::ServerReport& server) { return server.pool == pool; });
  return servers;
}

// Where we listen, and what lies behind it: the pool itself where there is only one.
Lines listener_lines(const app::Options& options, std::size_t& pool_column, const Output& output) {
  std::vector<std::string> urls;
  for (const auto& [name, listener] : options.listeners) {
    for (const net::Endpoint& endpoint : listener.address) urls.push_back(url_of(endpoint));
  }
  std::size_t width = 0;
  for (const std::string& url : urls) width = std::max(width, url.size());
  const std::string_view arrow = output.ascii ? "->" : "→";
  pool_column = 2 + width + 3 + (output.ascii ? 2 : 1) + 2;
  std::string target = plural(options.routes.size(), "route");
  if (options.pools.size() == 1) {
    const auto& [name, pool] = *options.pools.begin();
    target = fmt::format("{}   {}", name, pool_text(pool));
  }
  Lines lines;
  for (const std::string& url : urls) {
    if (lines.size() + 1 == kMaxListeners && urls.size() > kMaxListeners) {
      lines.push_back(fmt::format("  and {} more addresses", urls.size() - lines.size()));
      break;
    }
    lines.push_back(fmt::format("  {:<{}}   {}  {}", url, width, arrow, target));
  }
  return lines;
}

Lines pool_lines(const app::Options& options, const StartFacts& facts, std::size_t room, const Output& output) {
  if (options.pools.size() > kMaxPools) {
    return {fmt::format("  {}   {} of {} servers up", plural(options.pools.size(), "pool"),
                        count_serving(facts.servers), facts.servers.size())};
  }
  Lines lines;
  std::size_t pools_left = options.pools.size();
  for (const auto& [name, pool] : options.pools) {
    // What a small pool does not need goes to those after it.
    const std::size_t share = (room - lines.size()) / pools_left--;
    std::vector<app::ServerReport> servers = servers_of(name, facts);
    if (share < 2) {
      lines.push_back(fmt::format("  {}   {}, {} up", name, pool_text(pool), count_serving(servers)));
      continue;
    }
    lines.push_back(fmt::format("  {}   {}", name, pool_text(pool)));
    std::ranges::move(server_lines(std::move(servers), share - 1, 6, output), std::back_inserter(lines));
  }
  return lines;
}

Lines notes(const app::Options& options, const StartFacts& facts) {
  Lines notes;
  if (facts.warnings > 0) {
    notes.push_back(fmt::format("  note   {} about {}: fairlead check {}", plural(facts.warnings, "warning"),
                                facts.file, facts.file));
  }
  const bool only_connects =
      std::ranges::any_of(options.pools, [](const auto& pool) { return pool.second.health.only_connects(); });
  if (only_connects) {
    notes.push_back(
        fmt::format("  note   Servers are checked by connecting to their port. If your app has a health "
                    "page, add {}",
                    facts.file.empty() ? "--health /health" : "`health: /health`"));
  }
  notes.resize(std::min(notes.size(), kMaxNotes));
  return notes;
}

}  // namespace

std::string start_summary(const app::Options& options, const StartFacts& facts, const Output& output) {
  Lines lines{fmt::format("Fairlead {} is ready ({} ms)", FAIRLEAD_VERSION, facts.took.count())};
  if (!facts.file.empty()) lines.push_back(fmt::format("  Configuration   {}", facts.file));
  lines.emplace_back();
  std::size_t pool_column = 0;
  std::ranges::move(listener_lines(options, pool_column, output), std::back_inserter(lines));

  Lines end{""};
  std::ranges::move(notes(options, facts), std::back_inserter(end));
  end.emplace_back("  Ctrl-C finishes open requests, then stops. Ctrl-C twice stops now.");

  const std::size_t room = kMaxLines - lines.size() - end.size();
  std::ranges::move(options.pools.size() == 1 ? server_lines(facts.servers, room, pool_column + 3, output)
                                              : pool_lines(options, facts, room, output),
                    std::back_inserter(lines));
  std::ranges::move(end, std::back_inserter(lines));
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

}  // namespace fairlead::cli
