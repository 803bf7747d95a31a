// Finds the route of a request. The order of the file never matters: the most exact match wins.
//
// Exact host before the longest wildcard before any host; then exact path before the longest prefix; then the greater
// number of other conditions; then priority. Within one host the cost grows with the number of distinct prefixes only.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/codec/message.h"
#include "proxy/options.h"

namespace fairlead::proxy {

// A route, ready to be used: its options and where it leads.
struct Route {
  static constexpr std::size_t kNoPool = ~std::size_t{0};

  RouteOptions options;
  std::size_t pool = kNoPool;  // index into the snapshot's pools, where `options.to` names one
};

// Hashes and compares names without making strings of views.
struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

// Immutable; shared by all workers.
class RouteTable {
 public:
  // `routes` in the order of the file; names are filled in.
  explicit RouteTable(std::vector<Route> routes);

  // The route for a request that came in on `listener`, or null. Views of `head` are not kept.
  const Route* match(std::string_view listener, const http::RequestHead& head) const;

  const std::vector<Route>& routes() const { return routes_; }

 private:
  // The routes of one host pattern and one path pattern, the most exact first.
  using Contest = std::vector<const Route*>;
  struct Prefix {
    std::string text;
    Contest contest;
  };
  struct HostRoutes {
    boost::unordered_flat_map<std::string, Contest, StringHash, std::equal_to<>> exact;
    std::vector<Prefix> prefixes;  // the longest first

    const Route* match(std::string_view listener, const http::RequestHead& head) const;
    Contest& contest_of(const PathPattern& pattern);
    void sort();
  };
  struct Wildcard {
    std::string suffix;  // with its leading dot
    HostRoutes routes;
  };

  HostRoutes& routes_of(const HostPattern& pattern);

  std::vector<Route> routes_;
  boost::unordered_flat_map<std::string, HostRoutes, StringHash, std::equal_to<>> exact_hosts_;
  std::vector<Wildcard> wildcards_;  // the longest first
  HostRoutes any_host_;
};

}  // namespace fairlead::proxy
