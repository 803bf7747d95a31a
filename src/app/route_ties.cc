// Finds routes between which nothing decides. The order of a file never does.
//
// The choice goes by host, then path, then the number of other conditions, then priority. So only routes that agree
// in all four can tie, and they are found by looking these up instead of comparing every pair.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "app/validate.h"
#include "proxy/pattern_schema.h"

namespace fairlead::app {
namespace {

using proxy::MatchOptions;
using proxy::RouteOptions;

// What decides between two routes for one request, before any tie.
using Rank = std::tuple<std::string, std::string, std::size_t, std::int32_t>;

std::vector<std::string> host_texts(const MatchOptions& match) {
  std::vector<std::string> texts;
  for (const auto& pattern : match.host) texts.push_back(print_host_pattern(pattern));
  if (texts.empty()) texts.emplace_back("*");
  return texts;
}

std::vector<std::string> path_texts(const MatchOptions& match) {
  std::vector<std::string> texts;
  for (const auto& pattern : match.path) texts.push_back(print_path_pattern(pattern));
  if (texts.empty()) texts.emplace_back("/*");
  return texts;
}

bool have_common(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a.empty() || b.empty()) return true;  // Empty means all.
  return std::ranges::any_of(a, [&](const std::string& one) { return std::ranges::find(b, one) != b.end(); });
}

// Whether one request could meet the conditions of both, as far as methods and headers go.
bool overlap(const RouteOptions& a, const RouteOptions& b) {
  const bool headers_agree = std::ranges::all_of(a.match.header, [&](const auto& condition) {
    const auto other = b.match.header.find(condition.first);
    return other == b.match.header.end() || other->second == condition.second;
  });
  return headers_agree && have_common(a.listeners, b.listeners) && have_common(a.match.method, b.match.method);
}

std::string shown(const Rank& rank) {
  const auto& [host, path, conditions, priority] = rank;
  return host == "*" ? path : host + path;
}

}  // namespace

void validate_route_ties(const Options& options, const config::Cursor& root, config::Report& report) {
  std::map<Rank, std::vector<std::size_t>> routes_with_rank;
  for (std::size_t index = 0; index < options.routes.size(); ++index) {
    const RouteOptions& route = options.routes[index];
    // A condition that could not be read is missing here, and would make a tie of what is none.
    if (report.has_fault_around(root.at("routes").at(index).path())) continue;
    const std::size_t conditions = route.match.header.size() + (route.match.method.empty() ? 0 : 1);
    bool is_reported = false;
    for (const std::string& host : host_texts(route.match)) {
      for (const std::string& path : path_texts(route.match)) {
        const Rank rank{host, path, conditions, route.priority};
        std::vector<std::size_t>& rivals = routes_with_rank[rank];
        // One route may name a pattern twice; that is no contest.
        if (!rivals.empty() && rivals.back() == index) continue;
        const auto rival =
            std::ranges::find_if(rivals, [&](std::size_t other) { return overlap(options.routes[other], route); });
        if (rival != rivals.end() && !is_reported) {
          is_reported = true;
          const config::Cursor here = root.at("routes").at(index);
          const config::Place before = root.at("routes").at(*rival).place();
          report.error(here, {"F1105", fmt::format("two routes match `{}` equally well", shown(rank)),
                              fmt::format("the other is `{}`, at {}", options.routes[*rival].name,
                                          report.describe(before, here.place())),
                              "make one more exact, or give it a higher `priority`; their order in the file does not "
                              "count"});
        }
        rivals.push_back(index);
      }
    }
  }
}

}  // namespace fairlead::app
