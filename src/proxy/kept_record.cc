#include "proxy/kept_record.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "runtime/slab.h"

namespace fairlead::proxy {

using telemetry::AccessRecord;
using telemetry::AttemptRecord;

namespace {

constexpr std::array kTexts = {&AccessRecord::id,     &AccessRecord::client, &AccessRecord::listener,
                               &AccessRecord::proto,  &AccessRecord::method, &AccessRecord::host,
                               &AccessRecord::path,   &AccessRecord::query,  &AccessRecord::route,
                               &AccessRecord::pool,   &AccessRecord::server, &AccessRecord::user_agent,
                               &AccessRecord::referer};
constexpr Duration kNone = Duration::min();

std::string_view kept_part(std::string_view text) { return text.substr(0, telemetry::kMaxText); }

std::optional<Duration> if_any(Duration kept) { return kept == kNone ? std::nullopt : std::optional(kept); }

}  // namespace

// What is no text. The attempts follow it in memory, and the texts follow them.
struct KeptRecord::Block {
  WallTime at;
  Duration queue;
  Duration connect;
  Duration first_byte;
  std::optional<bool> reused;
  std::uint16_t status;
  std::uint16_t attempts;
  std::array<std::uint16_t, kTexts.size()> text_sizes;

  AttemptRecord* first_attempt() { return reinterpret_cast<AttemptRecord*>(this + 1); }
  char* first_text() { return reinterpret_cast<char*>(first_attempt() + attempts); }
  std::size_t size() const {
    std::size_t size = sizeof(Block) + attempts * sizeof(AttemptRecord);
    for (const std::uint16_t text_size : text_sizes) size += text_size;
    return size;
  }
};

KeptRecord::KeptRecord(const AccessRecord& record) {
  Block kept{.at = record.at,
             .queue = record.queue.value_or(kNone),
             .connect = record.connect.value_or(kNone),
             .first_byte = record.first_byte.value_or(kNone),
             .reused = record.reused,
             .status = static_cast<std::uint16_t>(record.status),
             .attempts = static_cast<std::uint16_t>(record.attempts.size()),
             .text_sizes = {}};
  std::ranges::transform(kTexts, kept.text_sizes.begin(),
                         [&](auto text) { return static_cast<std::uint16_t>(kept_part(record.*text).size()); });
  block_ = std::construct_at(static_cast<Block*>(runtime::Slab::allocate_bytes(kept.size())), kept);
  std::ranges::uninitialized_copy(record.attempts, std::span(block_->first_attempt(), block_->attempts));
  char* next = block_->first_text();
  for (const auto text : kTexts) next = std::ranges::copy(kept_part(record.*text), next).out;
}

KeptRecord::~KeptRecord() { runtime::Slab::release_bytes(block_, block_->size()); }

AccessRecord KeptRecord::record() const {
  AccessRecord record;
  record.at = block_->at;
  record.queue = if_any(block_->queue);
  record.connect = if_any(block_->connect);
  record.first_byte = if_any(block_->first_byte);
  record.reused = block_->reused;
  record.status = block_->status;
  record.attempts = {block_->first_attempt(), block_->attempts};
  const char* next = block_->first_text();
  for (std::size_t index = 0; index < kTexts.size(); ++index) {
    record.*kTexts[index] = {next, block_->text_sizes[index]};
    next += block_->text_sizes[index];
  }
  return record;
}

}  // namespace fairlead::proxy
