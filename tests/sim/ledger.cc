#include "sim/ledger.h"

#include <fmt/format.h>

#include <charconv>

namespace fairlead::sim {

std::uint64_t Ledger::open(std::string method, std::size_t answer_length, std::size_t upload_length) {
  const std::uint64_t id = records_.size() + 1;
  records_[id] = {.method = std::move(method), .answer_length = answer_length, .upload_length = upload_length};
  return id;
}

Record* Ledger::find(std::uint64_t id) {
  const auto found = records_.find(id);
  return found == records_.end() ? nullptr : &found->second;
}

std::string content(std::uint64_t id, char purpose, std::size_t length) {
  std::string text;
  text.reserve(length + 32);
  while (text.size() < length) text += fmt::format("{}{}@{};", purpose, id, text.size());
  text.resize(length);
  return text;
}

std::string path_of(std::uint64_t id, std::size_t answer_length) { return fmt::format("/r/{}/{}", id, answer_length); }

bool parse_path(std::string_view target, std::uint64_t& id, std::size_t& answer_length) {
  if (!target.starts_with("/r/")) return false;
  const char* end = target.data() + target.size();
  const auto first = std::from_chars(target.data() + 3, end, id);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '/') return false;
  const auto second = std::from_chars(first.ptr + 1, end, answer_length);
  return second.ec == std::errc() && second.ptr == end;
}

}  // namespace fairlead::sim
