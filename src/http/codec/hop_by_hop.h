// Which fields end with the connection that they came on, and which may not be trusted as trailers.
#pragma once

#include <bitset>

#include "http/codec/field.h"

namespace fairlead::http {

// One bit for each field of a list.
using FieldMarks = std::bitset<FieldList::kCapacity>;

// Marks the fields that must not be passed on (RFC 9110, 7.6.1): Connection and what it names, Keep-Alive,
// Proxy-Connection, Proxy-Authenticate and Proxy-Authorization, TE (but `TE: trailers`), Upgrade, and both framing
// fields, which are always written anew. A field named in Connection stays where dropping it would be a way round a
// rule: Host, and the forwarding fields, which the proxy sets itself.
//
// Also marks names that some servers read as a field that we write, `X_Forwarded_For` and `Content_Length`, and Proxy,
// which is no field of HTTP and which CGI servers take for the proxy of their own requests (CVE-2016-5385).
FieldMarks hop_by_hop_fields(const FieldList& fields);

// The fields that say where a request came from: a proxy sets them and decides whose to believe.
bool is_forwarding_field(FieldId id);

// False for what frames, routes, authenticates or changes the meaning of a message (RFC 9110, 6.5.1).
bool is_allowed_in_trailers(std::string_view name);

}  // namespace fairlead::http
