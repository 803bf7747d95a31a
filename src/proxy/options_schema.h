// How listeners and routes are written in a configuration.
#pragma once

#include "config/declare.h"
#include "config/report.h"
#include "proxy/options.h"
#include "proxy/pattern_schema.h"

namespace fairlead::proxy {

config::SchemaPtr schema_of(const ListenerTimeouts*);
config::SchemaPtr schema_of(const ListenerLimits*);
config::EnumWords<DuplicateSlashes> words_of(const DuplicateSlashes*);
config::EnumWords<EncodedSlashes> words_of(const EncodedSlashes*);
config::SchemaPtr schema_of(const PathOptions*);
config::EnumWords<ProxyProtocol> words_of(const ProxyProtocol*);
config::SchemaPtr schema_of(const ListenerOptions*);
config::SchemaPtr schema_of(const MatchOptions*);
config::SchemaPtr schema_of(const RedirectOptions*);
config::SchemaPtr schema_of(const RespondOptions*);
config::SchemaPtr schema_of(const RetryOptions*);
config::SchemaPtr schema_of(const HedgeOptions*);
config::SchemaPtr schema_of(const RouteTimeouts*);
config::SchemaPtr schema_of(const BodyOptions*);
config::SchemaPtr schema_of(const RouteOptions*);
config::SchemaPtr schema_of(const ErrorOptions*);
config::EnumWords<ListenerProtocol> words_of(const ListenerProtocol*);
config::EnumWords<RetryOn> words_of(const RetryOn*);
config::EnumWords<ErrorDetail> words_of(const ErrorDetail*);

// The rules over several fields of one listener or route. `at` stands on it.
void validate(const ListenerOptions& listener, const config::Cursor& at, config::Report& report);
void validate(const RouteOptions& route, const config::Cursor& at, config::Report& report);

}  // namespace fairlead::proxy
