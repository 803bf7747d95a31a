#include "proxy/forwarded_request.h"

#include <cstring>

#include "http/codec/cookie.h"
#include "http/codec/hop_by_hop.h"
#include "runtime/slab.h"

namespace fairlead::proxy {

namespace {

std::string_view value_of(const http::FieldList& fields, http::FieldId id) {
  const http::Field* field = fields.find(id);
  return field == nullptr ? std::string_view() : field->value;
}

// They are written anew, with what is believed of them.
void drop_forwarding_fields(const http::FieldList& fields, http::FieldMarks& dropped) {
  for (std::size_t index = 0; index < fields.size(); ++index) {
    if (http::is_forwarding_field(fields[index].id)) dropped.set(index);
  }
}

// Writes the Cookie fields anew, without the cookie that is meant for us, and without those that end here anyway.
void write_other_cookies(http::BufferWriter& writer, const http::FieldList& fields, std::string_view hidden,
                         const http::FieldMarks& ended) {
  for (std::size_t index = 0; index < fields.size(); ++index) {
    if (fields[index].id != http::FieldId::cookie || ended[index]) continue;
    std::string_view before = "Cookie: ";
    http::for_each_cookie(fields[index].value, [&](const http::Cookie& cookie) {
      if (cookie.name == hidden) return;
      writer.append(before);
      writer.append(cookie.text);
      before = "; ";
    });
    if (before == "; ") writer.append("\r\n");
  }
}

void drop_cookie_fields(const http::FieldList& fields, http::FieldMarks& dropped) {
  for (std::size_t index = 0; index < fields.size(); ++index) {
    if (fields[index].id == http::FieldId::cookie) dropped.set(index);
  }
}

void write_fields(http::BufferWriter& writer, const http::RequestHead& head, const Origin& origin,
                  std::string_view peer, std::string_view hidden_cookie) {
  const http::FieldMarks ended = http::hop_by_hop_fields(head.fields);
  http::FieldMarks dropped = ended;
  drop_forwarding_fields(head.fields, dropped);
  const bool hides_cookie = !hidden_cookie.empty() && http::find_cookie(head.fields, hidden_cookie).has_value();
  if (hides_cookie) drop_cookie_fields(head.fields, dropped);
  // RFC 9112, 3.2: a request of HTTP/1.0 may have no Host; one of HTTP/1.1 must have it, even if it is empty.
  if (!head.fields.has(http::FieldId::host)) http::write_field(writer, "Host", head.authority);
  http::copy_fields(writer, head.fields, dropped);
  if (hides_cookie) write_other_cookies(writer, head.fields, hidden_cookie, ended);
  write_forwarding_fields(writer, head, origin, peer);
}

}  // namespace

ForwardedRequest::~ForwardedRequest() {
  if (block_ != nullptr) runtime::Slab::release_bytes(block_, block_size_);
}

Result<void> ForwardedRequest::build(const http::RequestHead& head, const Origin& origin, std::string_view peer,
                                     http::Workspace& workspace, std::string_view hidden_cookie) {
  http::BufferWriter writer(workspace.output_space());
  write_fields(writer, head, origin, peer, hidden_cookie);
  const std::string_view lines = writer.has_overflowed() ? std::string_view() : writer.written();
  const std::string_view user_agent = value_of(head.fields, http::FieldId::user_agent);
  const std::string_view referer = value_of(head.fields, http::FieldId::referer);
  const std::string_view accept = value_of(head.fields, http::FieldId::accept);
  const std::size_t query_size = head.has_query ? head.query.size() + 1 : 0;

  block_size_ = head.method_text.size() + head.path.size() + query_size + head.authority.size() + user_agent.size() +
                referer.size() + accept.size() + origin.ip.size() + origin.request_id.size() + lines.size();
  block_ = static_cast<char*>(runtime::Slab::allocate_bytes(block_size_));
  char* next = block_;
  method_text_ = place(head.method_text, next);
  char* const target = next;
  place(head.path, next);
  if (head.has_query) {
    place("?", next);
    place(head.query, next);
  }
  target_ = {target, next};
  authority_ = place(head.authority, next);
  user_agent_ = place(user_agent, next);
  referer_ = place(referer, next);
  accept_ = place(accept, next);
  client_ip_ = place(origin.ip, next);
  id_ = place(origin.request_id, next);
  field_lines_ = place(lines, next);

  method_ = head.method;
  framing_ = http::OutgoingFraming::of(head);
  // RFC 6455, 4.1: a handshake is a GET.
  wants_websocket_ =
      head.method == http::Method::get && head.may_upgrade() && http::equals_ignoring_case(head.upgrade, "websocket");
  if (writer.has_overflowed()) {
    return std::unexpected(Error{.code = ErrorCode::header_too_large, .blame = Blame::downstream});
  }
  return {};
}

std::string_view ForwardedRequest::place(std::string_view text, char*& next) {
  if (text.empty()) return {};
  char* const start = next;
  std::memcpy(start, text.data(), text.size());
  next += text.size();
  return {start, text.size()};
}

runtime::Task<void> ForwardedRequest::send_head(http::ClientStream& upstream, Duration patience) const {
  upstream.set_send_patience(patience);
  http::BufferWriter& writer = upstream.begin_head(method_text_, target_);
  writer.append(field_lines_);
  return upstream.send_head(framing_, upgrade());
}

}  // namespace fairlead::proxy
