#include "proxy/body_buffer.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "http/codec/serializer.h"

namespace fairlead::proxy {

runtime::Task<void> BodyBuffer::fill(http::ServerStream& downstream, std::size_t size, BodyBudget& budget,
                                     net::MemoryShare& memory) {
  budget_ = &budget;
  if (downstream.request().expects_continue && !budget.is_spent()) {
    has_asked_ = true;
    downstream.begin_head(100, http::reason_of(100));
    co_await downstream.send_interim_head();
  }
  while (downstream.is_receiving() && size_ < size && !budget.is_spent() && memory.has_room_for_request()) {
    const http::BodyPart part = co_await downstream.read_body(nullptr);
    keep(part.data);
    if (!part.is_last) continue;
    is_whole_ = true;
    trailers_ = downstream.request_trailers();
  }
  if (downstream.is_receiving() && size_ < size && budget.is_spent()) budget.count_refusal();
}

void BodyBuffer::keep(std::string_view bytes) {
  constexpr std::size_t kLeastBlock = 512;
  constexpr std::size_t kBlock = std::size_t{64} * 1024;
  budget_->take(bytes.size());
  size_ += bytes.size();
  while (!bytes.empty()) {
    if (blocks_.empty() || blocks_.back().size() == blocks_.back().capacity())
      blocks_.emplace_back().reserve(std::clamp(size_, kLeastBlock, kBlock));
    CountedString& last = blocks_.back();
    const std::string_view fitting = bytes.substr(0, last.capacity() - last.size());
    last.append(fitting);
    bytes.remove_prefix(fitting.size());
  }
}

runtime::Task<void> BodyBuffer::send(http::ClientStream& upstream) const {
  for (const CountedString& block : blocks_) {
    const bool ends_body = is_whole_ && &block == &blocks_.back();
    co_await upstream.send_body({block, ends_body}, ends_body ? std::string_view(trailers_) : std::string_view());
  }
  if (is_whole_ && blocks_.empty()) co_await upstream.send_body({{}, true}, trailers_);
}

void BodyBuffer::forget() {
  if (size_ > 0) budget_->give_back(std::exchange(size_, 0));
  std::vector<CountedString>().swap(blocks_);
  CountedString().swap(trailers_);
}

}  // namespace fairlead::proxy
