// How pools and their servers are written in a configuration.
#pragma once

#include <string_view>

#include "config/declare.h"
#include "config/report.h"
#include "pool/options.h"

namespace fairlead::pool {

// `200-299,304` or `[502, 503, 504]`.
config::Parsed<StatusSet> parse_status_set(std::string_view text);
std::string print_status_set(const StatusSet& set);

// A name as RFC 9110, 5.1 has it, in lower case.
config::Parsed<std::string> check_header_name(std::string_view name);

config::SchemaPtr schema_of(const StatusSet*);
config::SchemaPtr schema_of(const ServerOptions*);
config::SchemaPtr schema_of(const HealthOptions*);
config::SchemaPtr schema_of(const PassiveOptions*);
config::SchemaPtr schema_of(const PoolTimeouts*);
config::SchemaPtr schema_of(const KeepaliveOptions*);
config::SchemaPtr schema_of(const Secret*);
config::SchemaPtr schema_of(const StickyOptions*);
config::EnumWords<CookieSecure> words_of(const CookieSecure*);
config::EnumWords<SameSite> words_of(const SameSite*);
config::EnumWords<OnDown> words_of(const OnDown*);
void validate(const StickyOptions& sticky, const config::Cursor& at, config::Report& report);
config::SchemaPtr schema_of(const HashOptions*);
config::EnumWords<HashTable> words_of(const HashTable*);
config::SchemaPtr schema_of(const PrequalOptions*);
void validate_hash(const PoolOptions& pool, const config::Cursor& at, config::Report& report);
config::SchemaPtr schema_of(const PoolOptions*);
config::EnumWords<Algorithm> words_of(const Algorithm*);
config::EnumWords<HealthType> words_of(const HealthType*);
config::EnumWords<LastResort> words_of(const LastResort*);
config::EnumWords<SendProxy> words_of(const SendProxy*);

// Whether somebody wrote this block for this pool, so that a rule may say that it changes nothing. What comes from
// `defaults` is about other pools too, and what spells out every default was printed by `--print-config`.
template <typename T>
bool is_meant(const T& value, const config::Cursor& at) {
  if (!at.is_written()) return false;
  const T usual;
  const config::Node printed = config::schema_for<T>()->print(&usual, nullptr, config::Printed::everything);
  return value != usual || at.node().children.size() < printed.children.size();
}

// The rules over several fields of one pool. `at` stands on the pool.
void validate(const PoolOptions& pool, const config::Cursor& at, config::Report& report);

}  // namespace fairlead::pool
