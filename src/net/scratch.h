// A worker's read memory, shared by all its connections, and what a connection has read but not used yet.
//
// Everything is read into one large block that stays in the cache. A connection owns memory only for what is left over
// when another one needs the block; an idle connection owns none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "net/connection.h"

namespace fairlead::net {

class Input;

// One per worker. Whoever reads next may use it; the unread bytes of the one before are put aside first.
class Scratch {
 public:
  explicit Scratch(std::size_t size);

  std::size_t size() const { return size_; }

 private:
  friend class Input;
  char* claim(Input& user);

  std::size_t size_;
  std::unique_ptr<char[]> memory_;
  Input* user_ = nullptr;
};

// The bytes of one connection that were received and not consumed. The scratch outlives it.
class Input {
 public:
  explicit Input(Scratch& scratch) : scratch_(scratch) {}
  ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  // Views of these bytes, consumed ones included, are good until the next `fill` of any connection of the worker: that
  // is, never across a wait.
  std::string_view unread() const { return {begin_, size_}; }
  void consume(std::size_t count) {
    begin_ += count;
    size_ -= static_cast<std::uint32_t>(count);
  }
  // Receives once, at most `most` bytes, and appends to `unread`. ENOBUFS where the scratch is full.
  runtime::IoResult fill(Connection& connection, std::size_t most);

 private:
  friend class Scratch;
  void put_aside();
  void drop_aside();

  Scratch& scratch_;
  char* begin_ = nullptr;
  char* aside_ = nullptr;  // our own block, where the bytes are not in the scratch
  std::uint32_t size_ = 0;
  std::uint32_t aside_size_ = 0;
};

}  // namespace fairlead::net
