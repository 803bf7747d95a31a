// What must hold for any bytes at all: the fuzzer looks for input that breaks it, the unit tests replay the corpus.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "http/codec/body_decoder.h"
#include "http/codec/head_parser.h"
#include "http/codec/serializer.h"

namespace fairlead::http::invariants {

using HeadStatus = HeadParse::Status;

// A head cut anywhere has the same verdict, or is incomplete where the whole is not. `parse` takes the bytes.
template <typename Parse>
void check_every_cut(std::string_view bytes, Parse parse) {
  const HeadParse whole = parse(bytes);
  FAIRLEAD_ASSERT(whole.consumed <= bytes.size());
  // All cuts of short inputs, some of long ones.
  const std::size_t step = bytes.size() / 512 + 1;
  bool is_judged = false;
  for (std::size_t size = 0; size < bytes.size(); size += step) {
    const HeadParse cut = parse(bytes.substr(0, size));
    FAIRLEAD_ASSERT(!is_judged || cut.status != HeadStatus::incomplete);
    is_judged = cut.status != HeadStatus::incomplete;
    if (!is_judged) continue;
    FAIRLEAD_ASSERT(cut.status == whole.status);
    FAIRLEAD_ASSERT(cut.consumed == whole.consumed);
    FAIRLEAD_ASSERT(cut.refusal.rule == whole.refusal.rule);
  }
}

// `find_head_end` never keeps a whole head waiting, and never calls for a parse that cannot judge.
inline void check_head_end(std::string_view bytes, const ParseLimits& limits) {
  RequestHead head;
  std::uint32_t resume_at = 0;
  for (std::size_t size = 1; size <= std::min<std::size_t>(bytes.size(), 512); ++size) {
    const std::string_view cut = bytes.substr(0, size);
    const bool is_found = find_head_end(cut, limits, resume_at);
    const HeadStatus status = parse_request_head(cut, limits, head).status;
    FAIRLEAD_ASSERT(is_found ? status != HeadStatus::incomplete : status != HeadStatus::complete);
    if (is_found) return;
  }
}

struct Body {
  std::string data;
  std::string trailers;
  Rule rule = Rule::none;
  bool is_complete = false;
  std::size_t consumed = 0;
  friend bool operator==(const Body&, const Body&) = default;
};

inline Body decode(BodyDecoder decoder, std::string_view bytes, std::size_t piece_size) {
  Body body;
  while (true) {
    const std::string_view piece = bytes.substr(body.consumed, piece_size);
    const BodyStep step = decoder.feed(piece);
    FAIRLEAD_ASSERT(step.consumed <= piece.size());
    FAIRLEAD_ASSERT(step.data.empty() == (step.status != BodyStep::Status::data));
    body.consumed += step.consumed;
    body.data += step.data;
    body.rule = step.rule;
    if (step.status == BodyStep::Status::done || step.status == BodyStep::Status::refused) break;
    FAIRLEAD_ASSERT(step.status == BodyStep::Status::data || step.consumed == piece.size());
    if (piece.empty()) break;
  }
  body.is_complete = decoder.is_complete();
  body.trailers = decoder.trailer_lines();
  return body;
}

// What a body says, written as chunks, is read as the same body.
inline void check_rewritten(const Body& body) {
  std::string space(body.data.size() + body.trailers.size() + 64, '\0');
  BufferWriter writer(space);
  if (!body.data.empty()) {
    write_chunk_size(writer, body.data.size());
    writer.append(body.data);
    writer.append(kChunkEnd);
  }
  write_last_chunk(writer, body.trailers);
  FAIRLEAD_ASSERT(!writer.has_overflowed());
  const Body again = decode(BodyDecoder(Framing::chunked, 0), writer.written(), writer.size());
  FAIRLEAD_ASSERT(again.is_complete && again.consumed == writer.size());
  FAIRLEAD_ASSERT(again.data == body.data && again.trailers == body.trailers);
}

inline void check_body(Framing framing, std::uint64_t length, std::string_view bytes) {
  const Body whole = decode(BodyDecoder(framing, length), bytes, bytes.size() + 1);
  for (const std::size_t piece_size : {1, 2, 3, 7, 64})
    FAIRLEAD_ASSERT(decode(BodyDecoder(framing, length), bytes, piece_size) == whole);
  for (std::size_t first = 1; first < std::min<std::size_t>(bytes.size(), 64); ++first)
    FAIRLEAD_ASSERT(decode(BodyDecoder(framing, length), bytes, first) == whole);
  if (whole.is_complete) check_rewritten(whole);
}

inline std::vector<std::pair<std::string, std::string>> passed_on(const FieldList& fields) {
  const FieldMarks dropped = hop_by_hop_fields(fields);
  std::vector<std::pair<std::string, std::string>> kept;
  for (std::size_t index = 0; index < fields.size(); ++index)
    if (!dropped[index]) kept.emplace_back(fields[index].name, fields[index].value);
  return kept;
}

// One request in, one request out: the same, and nothing behind it.
inline void check_rewritten(const RequestHead& head, std::size_t size) {
  if (head.fields.size() + 2 > FieldList::kCapacity) return;
  std::string space(size + 256, '\0');
  BufferWriter writer(space);
  write_request_line(writer, head);
  copy_fields(writer, head.fields, hop_by_hop_fields(head.fields));
  write_framing(writer, head.framing, head.content_length);
  if (!head.fields.has(FieldId::host)) write_field(writer, "Host", head.authority.empty() ? "a" : head.authority);
  end_head(writer);
  FAIRLEAD_ASSERT(!writer.has_overflowed());

  RequestHead again;
  const HeadParse parse = parse_request_head(writer.written(), {.head_bytes = space.size()}, again);
  FAIRLEAD_ASSERT(parse.status == HeadStatus::complete && parse.consumed == writer.size());
  FAIRLEAD_ASSERT(again.method_text == head.method_text && again.method == head.method);
  FAIRLEAD_ASSERT(again.path == head.path && again.query == head.query && again.has_query == head.has_query);
  FAIRLEAD_ASSERT(head.host.empty() || again.authority == head.authority);
  FAIRLEAD_ASSERT(again.framing == head.framing && again.content_length == head.content_length);
  const auto kept = passed_on(head.fields);
  const auto kept_again = passed_on(again.fields);
  FAIRLEAD_ASSERT(kept_again.size() >= kept.size());
  FAIRLEAD_ASSERT(std::equal(kept.begin(), kept.end(), kept_again.begin()));
}

inline void check_rewritten(const ResponseHead& head, Method method, std::size_t size) {
  if (head.fields.size() + 1 > FieldList::kCapacity) return;
  std::string space(size + 256, '\0');
  BufferWriter writer(space);
  write_status_line(writer, head.status, head.reason);
  copy_fields(writer, head.fields, hop_by_hop_fields(head.fields));
  write_framing(writer, head);
  end_head(writer);
  FAIRLEAD_ASSERT(!writer.has_overflowed());

  ResponseHead again;
  const HeadParse parse = parse_response_head(writer.written(), {.head_bytes = space.size()}, method, again);
  FAIRLEAD_ASSERT(parse.status == HeadStatus::complete && parse.consumed == writer.size());
  FAIRLEAD_ASSERT(again.status == head.status && again.reason == head.reason);
  FAIRLEAD_ASSERT(again.framing == head.framing);
  FAIRLEAD_ASSERT(head.framing != Framing::length || again.content_length == head.content_length);
  FAIRLEAD_ASSERT(passed_on(again.fields) == passed_on(head.fields));
}

inline void check_request(std::string_view bytes, const ParseLimits& limits) {
  RequestHead head;
  const auto parse = [&](std::string_view part) { return parse_request_head(part, limits, head); };
  check_every_cut(bytes, parse);
  check_head_end(bytes, limits);
  const HeadParse whole = parse(bytes);
  if (whole.status != HeadStatus::complete) return;
  check_rewritten(head, whole.consumed);
  check_body(head.framing, head.content_length, bytes.substr(whole.consumed));
}

inline void check_response(std::string_view bytes, Method method) {
  ResponseHead head;
  const auto parse = [&](std::string_view part) { return parse_response_head(part, {}, method, head); };
  check_every_cut(bytes, parse);
  const HeadParse whole = parse(bytes);
  if (whole.status != HeadStatus::complete) return;
  check_rewritten(head, method, whole.consumed);
  check_body(head.framing, head.content_length, bytes.substr(whole.consumed));
}

// Reads the bytes as a request, as a response and as a chunked body.
inline void check_http1(std::string_view bytes) {
  check_request(bytes, {});
  check_request(bytes, {.head_bytes = 200, .target_bytes = 20, .max_fields = 4});
  check_response(bytes, Method::get);
  check_response(bytes, Method::head);
  check_body(Framing::chunked, 0, bytes);
}

}  // namespace fairlead::http::invariants
