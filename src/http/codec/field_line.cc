// One field line: name, colon, value, CRLF. No folding, no bare line ends, no space before the colon.
#include "http/codec/field_line.h"

#include "http/codec/scan.h"

namespace fairlead::http {
namespace {

constexpr bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }

FieldLine incomplete() { return {.kind = FieldLine::Kind::incomplete}; }
FieldLine refused(Rule rule) { return {.kind = FieldLine::Kind::refused, .rule = rule}; }

// The line begins with something else than a name.
FieldLine parse_empty_line(const char* at, const char* end) {
  if (*at == '\n') return refused(Rule::bare_lf);
  if (is_blank(*at)) return refused(Rule::obs_fold);
  if (*at != '\r') return refused(Rule::bad_field_name);
  if (end - at < 2) return incomplete();
  if (at[1] != '\n') return refused(Rule::bare_cr);
  return {.kind = FieldLine::Kind::empty_line, .next = at + 2};
}

}  // namespace

FieldLine parse_field_line(const char* at, const char* end) {
  if (at == end) return incomplete();
  const char* name_end = scan::skip_token(at, end);
  if (name_end == end) return incomplete();
  if (name_end == at) return parse_empty_line(at, end);
  if (is_blank(*name_end)) return refused(Rule::space_before_colon);
  if (*name_end != ':') return refused(Rule::bad_field_name);

  const char* value = name_end + 1;
  while (value != end && is_blank(*value)) ++value;
  const char* line_end = scan::skip_value(value, end);
  if (line_end == end) return incomplete();
  if (*line_end == '\n') return refused(Rule::bare_lf);
  if (*line_end != '\r') return refused(Rule::bad_field_value);
  if (end - line_end < 2) return incomplete();
  if (line_end[1] != '\n') return refused(Rule::bare_cr);

  const char* value_end = line_end;
  while (value_end != value && is_blank(value_end[-1])) --value_end;
  const std::string_view name(at, name_end);
  return {.kind = FieldLine::Kind::field,
          .next = line_end + 2,
          .field = {.name = name, .value = {value, value_end}, .id = classify_field(name)}};
}

}  // namespace fairlead::http
