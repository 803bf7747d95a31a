"""Retries: what is sent again to another server, what never is, and what the log says of it."""

from clients import Connection, Response, encode, fetch
from harness import ProxyTest, wait_until

CONFIG = """
version: 1
workers: 1
listeners: {{web: {{address: "LISTEN"}}}}
routes:
  - {{to: app, {route}}}
log: {{access: {{output: stdout}}}}
pools:
  app:
    servers: ["127.0.0.1:{bad}", "127.0.0.1:{good}"]
    algorithm: round_robin
    warmup: 0s
    health: {{every: 1h}}
"""


class Retry(ProxyTest):
    def pair(self, broken: str, route: str):
        """A server whose /job is broken, one that is good, and a Fairlead before both."""
        self.bad, self.good = self.backend("bad"), self.backend("good")
        self.bad.broken = broken
        proxy = self.fairlead_file(CONFIG.format(bad=self.bad.port, good=self.good.port, route=route))
        wait_until(lambda: {fetch(proxy.port).body for _ in range(2)} == {b"bad", b"good"}, "both to serve")
        return proxy

    def times(self, target: str) -> tuple[int, int]:
        return self.bad.paths().count(target), self.good.paths().count(target)

    def until_on_bad(self, proxy, method: str = "GET", body: bytes | None = None) -> tuple[str, Response]:
        """The target of the first request that came to the bad server first, and its response."""
        for number in range(2):
            target = f"/job/{number}"
            response = fetch(proxy.port, target, method, body=body)
            if self.times(target)[0] > 0:
                return target, response
        self.fail("the bad server got no request")

    def test_a_listed_status_is_asked_for_again(self):
        proxy = self.pair("status/503", "retry: {statuses: 503}")
        target, response = self.until_on_bad(proxy)
        self.assertEqual((200, (1, 1)), (response.status, self.times(target)))
        self.assertEqual("bad_response", proxy.logged(target)["attempts"][0]["reason"])

    def test_a_listed_status_of_a_post_is_passed_on(self):
        proxy = self.pair("status/503", "retry: {statuses: 503}")
        target, response = self.until_on_bad(proxy, "POST", b"x")
        self.assertEqual((503, (1, 0)), (response.status, self.times(target)))

    def test_a_status_that_both_servers_give_is_passed_on(self):
        proxy = self.pair("status/503", "retry: {statuses: 503}")
        self.good.broken = "status/503"
        target, response = self.until_on_bad(proxy)
        self.assertEqual((503, (1, 1)), (response.status, self.times(target)))

    def test_a_slow_try_is_given_up_for_another_server(self):
        proxy = self.pair("hold", "timeouts: {per_try: 200ms}")
        target, response = self.until_on_bad(proxy)
        self.assertEqual((200, b"good"), (response.status, response.body))
        attempt = proxy.logged(target)["attempts"][0]
        self.assertEqual("response_timeout", attempt["reason"])
        self.assertGreaterEqual(attempt["dur"], 0.2)

    def test_a_slow_try_of_a_post_is_its_last(self):
        proxy = self.pair("hold", "timeouts: {per_try: 200ms}")
        target, response = self.until_on_bad(proxy, "POST", b"")
        self.assertEqual((504, (1, 0)), (response.status, self.times(target)))
        self.assertEqual("POST", proxy.logged(target)["no_retry"])

    def test_a_body_that_was_streamed_is_not_sent_again_and_the_log_says_so(self):
        proxy = self.pair("reset-before", "retry: {methods: [PUT]}")
        target, response = self.until_on_bad(proxy, "PUT", b"x" * 1000)
        self.assertEqual((502, (1, 0)), (response.status, self.times(target)))
        self.assertEqual("body_streamed", proxy.logged(target)["no_retry"])

    def test_a_body_that_was_kept_is_sent_again_whole(self):
        proxy = self.pair("reset-before", "retry: {methods: [PUT]}, body: {buffer: 1MiB}")
        body = bytes(range(256)) * 2000
        target, response = self.until_on_bad(proxy, "PUT", body)
        # The bad one had it twice: the first time on a kept connection, where a reset may be nobody's failure.
        self.assertEqual((200, (2, 1)), (response.status, self.times(target)))
        self.assertEqual(body, self.good.last(target).body)

    def test_a_kept_chunked_body_keeps_its_end(self):
        proxy = self.pair("reset-before", "retry: {methods: [PUT]}, body: {buffer: 1MiB}")
        for number in range(2):
            with Connection(proxy.port) as client:
                client.send(encode("PUT", f"/job/{number}", {"Transfer-Encoding": "chunked"}, None)
                            + b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
                self.assertEqual(200, client.read_response().status)
            self.assertEqual(b"hello world", self.good.last(f"/job/{number}").body)

    def test_a_body_larger_than_the_buffer_arrives_whole_and_is_not_sent_again(self):
        proxy = self.pair("reset-before", "retry: {methods: [PUT]}, body: {buffer: 1KiB}")
        body = bytes(range(256)) * 8000
        target, response = self.until_on_bad(proxy, "PUT", body)
        self.assertEqual((502, (1, 0)), (response.status, self.times(target)))
        self.bad.broken = None
        self.assertEqual(200, fetch(proxy.port, "/large", "PUT", body=body).status)
        received = [request.body for request in self.bad.requests + self.good.requests if request.target == "/large"]
        self.assertEqual([body], received)

    def test_a_kept_body_has_its_limit(self):
        proxy = self.pair("reset-before", "body: {buffer: 1MiB, max: 10KiB}")
        with Connection(proxy.port) as client:
            client.send(encode("PUT", "/job", {"Transfer-Encoding": "chunked"}, None) + b"5000\r\n" + b"x" * 0x5000)
            self.assertEqual(413, client.read_response().status)
        self.assertEqual((0, 0), self.times("/job"))

    def test_a_late_reset_of_a_kept_connection_is_a_failure_of_the_server(self):
        proxy = self.pair("reset-late/800", "retry: {attempts: 1}")
        # A connection to each is kept.
        target, response = self.until_on_bad(proxy)
        # Not asked again on a new connection, as after the race of a server that closes an idle one.
        self.assertEqual((200, (1, 1)), (response.status, self.times(target)))

    def test_the_race_of_a_kept_connection_is_run_again_on_the_same_server(self):
        proxy = self.pair("reset-before", "retry: {attempts: 0}")
        target, response = self.until_on_bad(proxy)
        self.assertEqual((502, (2, 0)), (response.status, self.times(target)))
