#include "pool/health/check.h"

#include <gtest/gtest.h>

#include <string>

#include "pool/health/catalog.h"

namespace fairlead::pool {
namespace {

using namespace std::chrono_literals;

const net::Endpoint kServer{"127.0.0.1", 3002, ""};

std::unique_ptr<HealthCheck> http(HealthOptions options = {}) {
  options.type = HealthType::http;
  options.path = "/health";
  return make_health_check(options, kServer);
}

// The verdict on a whole answer after which the server closed.
CheckResult judge(const HealthCheck& check, std::string_view answer) {
  return check.judge(answer, AnswerEnd::closed, 400us).value();
}

TEST(TcpCheck, a_connection_is_all_it_asks_for) {
  const auto check = make_health_check({}, kServer);
  EXPECT_TRUE(check->request().empty());
  const CheckResult result = check->judge({}, AnswerEnd::open, 400us).value();
  EXPECT_EQ(result.verdict, CheckVerdict::passed);
  EXPECT_EQ(result.summary, "TCP check 0.4 ms");
}

TEST(TcpCheck, says_what_a_refused_connection_means) {
  const auto check = make_health_check({}, kServer);
  const CheckResult result = check->failed(Error{.code = ErrorCode::connect_refused}, 1ms);
  EXPECT_EQ(result.verdict, CheckVerdict::failed);
  EXPECT_EQ(result.reason, "connect_refused");
  EXPECT_EQ(result.summary, "connection refused: nothing is listening on port 3002");
  EXPECT_EQ(check->failed(Error{.code = ErrorCode::connect_timeout}, 2s).summary, "no connection within 2 s");
}

TEST(TcpCheck, names_the_port_that_it_checks) {
  HealthOptions options;
  options.port = 9000;
  const CheckResult result = make_health_check(options, kServer)->failed({.code = ErrorCode::connect_refused}, 1ms);
  EXPECT_EQ(result.summary, "connection refused: nothing is listening on port 9000");
}

std::unique_ptr<HealthCheck> ping(HealthType type = HealthType::tcp) {
  HealthOptions options;
  options.type = type;
  options.send = "PING\r\n";
  options.body = "+PONG";
  return make_health_check(options, kServer);
}

TEST(TcpCheck, what_it_sends_must_get_the_answer_that_is_expected) {
  const auto check = ping();
  EXPECT_EQ(check->request(), "PING\r\n");
  EXPECT_FALSE(check->judge({}, AnswerEnd::open, 1ms));
  EXPECT_FALSE(check->judge("+PO", AnswerEnd::open, 1ms));
  const CheckResult result = check->judge("+PONG\r\n", AnswerEnd::open, 400us).value();
  EXPECT_EQ(result.verdict, CheckVerdict::passed);
  EXPECT_EQ(result.summary, "TCP \"PING\\r\\n\" → \"+PONG\\r\\n\", 0.4 ms");
}

TEST(TcpCheck, another_answer_is_a_failure_and_no_timeout_even_if_the_server_stays_connected) {
  const auto check = ping();
  const CheckResult result = check->judge("-LOADING\r\n", AnswerEnd::late, 2s).value();
  EXPECT_EQ(result.verdict, CheckVerdict::failed);
  EXPECT_EQ(result.reason, "check_body");
  EXPECT_EQ(result.summary, "TCP \"PING\\r\\n\" → \"-LOADING\\r\\n\" without the text \"+PONG\"");
  EXPECT_FALSE(check->judge({}, AnswerEnd::late, 2s)) << "silence is a timeout";
  EXPECT_EQ(check->failed({.code = ErrorCode::response_timeout}, 2s).summary,
            "TCP \"PING\\r\\n\" → no answer within 2 s");
  EXPECT_EQ(judge(*check, "").reason, "reset_before_response");
}

TEST(TcpCheck, without_a_text_any_answer_passes_but_not_none) {
  HealthOptions options;
  options.send = "hello\n";
  const auto check = make_health_check(options, kServer);
  EXPECT_FALSE(check->judge({}, AnswerEnd::open, 1ms));
  EXPECT_EQ(check->judge("?", AnswerEnd::open, 1ms)->verdict, CheckVerdict::passed);
  EXPECT_EQ(judge(*check, "").verdict, CheckVerdict::failed);
}

TEST(TcpCheck, a_greeting_can_be_expected_without_sending) {
  HealthOptions options;
  options.body = "220 ";
  const auto check = make_health_check(options, kServer);
  EXPECT_TRUE(check->request().empty());
  EXPECT_EQ(check->judge("220 mail.example ESMTP\r\n", AnswerEnd::open, 1ms)->verdict, CheckVerdict::passed);
}

TEST(TcpCheck, long_and_binary_answers_are_shown_on_one_short_line) {
  const CheckResult result = judge(*ping(), std::string(1000, '\n'));
  EXPECT_LT(result.summary.size(), 200U);
  EXPECT_EQ(result.summary.find('\n'), std::string::npos);
}

TEST(TcpCheck, an_answer_cannot_pass_for_the_words_around_it) {
  const CheckResult result = judge(*ping(), "\", 0.1 ms\\\x9b\xff");
  EXPECT_NE(result.summary.find(R"("\", 0.1 ms\\\x9b\xff" without)"), std::string::npos) << result.summary;
}

TEST(UdpCheck, sends_a_datagram_and_expects_an_answer) {
  const auto check = ping(HealthType::udp);
  EXPECT_EQ(check->transport(), CheckTransport::datagrams);
  EXPECT_EQ(check->request(), "PING\r\n");
  EXPECT_FALSE(check->judge({}, AnswerEnd::open, 1ms));
  EXPECT_EQ(check->judge("+PONG", AnswerEnd::open, 1ms)->verdict, CheckVerdict::passed);
  EXPECT_EQ(check->failed({.code = ErrorCode::connect_refused}, 1ms).reason, "connect_refused");
}

TEST(HttpCheck, a_503_that_says_initializing_is_not_ready_rather_than_failed) {
  const auto check = http();
  constexpr std::string_view kHead = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 12\r\n\r\n";
  EXPECT_FALSE(check->judge(kHead, AnswerEnd::open, 1ms)) << "the body tells";
  const CheckResult result = check->judge(std::string(kHead) + "Initializing", AnswerEnd::open, 1ms).value();
  EXPECT_EQ(result.verdict, CheckVerdict::not_ready);
  EXPECT_EQ(result.reason, "initializing");
  EXPECT_EQ(result.summary, "GET /health → 503 initializing: not ready yet");
  EXPECT_EQ(judge(*check, "HTTP/1.1 503 Initializing\r\n\r\n").verdict, CheckVerdict::not_ready);
  EXPECT_EQ(judge(*check, std::string(kHead) + "overloaded!!").reason, "check_status");
  EXPECT_EQ(check->judge(kHead, AnswerEnd::late, 2s)->reason, "check_status") << "the status alone is an answer";
  EXPECT_EQ(judge(*check, "HTTP/1.1 500 No\r\n\r\ninitializing").reason, "check_status");
}

TEST(HttpCheck, asks_for_the_path_at_the_servers_own_address) {
  EXPECT_EQ(http()->request(),
            "GET /health HTTP/1.1\r\nHost: 127.0.0.1:3002\r\nUser-Agent: fairlead-check\r\nAccept: */*\r\n"
            "Connection: close\r\n\r\n");
}

TEST(HttpCheck, sends_the_host_and_headers_of_the_configuration) {
  HealthOptions options;
  options.host = "myapp.com";
  options.headers = {{"User-Agent", "probe"}, {"X-Check", "1"}, {"Connection", "keep-alive"}};
  EXPECT_EQ(http(options)->request(),
            "GET /health HTTP/1.1\r\nHost: myapp.com\r\nAccept: */*\r\nUser-Agent: probe\r\nX-Check: 1\r\n"
            "Connection: close\r\n\r\n");
}

TEST(HttpCheck, passes_by_the_status_alone_as_soon_as_the_head_is_there) {
  const auto check = http();
  EXPECT_FALSE(check->judge("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", AnswerEnd::open, 1ms));
  const auto result = check->judge("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", AnswerEnd::open, 400us);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->verdict, CheckVerdict::passed);
  EXPECT_EQ(result->summary, "GET /health → 200, 0.4 ms");
}

TEST(HttpCheck, a_status_that_is_not_expected_fails) {
  const CheckResult result = judge(*http(), "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(result.verdict, CheckVerdict::failed);
  EXPECT_EQ(result.reason, "check_status");
  EXPECT_EQ(result.summary, "GET /health → 500");
  HealthOptions options;
  options.expect = {{{500, 500}}};
  EXPECT_EQ(judge(*http(options), "HTTP/1.1 500 No\r\n\r\n").verdict, CheckVerdict::passed);
}

TEST(HttpCheck, interim_responses_are_no_answer) {
  const auto check = http();
  EXPECT_FALSE(check->judge("HTTP/1.1 103 Early Hints\r\n\r\n", AnswerEnd::open, 1ms));
  EXPECT_EQ(judge(*check, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 None\r\n\r\n").verdict, CheckVerdict::passed);
  EXPECT_EQ(judge(*check, "HTTP/1.1 100 Go on\r\n\r\n").verdict, CheckVerdict::failed);
}

TEST(HttpCheck, the_body_must_contain_the_text) {
  HealthOptions options;
  options.body = "ready";
  const auto check = http(options);
  constexpr std::string_view kHead = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
  EXPECT_FALSE(check->judge(std::string(kHead) + "not", AnswerEnd::open, 1ms));
  EXPECT_EQ(check->judge(std::string(kHead) + "ready", AnswerEnd::open, 1ms)->verdict, CheckVerdict::passed);
  const auto whole = check->judge(std::string(kHead) + "not there", AnswerEnd::open, 1ms);
  ASSERT_TRUE(whole) << "the body is whole, waiting longer cannot help";
  EXPECT_EQ(whole->reason, "check_body");
  EXPECT_EQ(whole->summary, "GET /health → 200 without the text \"ready\"");
}

TEST(HttpCheck, a_text_may_stand_across_chunks) {
  HealthOptions options;
  options.body = "ready";
  EXPECT_EQ(
      judge(*http(options), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nre\r\n3\r\nady\r\n0\r\n\r\n")
          .verdict,
      CheckVerdict::passed);
}

TEST(HttpCheck, what_is_not_http_fails_at_once) {
  const auto result = http()->judge("SSH-2.0-OpenSSH_9.2p1\r\n", AnswerEnd::open, 1ms);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->verdict, CheckVerdict::failed);
  EXPECT_EQ(result->reason, "bad_response");
}

TEST(HttpCheck, a_connection_that_ends_early_fails) {
  for (const std::string_view answer : {"", "HTTP/1.1", "HTTP/1.1 200 OK\r\n"}) {
    const CheckResult result = judge(*http(), answer);
    EXPECT_EQ(result.verdict, CheckVerdict::failed);
    EXPECT_EQ(result.reason, "reset_before_response");
  }
}

TEST(HttpCheck, any_split_of_an_answer_gives_the_same_verdict) {
  HealthOptions options;
  options.body = "ok";
  const auto check = http(options);
  const std::string answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n";
  for (std::size_t size = 0; size < answer.size(); ++size) {
    const auto verdict = check->judge(std::string_view(answer).substr(0, size), AnswerEnd::open, 1ms);
    if (verdict) EXPECT_EQ(verdict->verdict, CheckVerdict::passed) << size;
  }
}

TEST(HttpCheck, a_timeout_says_for_how_long_it_waited) {
  const CheckResult result = http()->failed({.code = ErrorCode::response_timeout}, 2s);
  EXPECT_EQ(result.reason, "response_timeout");
  EXPECT_EQ(result.summary, "GET /health → no answer within 2 s");
}

}  // namespace
}  // namespace fairlead::pool
