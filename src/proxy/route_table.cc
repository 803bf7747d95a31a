#include "proxy/route_table.h"

#include <algorithm>
#include <array>

namespace fairlead::proxy {

namespace {

// Hosts are at most this long (RFC 1035, 2.3.4); a longer one matches no pattern but `*`.
constexpr std::size_t kMaxHost = 255;

char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter; }

std::size_t other_conditions(const MatchOptions& match) { return match.header.size() + (match.method.empty() ? 0 : 1); }

bool is_more_exact(const Route* left, const Route* right) {
  const std::size_t left_conditions = other_conditions(left->options.match);
  const std::size_t right_conditions = other_conditions(right->options.match);
  if (left_conditions != right_conditions) return left_conditions > right_conditions;
  if (left->options.priority != right->options.priority) return left->options.priority > right->options.priority;
  return left < right;  // Real ties are refused by the configuration; what is left is told apart by its conditions.
}

bool header_matches(const http::FieldList& fields, std::string_view name, std::string_view value) {
  return std::ranges::any_of(fields, [&](const http::Field& field) {
    return http::equals_ignoring_case(field.name, name) && field.value == value;
  });
}

bool conditions_hold(const RouteOptions& route, std::string_view listener, const http::RequestHead& head) {
  if (!route.listeners.empty() && std::ranges::find(route.listeners, listener) == route.listeners.end()) return false;
  const MatchOptions& match = route.match;
  if (!match.method.empty() && std::ranges::find(match.method, head.method_text) == match.method.end()) return false;
  return std::ranges::all_of(
      match.header, [&](const auto& wanted) { return header_matches(head.fields, wanted.first, wanted.second); });
}

const Route* first_that_holds(const std::vector<const Route*>& contest, std::string_view listener,
                              const http::RequestHead& head) {
  const auto found = std::ranges::find_if(
      contest, [&](const Route* route) { return conditions_hold(route->options, listener, head); });
  return found == contest.end() ? nullptr : *found;
}

// `/api/` matches `/api/users` and `/api`.
bool prefix_matches(std::string_view prefix, std::string_view path) {
  return path.starts_with(prefix) || (prefix.ends_with('/') && path == prefix.substr(0, prefix.size() - 1));
}

}  // namespace

RouteTable::RouteTable(std::vector<Route> routes) : routes_(std::move(routes)) {
  static const std::vector<HostPattern> kAnyHost{HostPattern{}};
  static const std::vector<PathPattern> kAnyPath{PathPattern{.text = "/"}};
  for (std::size_t index = 0; index < routes_.size(); ++index) {
    Route& route = routes_[index];
    if (route.options.name.empty()) route.options.name = "r" + std::to_string(index + 1);
    const MatchOptions& match = route.options.match;
    for (const HostPattern& host : match.host.empty() ? kAnyHost : match.host) {
      HostRoutes& host_routes = routes_of(host);
      for (const PathPattern& path : match.path.empty() ? kAnyPath : match.path) {
        host_routes.contest_of(path).push_back(&route);
      }
    }
  }
  for (auto& [host, host_routes] : exact_hosts_) host_routes.sort();
  for (Wildcard& wildcard : wildcards_) wildcard.routes.sort();
  std::ranges::sort(wildcards_, std::ranges::greater(), [](const Wildcard& entry) { return entry.suffix.size(); });
  any_host_.sort();
}

RouteTable::HostRoutes& RouteTable::routes_of(const HostPattern& pattern) {
  switch (pattern.kind) {
    case HostPattern::Kind::exact:
      return exact_hosts_[pattern.name];
    case HostPattern::Kind::wildcard: {
      const auto found = std::ranges::find(wildcards_, pattern.name, &Wildcard::suffix);
      return found != wildcards_.end() ? found->routes : wildcards_.emplace_back(pattern.name, HostRoutes{}).routes;
    }
    case HostPattern::Kind::any:
      break;
  }
  return any_host_;
}

RouteTable::Contest& RouteTable::HostRoutes::contest_of(const PathPattern& pattern) {
  if (pattern.kind == PathPattern::Kind::exact) return exact[pattern.text];
  const auto found = std::ranges::find(prefixes, pattern.text, &Prefix::text);
  return found != prefixes.end() ? found->contest : prefixes.emplace_back(pattern.text, Contest{}).contest;
}

void RouteTable::HostRoutes::sort() {
  for (auto& [path, contest] : exact) std::ranges::sort(contest, is_more_exact);
  for (Prefix& prefix : prefixes) std::ranges::sort(prefix.contest, is_more_exact);
  std::ranges::sort(prefixes, std::ranges::greater(), [](const Prefix& prefix) { return prefix.text.size(); });
}

const Route* RouteTable::HostRoutes::match(std::string_view listener, const http::RequestHead& head) const {
  if (!exact.empty()) {
    if (const auto found = exact.find(head.path); found != exact.end()) {
      if (const Route* route = first_that_holds(found->second, listener, head)) return route;
    }
  }
  for (const Prefix& prefix : prefixes) {
    // `*` (OPTIONS for the whole server) has no path: only a route for every path takes it.
    if (!prefix_matches(prefix.text, head.path) && !(head.path == "*" && prefix.text == "/")) continue;
    if (const Route* route = first_that_holds(prefix.contest, listener, head)) return route;
  }
  return nullptr;
}

const Route* RouteTable::match(std::string_view listener, const http::RequestHead& head) const {
  if (!(exact_hosts_.empty() && wildcards_.empty()) && head.host.size() <= kMaxHost) {
    std::array<char, kMaxHost> buffer;
    std::ranges::transform(head.host, buffer.begin(), lower);
    std::string_view host(buffer.data(), head.host.size());
    if (host.ends_with('.')) host.remove_suffix(1);
    if (const auto found = exact_hosts_.find(host); found != exact_hosts_.end()) {
      if (const Route* route = found->second.match(listener, head)) return route;
    }
    for (const Wildcard& wildcard : wildcards_) {
      if (host.size() <= wildcard.suffix.size() || !host.ends_with(wildcard.suffix)) continue;
      if (const Route* route = wildcard.routes.match(listener, head)) return route;
    }
  }
  return any_host_.match(listener, head);
}

}  // namespace fairlead::proxy
