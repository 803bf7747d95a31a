#include "net/scratch.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "net/kept_bytes.h"
#include "runtime/slab.h"

namespace fairlead::net {

Scratch::Scratch(std::size_t size) : size_(size), memory_(std::make_unique_for_overwrite<char[]>(size)) {}

char* Scratch::claim(Input& user) {
  if (user_ != nullptr && user_ != &user) user_->put_aside();
  user_ = &user;
  return memory_.get();
}

Input::~Input() {
  if (scratch_.user_ == this) scratch_.user_ = nullptr;
  drop_aside();
}

runtime::IoResult Input::fill(Connection& connection, std::size_t most) {
  char* memory = scratch_.claim(*this);
  if (size_ > 0 && begin_ != memory) std::memmove(memory, begin_, size_);
  drop_aside();
  begin_ = memory;
  const std::size_t room = std::min(most, scratch_.size() - size_);
  if (room == 0) return {.error = ENOBUFS};
  const runtime::IoResult result = connection.receive({begin_ + size_, room});
  size_ += static_cast<std::uint32_t>(result.count);
  return result;
}

void Input::put_aside() {
  if (size_ == 0) return;
  char* block = static_cast<char*>(runtime::Slab::allocate_bytes(size_));
  std::memcpy(block, begin_, size_);
  KeptBytes::add(size_);
  aside_ = block;
  aside_size_ = size_;
  begin_ = block;
}

void Input::drop_aside() {
  if (aside_ == nullptr) return;
  KeptBytes::remove(aside_size_);
  runtime::Slab::release_bytes(std::exchange(aside_, nullptr), aside_size_);
}

}  // namespace fairlead::net
