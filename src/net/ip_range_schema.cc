#include "net/ip_range_schema.h"

#include <optional>
#include <string>
#include <utility>

#include "config/declare.h"

namespace fairlead::net {

namespace {

config::Parsed<IpGroup> parse(std::string_view text) {
  IpGroupFault fault;
  std::optional<IpGroup> group = parse_ip_group(text, fault);
  if (group) return *std::move(group);
  return std::unexpected(config::Fault{"F0218", std::move(fault.message), "", std::move(fault.help)});
}

std::string print(const IpGroup& group) { return group.text; }

}  // namespace

config::SchemaPtr schema_of(const IpGroup*) {
  config::ScalarType type = config::scalar_type<IpGroup>(
      "addresses", config::text_pattern("^(loopback|private|[0-9a-fA-F:.]+(/[0-9]{1,3})?)$"), parse, print);
  type.is_text = true;
  return config::scalar(std::move(type));
}

}  // namespace fairlead::net
