// What the fields that requests and responses share say of framing and of the connection. Internal to the codec.
#pragma once

#include <cstdint>

#include "http/codec/field.h"
#include "http/codec/message.h"
#include "http/codec/refusal.h"

namespace fairlead::http {

// Takes the fields of one head in order, and refuses at the first that cannot be.
class CommonFields {
 public:
  explicit CommonFields(std::uint8_t minor_version) : minor_version_(minor_version) {}

  // Each option is later looked for among all fields; honest messages have two or three.
  static constexpr std::uint32_t kMaxConnectionOptions = 32;

  Rule take(const Field& field);

  bool has_length() const { return has_length_; }
  std::uint64_t length() const { return length_; }
  // As the fields say it; a response may still have no body, or one that ends with the connection.
  Framing framing() const { return has_encoding_ ? Framing::chunked : has_length_ ? Framing::length : Framing::none; }
  // RFC 9112, 9.3.
  bool keep_alive() const { return !close_ && (minor_version_ >= 1 || keep_alive_); }
  // The value of the only Upgrade field where Connection names it; empty otherwise (RFC 9110, 7.8).
  std::string_view upgrade(const FieldList& fields) const;

 private:
  Rule take_length(std::string_view value);
  Rule take_encoding(std::string_view value);
  Rule take_connection(std::string_view value);

  std::uint64_t length_ = 0;
  std::uint32_t connection_options_ = 0;
  std::uint8_t minor_version_;
  bool has_length_ = false;
  bool has_encoding_ = false;
  bool close_ = false;
  bool keep_alive_ = false;
  bool upgrade_ = false;
};

}  // namespace fairlead::http
