// The client's half of a TLS handshake, as a state machine over bytes: it knows no socket and never waits.
//
// OpenSSL behind memory buffers. Its headers stay in the .cc file, so that another library could take its place.
#pragma once

#include <memory>
#include <string>
#include <string_view>

extern "C" {
struct ssl_ctx_st;
struct ssl_st;
}

namespace fairlead::net {

// What handshakes share. Certificates are not verified: for checks that ask whether a server speaks TLS at all.
// One thread; outlives the handshakes.
class TlsClients {
 public:
  TlsClients();
  ~TlsClients();
  TlsClients(const TlsClients&) = delete;
  TlsClients& operator=(const TlsClients&) = delete;

 private:
  friend class TlsHandshake;
  // Made when it is first needed: most programs never check by TLS. Null where there is no memory.
  ssl_ctx_st* get();

  ssl_ctx_st* context_ = nullptr;
};

class TlsHandshake {
 public:
  enum class State { wants_bytes, done, failed };

  // `server_name` goes to the server (RFC 6066, 3: SNI), unless it is empty.
  TlsHandshake(TlsClients& clients, const std::string& server_name);
  ~TlsHandshake();
  TlsHandshake(const TlsHandshake&) = delete;
  TlsHandshake& operator=(const TlsHandshake&) = delete;

  // Goes as far as it can with what the server has sent since; nothing at first.
  State advance(std::string_view received);
  // What is to be sent to the server now, a farewell included once it is done or has failed.
  std::string take_output();
  // After `failed`, in words: `wrong version number`. Static.
  std::string_view failure() const { return failure_; }
  // After `done`: `TLSv1.3`. Static.
  std::string_view version() const;

 private:
  State fail(std::string_view why);

  ssl_st* ssl_ = nullptr;
  std::string_view failure_;
};

}  // namespace fairlead::net
