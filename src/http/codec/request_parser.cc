// Request heads (RFC 9112, 3 and 5 to 6; RFC 9110, 7).
#include "http/codec/authority.h"
#include "http/codec/common_fields.h"
#include "http/codec/head_parser.h"
#include "http/codec/head_reader.h"
#include "http/codec/path.h"
#include "http/codec/scan.h"

namespace fairlead::http {
namespace {

constexpr char kTlsHandshake = 0x16;  // RFC 8446, 5.1

class RequestParser {
 public:
  RequestParser(std::string_view bytes, const ParseLimits& limits, RequestHead& head)
      : reader_(bytes, limits), limits_(limits), head_(head) {}

  HeadParse parse() { return reader_.verdict(read()); }

 private:
  Progress read();
  Progress skip_empty_line();
  Progress read_method();
  Progress read_target();
  Progress read_version();
  Rule split_target();
  Rule split_absolute_target(std::string_view after_scheme);
  void split_query(std::string_view path_and_query);
  Rule normalize_path();
  Rule take(const Field& field, CommonFields& common);
  Rule take_host(std::string_view value);
  Rule conclude(const CommonFields& common);

  HeadReader reader_;
  const ParseLimits& limits_;
  RequestHead& head_;
  // The authority of an absolute-form target; empty with the other forms.
  std::string_view target_authority_;
};

// `/`, `*`, or the scheme of an absolute-form target.
constexpr bool may_begin_target(char byte) { return byte == '/' || byte == '*' || byte == 'h' || byte == 'H'; }

// What the reading does not set in every case.
void reset(RequestHead& head) {
  head.framing = Framing::none;
  head.expects_continue = false;
  head.has_query = false;
  head.content_length = 0;
  head.query = {};
  head.authority = {};
  head.host = {};
  head.fields.clear();
}

Progress RequestParser::read() {
  reset(head_);
  if (const Progress progress = skip_empty_line(); !progress.is_complete()) return progress;
  if (const Progress progress = read_method(); !progress.is_complete()) return progress;
  if (const Progress progress = read_target(); !progress.is_complete()) return progress;
  if (const Progress progress = read_version(); !progress.is_complete()) return progress;
  if (const Rule rule = split_target(); rule != Rule::none) return refused(rule);
  if (const Rule rule = normalize_path(); rule != Rule::none) return refused(rule);

  CommonFields common(head_.minor_version);
  const Progress progress = reader_.read_fields(head_.fields, [&](const Field& field) { return take(field, common); });
  if (!progress.is_complete()) return progress;
  const Rule rule = conclude(common);
  return rule == Rule::none ? kComplete : refused(rule);
}

// RFC 9112, 2.2: old clients send one after a POST.
Progress RequestParser::skip_empty_line() {
  if (reader_.at == reader_.end) return kIncomplete;
  if (*reader_.at != '\r') return kComplete;
  if (const Progress progress = reader_.read_line_end(Rule::bare_cr); !progress.is_complete()) return progress;
  if (reader_.at == reader_.end) return kIncomplete;
  return *reader_.at == '\r' ? refused(Rule::empty_lines) : kComplete;
}

Progress RequestParser::read_method() {
  const char* method = reader_.at;
  const char* method_end = scan::skip_token(method, reader_.end);
  if (method_end == reader_.end) return kIncomplete;
  if (*method_end != ' ' || method_end == method) {
    if (method_end == method && *method == kTlsHandshake) return refused(Rule::tls_on_plain_port);
    if (*method_end == '\n') return refused(Rule::bare_lf);
    const bool is_text = *method_end == '\r' || scan::is_in(scan::kValue, *method_end);
    return refused(is_text ? Rule::bad_request_line : Rule::not_http);
  }
  head_.method_text = {method, method_end};
  head_.method = method_of(head_.method_text);
  if (head_.method == Method::connect) return refused(Rule::connect_refused);
  reader_.at = method_end + 1;
  return kComplete;
}

Progress RequestParser::read_target() {
  const char* target = reader_.at;
  const char* target_end = scan::skip_target(target, reader_.end);
  if (target_end != target && !may_begin_target(*target)) return refused(Rule::bad_target);
  if (static_cast<std::size_t>(target_end - target) > limits_.target_bytes) return refused(Rule::target_too_long);
  if (target_end == reader_.end) return kIncomplete;
  if (target_end == target) return refused(Rule::bad_target);
  if (*target_end == '#') return refused(Rule::fragment_in_target);
  if (*target_end == '\r' || *target_end == '\n') return refused(Rule::http_0_9);
  if (*target_end != ' ') return refused(Rule::bad_target);
  head_.target = {target, target_end};
  reader_.at = target_end + 1;
  return kComplete;
}

Progress RequestParser::read_version() {
  const Progress progress = reader_.read_version(head_.minor_version);
  if (progress.rule == Rule::unsupported_version && head_.method_text == "PRI" && head_.target == "*")
    return refused(Rule::http2_preface);
  if (!progress.is_complete()) return progress;
  return reader_.read_line_end(Rule::bad_version);
}

// RFC 9112, 3.2: origin-form, absolute-form or asterisk-form.
Rule RequestParser::split_target() {
  const std::string_view target = head_.target;
  if (target.front() == '/') {
    split_query(target);
    return Rule::none;
  }
  if (target == "*") {
    head_.path = target;
    return head_.method == Method::options ? Rule::none : Rule::asterisk_without_options;
  }
  for (const std::string_view scheme : {"http://", "https://"})
    if (equals_ignoring_case(target.substr(0, scheme.size()), scheme))
      return split_absolute_target(target.substr(scheme.size()));
  return Rule::bad_target;
}

Rule RequestParser::split_absolute_target(std::string_view after_scheme) {
  const std::size_t authority_size = std::min(after_scheme.find_first_of("/?"), after_scheme.size());
  target_authority_ = after_scheme.substr(0, authority_size);
  if (!host_of(target_authority_)) return Rule::bad_absolute_target;
  const std::string_view rest = after_scheme.substr(authority_size);
  if (rest.empty()) {
    // RFC 9112, 3.2.4: OPTIONS for the whole server has no path in absolute-form.
    head_.path = head_.method == Method::options ? "*" : "/";
    return Rule::none;
  }
  split_query(rest);
  if (head_.path.empty()) head_.path = "/";
  return Rule::none;
}

void RequestParser::split_query(std::string_view path_and_query) {
  const std::size_t mark = path_and_query.find('?');
  head_.path = path_and_query.substr(0, mark);
  if (mark == std::string_view::npos) return;
  head_.has_query = true;
  head_.query = path_and_query.substr(mark + 1);
}

Rule RequestParser::normalize_path() {
  if (head_.path == "*") return Rule::none;
  const NormalPath normal = normal_path(head_.path, limits_.paths, head_.path_space);
  head_.path = normal.path;
  return normal.rule;
}

Rule RequestParser::take(const Field& field, CommonFields& common) {
  switch (field.id) {
    case FieldId::host:
      return take_host(field.value);
    case FieldId::expect:
      // RFC 9110, 10.1.1: HTTP/1.0 clients cannot wait for a 100.
      if (!equals_ignoring_case(field.value, "100-continue")) return Rule::unknown_expectation;
      head_.expects_continue = head_.minor_version >= 1;
      return Rule::none;
    default:
      return common.take(field);
  }
}

Rule RequestParser::take_host(std::string_view value) {
  if (!head_.host.empty()) return Rule::repeated_host;
  const std::optional<std::string_view> host = host_of(value);
  if (!host) return Rule::bad_host;
  head_.authority = value;
  head_.host = *host;
  return Rule::none;
}

Rule RequestParser::conclude(const CommonFields& common) {
  if (head_.host.empty() && head_.minor_version >= 1) return Rule::missing_host;
  if (!target_authority_.empty()) {
    if (head_.host.empty()) {
      head_.authority = target_authority_;
      head_.host = *host_of(target_authority_);
    }
    if (!equals_ignoring_case(head_.authority, target_authority_)) return Rule::target_differs_from_host;
  }
  head_.framing = common.framing();
  head_.content_length = common.length();
  head_.keep_alive = common.keep_alive();
  head_.upgrade = common.upgrade(head_.fields);
  head_.wants_upgrade = !head_.upgrade.empty();
  return Rule::none;
}

}  // namespace

HeadParse parse_request_head(std::string_view bytes, const ParseLimits& limits, RequestHead& head) {
  return RequestParser(bytes, limits, head).parse();
}

}  // namespace fairlead::http
