#include "pool/health_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "config/scalar.h"

namespace fairlead::pool {
namespace {

using config::Cursor;
using config::Report;

// A check must know what to ask.
void validate_question(const HealthOptions& health, const Cursor& at, Report& report) {
  if (health.type == HealthType::http && health.path.empty())
    report.error(at.at("type"), {"F1018", "an HTTP check needs a page to ask for", "no `path`",
                                 "add `path: /health`, or use `type: tcp`"});
  if (health.type != HealthType::http && !health.path.empty())
    report.error(at.at("type"), {"F1018", "only an HTTP check asks for a page", "but there is a `path`",
                                 "use `type: http`, or delete `path`"});
  if (health.type == HealthType::http && !health.send.empty())
    report.error(at.at("send"), {"F1018", "an HTTP check asks for its `path` and sends nothing else", "",
                                 "delete `send`, or use `type: tcp` without `path`"});
  if (health.type == HealthType::tls)
    for (const auto& [key, text] : {std::pair("send", &health.send), std::pair("body", &health.body)})
      if (at.at(key).is_written() && !text->empty())
        report.error(at.at(key), {"F1018", "a TLS check ends with the handshake, and sends and reads nothing else", "",
                                  fmt::format("delete `{}`", key)});
  if (health.type == HealthType::udp && health.send.empty())
    report.error(at.at("type"), {"F1018", "a UDP check needs something to send, since there is no connection to test",
                                 "no `send`", "add `send`, or check the same port by `type: tcp`"});
  // A greeting is looked for only where somebody says so: else the page was forgotten.
  if (health.type == HealthType::tcp && !health.body.empty() && health.send.empty() && !at.at("type").exists())
    report.error(at.at("body"),
                 {"F1018", "there is nothing whose answer could contain this text", "no `path` or `send`",
                  "add `path: /health`; for a greeting that the server sends by itself, `type: tcp`"});
}

// A check must be able to pass.
void validate_answer(const HealthOptions& health, const Cursor& at, Report& report) {
  if (health.expect.ranges.empty())
    report.error(at.at("expect"), {"F1018", "no status would pass this check", "an empty set",
                                   "delete `expect`, or write the statuses that pass, as in `200-299`"});
  // What `defaults` say of pages is for the pools that have one; and a printed configuration has every key, with its
  // default.
  const std::pair<std::string_view, bool> said[] = {{"host", !health.host.empty() && health.type != HealthType::tls},
                                                    {"headers", !health.headers.empty()},
                                                    {"expect", health.expect != HealthOptions().expect}};
  if (health.type != HealthType::http)
    for (const auto& [key, is_said] : said)
      if (is_said && at.at(key).is_written())
        report.error(at.at(key), {"F1018", fmt::format("`{}` is for HTTP checks, and this is none", key), "",
                                  "add `path: /health`, or delete it"});
  // The default is shortened where it has to be; what was written is not changed in silence.
  if (health.timeout > health.every && at.at("timeout").exists())
    report.error(at.at("timeout"),
                 {"F1013", "a check must end before the next one starts", "`timeout` is longer than `every`",
                  fmt::format("make `timeout` at most {}", config::print_duration(health.every))});
}

void validate_check_of_unix_sockets(const PoolOptions& pool, const Cursor& at, Report& report) {
  const bool has_unix =
      std::ranges::any_of(pool.servers, [](const ServerOptions& server) { return server.address.is_unix(); });
  if (!has_unix) return;
  const Cursor health = at.at("health");
  if (pool.health.port != 0)
    report.error(health.at("port"), {"F1018", "a server on a Unix socket has no other port to check", "",
                                     "delete `port`, or put that server into a pool of its own"});
  if (pool.health.type == HealthType::udp)
    report.error(health.at("type"), {"F1018", "a server on a Unix socket cannot be checked by UDP", "",
                                     "use `type: tcp`, which connects to the socket"});
}

// How much of a pool live traffic may take out: never all of it, and at least one server.
void validate_max_share(const PoolOptions& pool, const Cursor& at, Report& report) {
  const double share = pool.passive.max_share.fraction;
  if (share >= 1)
    report.error(at, {"F2202", "live traffic could eject every server of this pool", "nothing would be left",
                      "keep it below 100%; 50% is the default"});
  const auto servers = static_cast<double>(pool.servers.size());
  // 0 is how somebody says "none". A pool of one is never ejected whatever is written.
  if (!at.exists() || share <= 0 || servers < 2 || share * servers >= 1) return;
  report.warning(at,
                 {"F3060", fmt::format("live traffic never ejects a server of this pool, which has {}", servers),
                  "less than one server",
                  fmt::format("make it at least {}%; `0%` says that none shall be ejected", std::ceil(100 / servers))});
}

void validate_passive(const PoolOptions& pool, const Cursor& at, Report& report) {
  const PassiveOptions& passive = pool.passive;
  validate_max_share(pool, at.at("max_share"), report);
  if (passive.max_eject < passive.eject)
    report.error(at.at("max_eject").exists() ? at.at("max_eject") : at.at("eject"),
                 {"F1014", "`max_eject` is shorter than `eject`", "",
                  fmt::format("make `max_eject` at least {}", config::print_duration(passive.eject))});
  const bool refuses_answers =
      std::ranges::any_of(passive.statuses.ranges, [](const auto& range) { return range.first < 400; });
  if (refuses_answers)
    report.error(at.at("statuses"),
                 {"F1060", "`passive.statuses` are the responses that count as failures, and these hold good ones",
                  "statuses below 400", "write those of servers in trouble, as in `502-504`; 200 to 399 pass a check"});
}

}  // namespace

void validate_health(const PoolOptions& pool, const Cursor& at, Report& report) {
  validate_question(pool.health, at.at("health"), report);
  validate_answer(pool.health, at.at("health"), report);
  validate_check_of_unix_sockets(pool, at, report);
  validate_passive(pool, at.at("passive"), report);
}

}  // namespace fairlead::pool
