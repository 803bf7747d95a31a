#include "net/tls_handshake.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <limits>

namespace fairlead::net {
namespace {

// The first of the errors that OpenSSL has noted for this thread, which is the cause of the others.
std::string_view first_failure() {
  const char* words = ERR_reason_error_string(ERR_get_error());
  ERR_clear_error();
  return words == nullptr ? std::string_view("the handshake failed") : std::string_view(words);
}

}  // namespace

TlsClients::TlsClients() = default;
TlsClients::~TlsClients() { SSL_CTX_free(context_); }

ssl_ctx_st* TlsClients::get() {
  if (context_ == nullptr) context_ = SSL_CTX_new(TLS_client_method());
  return context_;
}

TlsHandshake::TlsHandshake(TlsClients& clients, const std::string& server_name) {
  if (ssl_ctx_st* context = clients.get()) ssl_ = SSL_new(context);
  BIO* from_server = BIO_new(BIO_s_mem());
  BIO* to_server = BIO_new(BIO_s_mem());
  const bool is_ready = ssl_ != nullptr && from_server != nullptr && to_server != nullptr &&
                        (server_name.empty() || SSL_set_tlsext_host_name(ssl_, server_name.c_str()) == 1);
  if (!is_ready) {
    BIO_free(from_server);
    BIO_free(to_server);
    failure_ = first_failure();
    return;
  }
  SSL_set_bio(ssl_, from_server, to_server);  // Owns them from here on.
  SSL_set_connect_state(ssl_);
}

TlsHandshake::~TlsHandshake() { SSL_free(ssl_); }

TlsHandshake::State TlsHandshake::advance(std::string_view received) {
  if (!failure_.empty()) return State::failed;
  ERR_clear_error();
  if (!received.empty()) {
    const auto size = static_cast<int>(std::min<std::size_t>(received.size(), std::numeric_limits<int>::max()));
    if (BIO_write(SSL_get_rbio(ssl_), received.data(), size) != size) return fail(first_failure());
  }
  const int result = SSL_do_handshake(ssl_);
  if (result == 1) {
    SSL_shutdown(ssl_);  // Only writes the farewell.
    return State::done;
  }
  if (SSL_get_error(ssl_, result) == SSL_ERROR_WANT_READ) return State::wants_bytes;
  return fail(first_failure());
}

TlsHandshake::State TlsHandshake::fail(std::string_view why) {
  failure_ = why;
  return State::failed;
}

std::string TlsHandshake::take_output() {
  if (ssl_ == nullptr || SSL_get_wbio(ssl_) == nullptr) return {};
  BIO* to_server = SSL_get_wbio(ssl_);
  std::string output(BIO_ctrl_pending(to_server), '\0');
  if (output.empty()) return output;
  const int taken = BIO_read(to_server, output.data(), static_cast<int>(output.size()));
  output.resize(static_cast<std::size_t>(std::max(taken, 0)));
  return output;
}

std::string_view TlsHandshake::version() const { return SSL_get_version(ssl_); }

}  // namespace fairlead::net
