// Versions, line ends and verdicts of both kinds of head, and the search for the end of one.
#include "http/codec/head_reader.h"

#include <cstring>

namespace fairlead::http {
namespace {

constexpr bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

}  // namespace

Progress HeadReader::read_version(std::uint8_t& minor) {
  constexpr std::string_view kPattern = "HTTP/d.d";
  const char* version = at;
  for (const char wanted : kPattern) {
    if (at == end) return kIncomplete;
    if (wanted == 'd' ? !is_digit(*at) : *at != wanted) return refused(Rule::bad_version);
    ++at;
  }
  if (version[5] != '1' || version[7] > '1') return refused(Rule::unsupported_version);
  minor = static_cast<std::uint8_t>(version[7] - '0');
  return kComplete;
}

Progress HeadReader::read_line_end(Rule otherwise) {
  if (at == end) return kIncomplete;
  if (*at == '\n') return refused(Rule::bare_lf);
  if (*at != '\r') return refused(otherwise);
  if (end - at < 2) return kIncomplete;
  if (at[1] != '\n') return refused(Rule::bare_cr);
  at += 2;
  return kComplete;
}

HeadParse HeadReader::verdict(Progress progress) const {
  if (progress.status == HeadParse::Status::incomplete && is_cut_) progress = refused(Rule::head_too_large);
  HeadParse parse{.status = progress.status};
  if (progress.status == HeadParse::Status::complete) parse.consumed = static_cast<std::size_t>(at - begin_);
  if (progress.status == HeadParse::Status::refused) parse.refusal = refusal(progress.rule);
  return parse;
}

bool find_head_end(std::string_view bytes, const ParseLimits& limits, std::uint32_t& resume_at) {
  while (resume_at < bytes.size()) {
    const char* start = bytes.data() + resume_at;
    const void* found = std::memchr(start, '\n', bytes.size() - resume_at);
    if (found == nullptr) break;
    const auto line_feed = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    resume_at = static_cast<std::uint32_t>(line_feed + 1);
    if (line_feed == 0 || bytes[line_feed - 1] != '\r') return true;
    if (line_feed >= 3 && bytes.substr(line_feed - 3, 2) == "\r\n") return true;
  }
  resume_at = static_cast<std::uint32_t>(bytes.size());
  return bytes.size() >= limits.head_bytes;
}

}  // namespace fairlead::http
