// Says what our HTTP/1 codec makes of messages, for comparison with other parsers.
//
// Reads cases from stdin: one byte for the kind (q: request, s: response), four for the size (little endian), and the
// bytes. Answers each with one line of JSON, with bytes in hexadecimal so that nothing is lost between languages.
#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <string>

#include "http/codec/body_decoder.h"
#include "http/codec/head_parser.h"

namespace fairlead::http {
namespace {

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) fmt::format_to(std::back_inserter(text), "{:02x}", static_cast<unsigned char>(byte));
  return text;
}

std::string fields_json(const FieldList& fields) {
  std::string text;
  for (const Field& field : fields)
    fmt::format_to(std::back_inserter(text), "{}\"{}\",\"{}\"", text.empty() ? "" : ",", hex(field.name),
                   hex(field.value));
  return text;
}

struct Body {
  std::string data;
  Rule rule = Rule::none;
  bool is_complete = false;
};

Body read_body(BodyDecoder decoder, std::string_view bytes) {
  Body body;
  while (true) {
    const BodyStep step = decoder.feed(bytes);
    body.data += step.data;
    body.rule = step.rule;
    bytes.remove_prefix(step.consumed);
    if (step.status != BodyStep::Status::data) break;
  }
  body.is_complete = decoder.is_complete();
  return body;
}

std::string refused(Rule rule) { return fmt::format(R"({{"verdict":"refuse","rule":"{}"}})", word(rule)); }

// `first_line` is the part of the answer that requests and responses do not share.
template <typename Head>
std::string verdict(const HeadParse& parse, const Head& head, std::string_view bytes, const std::string& first_line) {
  if (parse.status == HeadParse::Status::refused) return refused(parse.refusal.rule);
  if (parse.status == HeadParse::Status::incomplete) return R"({"verdict":"incomplete"})";
  const Body body = read_body(BodyDecoder(head.framing, head.content_length), bytes.substr(parse.consumed));
  if (body.rule != Rule::none) return refused(body.rule);
  return fmt::format(R"({{"verdict":"accept",{},"minor":{},"keep_alive":{},"fields":[{}],"body":"{}","complete":{}}})",
                     first_line, head.minor_version, head.keep_alive, fields_json(head.fields), hex(body.data),
                     body.is_complete);
}

std::string request_verdict(std::string_view bytes) {
  static RequestHead head;
  const HeadParse parse = parse_request_head(bytes, {}, head);
  if (parse.status != HeadParse::Status::complete) return verdict(parse, head, bytes, "");
  const std::string first_line = fmt::format(R"("method":"{}","target":"{}","upgrade":{})", hex(head.method_text),
                                             hex(head.target), head.wants_upgrade);
  return verdict(parse, head, bytes, first_line);
}

std::string response_verdict(std::string_view bytes) {
  static ResponseHead head;
  const HeadParse parse = parse_response_head(bytes, {}, Method::get, head);
  return verdict(parse, head, bytes, fmt::format(R"("status":{},"reason":"{}")", head.status, hex(head.reason)));
}

bool read_exactly(void* bytes, std::size_t size) { return std::fread(bytes, 1, size, stdin) == size; }

int answer_all() {
  std::array<unsigned char, 5> header;
  std::string bytes;
  while (read_exactly(header.data(), header.size())) {
    std::uint32_t size = 0;
    for (std::size_t index = 4; index > 0; --index) size = size << 8 | header[index];
    bytes.resize(size);
    if (!read_exactly(bytes.data(), size)) return 1;
    fmt::print("{}\n", header[0] == 'q' ? request_verdict(bytes) : response_verdict(bytes));
  }
  return 0;
}

}  // namespace
}  // namespace fairlead::http

int main() { return fairlead::http::answer_all(); }
