#include "pool/sticky_cookie.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstring>
#include <optional>
#include <utility>

#include "pool/pool.h"

namespace fairlead::pool {
namespace {

// A token: the server's id, the second of its end (0: none) and a MAC of 128 bits, in base64url (RFC 4648, 5).
constexpr std::size_t kIdSize = 8;
constexpr std::size_t kEndSize = 8;
constexpr std::size_t kMacSize = 16;
constexpr std::size_t kClaimSize = kIdSize + kEndSize;
constexpr std::size_t kTokenSize = kClaimSize + kMacSize;
constexpr std::size_t kTextSize = (kTokenSize * 8 + 5) / 6;

using Token = std::array<unsigned char, kTokenSize>;
using Mac = std::array<unsigned char, EVP_MAX_MD_SIZE>;

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode(const Token& token) {
  std::string text;
  text.reserve(kTextSize);
  std::uint32_t bits = 0;
  int held = 0;
  for (const unsigned char byte : token) {
    bits = bits << 8 | byte;
    for (held += 8; held >= 6; held -= 6) text += kAlphabet[bits >> (held - 6) & 63];
  }
  if (held > 0) text += kAlphabet[bits << (6 - held) & 63];
  return text;
}

std::optional<Token> decode(std::string_view text) {
  if (text.size() != kTextSize) return std::nullopt;
  Token token{};
  std::size_t size = 0;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char letter : text) {
    const std::size_t digit = kAlphabet.find(letter);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    token[size++] = static_cast<unsigned char>(bits >> held & 255);
  }
  // What the last letter has beyond the token: one token has one text.
  if ((bits & ((1U << held) - 1)) != 0) return std::nullopt;
  return token;
}

// HMAC-SHA256 (RFC 2104). `purpose` keeps signatures and ids apart.
Mac mac_of(const Secret& secret, std::string_view purpose, std::string_view pool, std::string_view text) {
  std::string message;
  for (const std::string_view part : {purpose, pool, text}) {
    message.append(part);
    message.push_back('\0');
  }
  Mac mac{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.text.data(), static_cast<int>(secret.text.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(), mac.data(), &size);
  return mac;
}

Mac sign(const Secret& secret, std::string_view pool, const Token& token) {
  return mac_of(secret, "sticky cookie", pool, {reinterpret_cast<const char*>(token.data()), kClaimSize});
}

std::int64_t seconds_of(WallTime at) { return std::chrono::floor<std::chrono::seconds>(at.time_since_epoch()).count(); }

std::string_view word(SameSite same_site) {
  switch (same_site) {
    case SameSite::strict:
      return "Strict";
    case SameSite::none:
      return "None";
    case SameSite::lax:
      break;
  }
  return "Lax";
}

}  // namespace

StickyCookie::StickyCookie(StickyOptions options, std::string pool, std::span<const Member> members)
    : options_(std::move(options)), pool_(std::move(pool)) {
  for (const Member& member : members) servers_.emplace(id_of(*member.server), member.server.get());
}

std::uint64_t StickyCookie::id_of(const Server& server) const {
  const Mac mac = mac_of(options_.secret, "sticky server", pool_, server.name());
  std::uint64_t id = 0;
  std::memcpy(&id, mac.data(), kIdSize);
  return id;
}

StickyReading StickyCookie::read(std::string_view value, WallTime now) const {
  using Verdict = StickyReading::Verdict;
  const std::optional<Token> token = decode(value);
  if (!token) return {};
  const Mac mac = sign(options_.secret, pool_, *token);
  if (CRYPTO_memcmp(mac.data(), token->data() + kClaimSize, kMacSize) != 0) return {};

  std::uint64_t id = 0;
  std::int64_t end = 0;
  std::memcpy(&id, token->data(), kIdSize);
  std::memcpy(&end, token->data() + kIdSize, kEndSize);
  const auto found = servers_.find(id);
  const std::int64_t left = end - seconds_of(now);
  if (found == servers_.end() || (end != 0 && left <= 0)) return {.verdict = Verdict::stale};
  // One without an end is replaced where the configuration gives it one, and the other way round.
  const bool is_ageing = options_.ttl ? end == 0 || std::chrono::seconds(left) < *options_.ttl / 2 : end != 0;
  return {.verdict = Verdict::genuine, .server = found->second, .is_ageing = is_ageing};
}

std::string StickyCookie::issue(const Server& server, WallTime now, bool is_https) const {
  const std::uint64_t id = id_of(server);
  const auto ttl = options_.ttl ? std::chrono::ceil<std::chrono::seconds>(*options_.ttl).count() : 0;
  const std::int64_t end = options_.ttl ? seconds_of(now) + ttl : 0;
  Token token{};
  std::memcpy(token.data(), &id, kIdSize);
  std::memcpy(token.data() + kIdSize, &end, kEndSize);
  const Mac mac = sign(options_.secret, pool_, token);
  std::memcpy(token.data() + kClaimSize, mac.data(), kMacSize);

  const bool is_secure =
      options_.secure == CookieSecure::on || (options_.secure == CookieSecure::automatic && is_https);
  std::string text =
      fmt::format("{}={}; Path=/; HttpOnly; SameSite={}", options_.cookie, encode(token), word(options_.same_site));
  if (is_secure) text += "; Secure";
  if (options_.ttl) text += fmt::format("; Max-Age={}", ttl);
  return text;
}

}  // namespace fairlead::pool
