// How the key of a hash is written, and what does not go together with it.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "pool/key_maps/key_map.h"
#include "pool/options_schema.h"

namespace fairlead::pool {
namespace {

using config::Cursor;
using config::Fault;
using config::field;
using config::Report;

struct KeyWord {
  std::string_view text;
  HashKey::Kind kind;
  bool is_named = false;
};
constexpr std::array<KeyWord, 6> kKeyWords{{
    {"client_ip", HashKey::Kind::client_ip},
    {"header", HashKey::Kind::header, true},
    {"cookie", HashKey::Kind::cookie, true},
    {"query", HashKey::Kind::query, true},
    {"path", HashKey::Kind::path},
    {"host", HashKey::Kind::host},
}};

std::string print_hash_key(const HashKey& key) {
  const auto word = std::ranges::find(kKeyWords, key.kind, &KeyWord::kind);
  return word->is_named ? fmt::format("{}:{}", word->text, key.name) : std::string(word->text);
}

config::Parsed<HashKey> parse_hash_key(std::string_view text) {
  const auto refuse = [](std::string message, std::string help) {
    return std::unexpected(Fault{"F0230", std::move(message), "", std::move(help)});
  };
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string_view word = text.substr(0, colon);
  const std::string_view name = text.substr(std::min(colon + 1, text.size()));
  const auto known = std::ranges::find(kKeyWords, word, &KeyWord::text);
  if (known == kKeyWords.end() || (!known->is_named && colon < text.size()))
    return refuse(fmt::format("`{}` is not a key to hash", text),
                  "one of client_ip, header:NAME, cookie:NAME, query:NAME, path, host");
  if (known->is_named && name.empty())
    return refuse(fmt::format("the key `{}` needs a name", word), fmt::format("write `{}:NAME`", word));
  if (known->kind != HashKey::Kind::header) return HashKey{known->kind, std::string(name)};
  const config::Parsed<std::string> header = check_header_name(name);
  if (!header) return std::unexpected(header.error());
  return HashKey{known->kind, *header};
}

std::string print_load_factor(const LoadFactor& value) { return fmt::format("{:.10g}%", value.factor * 100); }

config::Parsed<LoadFactor> parse_load_factor(std::string_view text) {
  constexpr double kLeast = 101;
  constexpr double kMost = 1000;
  double percent = 0;
  const std::string_view number = text.ends_with('%') ? text.substr(0, text.size() - 1) : text;
  const auto [end, problem] = std::from_chars(number.data(), number.data() + number.size(), percent);
  const bool is_read = problem == std::errc{} && end == number.data() + number.size() && text.ends_with('%');
  if (!is_read || !(percent >= kLeast && percent <= kMost))
    return std::unexpected(Fault{"F0209", fmt::format("`{}` is not a bound of the load", text), "",
                                 "write `101%` to `1000%` of an even share, or `off`"});
  return LoadFactor{percent / 100};
}

config::SchemaPtr hash_key_schema() {
  return config::scalar(config::scalar_type<HashKey>(
      "key", config::text_pattern("^(client_ip|path|host|(header|cookie|query):.+)$"), parse_hash_key, print_hash_key));
}

config::SchemaPtr load_factor_schema() {
  return config::optional_of<LoadFactor>(
      config::scalar(config::scalar_type<LoadFactor>("percentage", config::text_pattern("^[0-9]+([.][0-9]+)?%$"),
                                                     parse_load_factor, print_load_factor)),
      "off");
}

}  // namespace

config::EnumWords<HashTable> words_of(const HashTable*) {
  return {.usual = {{"maglev", HashTable::maglev}, {"ring", HashTable::ring}, {"rendezvous", HashTable::rendezvous}}};
}

config::SchemaPtr schema_of(const HashOptions*) {
  return config::record<HashOptions>(
      field("key", &HashOptions::key,
            "What requests to one server have in common: `client_ip`, `header:NAME`, `cookie:NAME`, `query:NAME`, "
            "`path` or `host`. Requests without it are spread.",
            hash_key_schema()),
      field("table", &HashOptions::table,
            "`maglev`: even shares; `ring`: no key moves without need; `rendezvous`: both, for up to 32 servers."),
      field("bounded_load", &HashOptions::bounded_load,
            "A server with more than this part of an even share of the requests in flight passes new ones on.",
            load_factor_schema()));
}

void validate_hash(const PoolOptions& pool, const Cursor& at, Report& report) {
  const Cursor hash = at.at("hash");
  if (pool.algorithm != Algorithm::hash && pool.hash != HashOptions())
    report.error(hash.key_place(), hash.path(),
                 {"F1040", "`hash` is for `algorithm: hash`", "this pool uses another algorithm",
                  "add `algorithm: hash`, or delete `hash`"});
  else if (pool.algorithm != Algorithm::hash && is_meant(pool.hash, hash))
    report.warning_about(hash.key_place(), hash.path(),
                         {"F3041", "`hash` changes nothing here", "this pool uses another algorithm",
                          "add `algorithm: hash`, or delete `hash`"});
  const Cursor slow_factor = at.at("passive").at("slow_factor");
  if (hashing_of(pool) && pool.passive.slow_factor && pool.passive.slow_factor != PassiveOptions().slow_factor &&
      slow_factor.is_written())
    report.warning_about(slow_factor.key_place(), slow_factor.path(),
                         {"F3042", "`slow_factor` changes nothing here: a pool that hashes compares no answer times",
                          "", "delete `slow_factor`, or use another algorithm"});
  if (pool.subset && hashing_of(pool))
    report.error(at.at("subset"), {"F1042", "a key would be on another server at each Fairlead with its own `subset`",
                                   "this pool hashes", "delete `subset`, or use another algorithm"});
  if (pool.algorithm == Algorithm::hash && pool.hash.table == HashTable::rendezvous &&
      pool.servers.size() > kRendezvousPlaces)
    report.error(hash.at("table"),
                 {"F1041", fmt::format("`rendezvous` is for at most {} servers", kRendezvousPlaces),
                  fmt::format("this pool has {}", pool.servers.size()), "use `table: maglev`", "maglev"});
}

}  // namespace fairlead::pool
