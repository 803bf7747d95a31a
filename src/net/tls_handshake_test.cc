#include "net/tls_handshake.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace fairlead::net {
namespace {

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;

// A TLS server with a certificate that nobody has signed but itself.
class Server {
 public:
  Server() : context_(SSL_CTX_new(TLS_server_method())) {
    const Key key(EVP_EC_gen("P-256"));
    const Certificate certificate(X509_new());
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    SSL_CTX_use_certificate(context_.get(), certificate.get());
    SSL_CTX_use_PrivateKey(context_.get(), key.get());
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(ssl_.get());
  }

  // What it answers to these bytes.
  std::string answer(const std::string& bytes) {
    BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
    is_done_ |= SSL_do_handshake(ssl_.get()) == 1;
    if (const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name)) asked_for_ = name;
    std::string answer(BIO_ctrl_pending(SSL_get_wbio(ssl_.get())), '\0');
    BIO_read(SSL_get_wbio(ssl_.get()), answer.data(), static_cast<int>(answer.size()));
    return answer;
  }
  bool is_done() const { return is_done_; }
  const std::string& asked_for() const { return asked_for_; }
  // Whether the client has said that it leaves.
  bool was_left() {
    char byte = 0;
    SSL_read(ssl_.get(), &byte, 1);
    return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }

 private:
  std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>> context_;
  std::unique_ptr<SSL, Freed<SSL_free>> ssl_;
  bool is_done_ = false;
  std::string asked_for_;
};

// Runs until neither side has anything to say; the client gets its bytes in pieces of this size.
TlsHandshake::State shake(TlsHandshake& client, Server& server, std::size_t piece) {
  TlsHandshake::State state = client.advance({});
  for (std::string to_server = client.take_output(); !to_server.empty(); to_server = client.take_output()) {
    const std::string answer = server.answer(to_server);
    for (std::size_t at = 0; at < answer.size() && state == TlsHandshake::State::wants_bytes; at += piece)
      state = client.advance(std::string_view(answer).substr(at, piece));
  }
  return state;
}

TEST(TlsHandshake, completes_with_any_certificate_in_whatever_pieces_it_arrives_and_says_goodbye) {
  TlsClients clients;
  for (const std::size_t piece : {1, 7, 100'000}) {
    Server server;
    TlsHandshake client(clients, "app.example");
    EXPECT_EQ(shake(client, server, piece), TlsHandshake::State::done);
    EXPECT_EQ(client.version(), "TLSv1.3");
    EXPECT_TRUE(server.is_done());
    EXPECT_EQ(server.asked_for(), "app.example");
    EXPECT_TRUE(server.was_left());
  }
}

TEST(TlsHandshake, asks_for_no_name_where_there_is_none) {
  TlsClients clients;
  Server server;
  TlsHandshake client(clients, "");
  EXPECT_EQ(shake(client, server, 1000), TlsHandshake::State::done);
  EXPECT_EQ(server.asked_for(), "");
}

TEST(TlsHandshake, fails_with_words_where_the_answer_is_no_tls) {
  TlsClients clients;
  TlsHandshake client(clients, "app.example");
  EXPECT_EQ(client.advance({}), TlsHandshake::State::wants_bytes);
  EXPECT_FALSE(client.take_output().empty());
  EXPECT_EQ(client.advance("HTTP/1.1 400 Bad Request\r\n\r\n"), TlsHandshake::State::failed);
  EXPECT_EQ(client.failure(), "wrong version number");
  EXPECT_EQ(client.advance("more"), TlsHandshake::State::failed) << "for good";
}

// RFC 6066, 3: a name has at most 255 bytes.
TEST(TlsHandshake, a_name_that_cannot_be_asked_for_is_a_failure_and_no_crash) {
  TlsClients clients;
  TlsHandshake client(clients, std::string(300, 'a'));
  EXPECT_EQ(client.advance({}), TlsHandshake::State::failed);
  EXPECT_FALSE(client.failure().empty());
  EXPECT_TRUE(client.take_output().empty());
}

}  // namespace
}  // namespace fairlead::net
