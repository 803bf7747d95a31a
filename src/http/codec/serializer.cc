// Appending: each function writes one part of a message.
#include "http/codec/serializer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace fairlead::http {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

struct Reason {
  std::uint16_t status;
  std::string_view phrase;
};

// RFC 9110, 15, and the statuses that were registered since.
constexpr std::array kReasons = {
    Reason{100, "Continue"},
    Reason{101, "Switching Protocols"},
    Reason{103, "Early Hints"},
    Reason{200, "OK"},
    Reason{201, "Created"},
    Reason{202, "Accepted"},
    Reason{203, "Non-Authoritative Information"},
    Reason{204, "No Content"},
    Reason{205, "Reset Content"},
    Reason{206, "Partial Content"},
    Reason{300, "Multiple Choices"},
    Reason{301, "Moved Permanently"},
    Reason{302, "Found"},
    Reason{303, "See Other"},
    Reason{304, "Not Modified"},
    Reason{307, "Temporary Redirect"},
    Reason{308, "Permanent Redirect"},
    Reason{400, "Bad Request"},
    Reason{401, "Unauthorized"},
    Reason{402, "Payment Required"},
    Reason{403, "Forbidden"},
    Reason{404, "Not Found"},
    Reason{405, "Method Not Allowed"},
    Reason{406, "Not Acceptable"},
    Reason{407, "Proxy Authentication Required"},
    Reason{408, "Request Timeout"},
    Reason{409, "Conflict"},
    Reason{410, "Gone"},
    Reason{411, "Length Required"},
    Reason{412, "Precondition Failed"},
    Reason{413, "Content Too Large"},
    Reason{414, "URI Too Long"},
    Reason{415, "Unsupported Media Type"},
    Reason{416, "Range Not Satisfiable"},
    Reason{417, "Expectation Failed"},
    Reason{418, "I'm a teapot"},
    Reason{421, "Misdirected Request"},
    Reason{422, "Unprocessable Content"},
    Reason{425, "Too Early"},
    Reason{426, "Upgrade Required"},
    Reason{428, "Precondition Required"},
    Reason{429, "Too Many Requests"},
    Reason{431, "Request Header Fields Too Large"},
    Reason{451, "Unavailable For Legal Reasons"},
    Reason{500, "Internal Server Error"},
    Reason{501, "Not Implemented"},
    Reason{502, "Bad Gateway"},
    Reason{503, "Service Unavailable"},
    Reason{504, "Gateway Timeout"},
    Reason{505, "HTTP Version Not Supported"},
    Reason{511, "Network Authentication Required"},
};

// The longest number is 20 decimal digits.
std::string_view format_number(std::uint64_t number, int base, std::array<char, 20>& digits) {
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number, base);
  return {digits.data(), end};
}

// In the input the lines of both fields stand one after the other and nothing has to be mended between them.
bool are_neighbours(const Field& field, const Field& next) {
  const char* value_end = field.value.data() + field.value.size();
  return value_end + kLineEnd.size() == next.name.data() && std::memcmp(value_end, "\r\n", kLineEnd.size()) == 0;
}

}  // namespace

void BufferWriter::append(std::string_view bytes) {
  if (bytes.size() > static_cast<std::size_t>(end_ - next_)) overflowed_ = true;
  if (overflowed_) return;
  next_ = std::copy_n(bytes.data(), bytes.size(), next_);
}

void BufferWriter::append_decimal(std::uint64_t number) {
  std::array<char, 20> digits;
  append(format_number(number, 10, digits));
}

void BufferWriter::append_hex(std::uint64_t number) {
  std::array<char, 20> digits;
  append(format_number(number, 16, digits));
}

void write_request_line(BufferWriter& writer, const RequestHead& head) {
  writer.append(head.method_text);
  writer.append(' ');
  writer.append(head.path);
  if (head.has_query) {
    writer.append('?');
    writer.append(head.query);
  }
  writer.append(" HTTP/1.1\r\n");
}

void write_request_line(BufferWriter& writer, std::string_view method, std::string_view target) {
  writer.append(method);
  writer.append(' ');
  writer.append(target);
  writer.append(" HTTP/1.1\r\n");
}

void write_status_line(BufferWriter& writer, std::uint16_t status, std::string_view reason) {
  writer.append("HTTP/1.1 ");
  writer.append_decimal(status);
  writer.append(' ');
  writer.append(reason);
  writer.append(kLineEnd);
}

void write_field(BufferWriter& writer, std::string_view name, std::string_view value) {
  writer.append(name);
  writer.append(": ");
  writer.append(value);
  writer.append(kLineEnd);
}

void copy_fields(BufferWriter& writer, const FieldList& fields, const FieldMarks& dropped) {
  for (std::size_t first = 0; first < fields.size(); ++first) {
    if (dropped[first]) continue;
    std::size_t last = first;
    while (last + 1 < fields.size() && !dropped[last + 1] && are_neighbours(fields[last], fields[last + 1])) ++last;
    const char* run = fields[first].name.begin();
    writer.append(std::string_view(run, fields[last].value.end()));
    writer.append(kLineEnd);
    first = last;
  }
}

void write_framing(BufferWriter& writer, Framing framing, std::uint64_t content_length) {
  if (framing == Framing::chunked) writer.append("Transfer-Encoding: chunked\r\n");
  if (framing != Framing::length) return;
  writer.append("Content-Length: ");
  writer.append_decimal(content_length);
  writer.append(kLineEnd);
}

void write_framing(BufferWriter& writer, const ResponseHead& head) {
  const bool may_have_length = head.status >= 200 && head.status != 204;
  const bool keeps_length = head.framing == Framing::none && head.has_content_length && may_have_length;
  write_framing(writer, keeps_length ? Framing::length : head.framing, head.content_length);
}

void end_head(BufferWriter& writer) { writer.append(kLineEnd); }

void write_chunk_size(BufferWriter& writer, std::uint64_t size) {
  writer.append_hex(size);
  writer.append(kLineEnd);
}

void write_last_chunk(BufferWriter& writer, std::string_view trailer_lines) {
  writer.append("0\r\n");
  writer.append(trailer_lines);
  writer.append(kLineEnd);
}

std::string_view reason_of(std::uint16_t status) {
  const auto* reason = std::ranges::find(kReasons, status, &Reason::status);
  return reason == kReasons.end() ? std::string_view() : reason->phrase;
}

}  // namespace fairlead::http
