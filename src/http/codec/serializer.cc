#include "http/codec/serializer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace fairlead::http {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

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
    writer.append({fields[first].name.data(), fields[last].value.data() + fields[last].value.size()});
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
  struct Row {
    std::uint16_t status;
    std::string_view reason;
  };
  static constexpr std::array kRows = {
      Row{100, "Continue"},
      Row{101, "Switching Protocols"},
      Row{103, "Early Hints"},
      Row{200, "OK"},
      Row{201, "Created"},
      Row{202, "Accepted"},
      Row{203, "Non-Authoritative Information"},
      Row{204, "No Content"},
      Row{205, "Reset Content"},
      Row{206, "Partial Content"},
      Row{300, "Multiple Choices"},
      Row{301, "Moved Permanently"},
      Row{302, "Found"},
      Row{303, "See Other"},
      Row{304, "Not Modified"},
      Row{307, "Temporary Redirect"},
      Row{308, "Permanent Redirect"},
      Row{400, "Bad Request"},
      Row{401, "Unauthorized"},
      Row{402, "Payment Required"},
      Row{403, "Forbidden"},
      Row{404, "Not Found"},
      Row{405, "Method Not Allowed"},
      Row{406, "Not Acceptable"},
      Row{407, "Proxy Authentication Required"},
      Row{408, "Request Timeout"},
      Row{409, "Conflict"},
      Row{410, "Gone"},
      Row{411, "Length Required"},
      Row{412, "Precondition Failed"},
      Row{413, "Content Too Large"},
      Row{414, "URI Too Long"},
      Row{415, "Unsupported Media Type"},
      Row{416, "Range Not Satisfiable"},
      Row{417, "Expectation Failed"},
      Row{418, "I'm a teapot"},
      Row{421, "Misdirected Request"},
      Row{422, "Unprocessable Content"},
      Row{425, "Too Early"},
      Row{426, "Upgrade Required"},
      Row{428, "Precondition Required"},
      Row{429, "Too Many Requests"},
      Row{431, "Request Header Fields Too Large"},
      Row{451, "Unavailable For Legal Reasons"},
      Row{500, "Internal Server Error"},
      Row{501, "Not Implemented"},
      Row{502, "Bad Gateway"},
      Row{503, "Service Unavailable"},
      Row{504, "Gateway Timeout"},
      Row{505, "HTTP Version Not Supported"},
      Row{511, "Network Authentication Required"},
  };
  const auto* row = std::ranges::find(kRows, status, &Row::status);
  return row == kRows.end() ? std::string_view() : row->reason;
}

}  // namespace fairlead::http
