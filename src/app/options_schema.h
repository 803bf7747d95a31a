// The root of the configuration: joins what the rooms declare, and adds what belongs to the program as a whole.
#pragma once

#include "app/options.h"
#include "config/declare.h"

namespace fairlead::app {

config::SchemaPtr schema_of(const AccessLogOptions*);
config::SchemaPtr schema_of(const EventLogOptions*);
config::SchemaPtr schema_of(const LogOptions*);
config::SchemaPtr schema_of(const ShutdownOptions*);
config::SchemaPtr schema_of(const Options*);
config::EnumWords<LogFormat> words_of(const LogFormat*);
config::EnumWords<LogWhen> words_of(const LogWhen*);
config::EnumWords<LogLevel> words_of(const LogLevel*);

// The whole file, for reading, printing, JSON Schema and reference.
config::SchemaPtr options_schema();

}  // namespace fairlead::app
