"""Servers that fail: what clients must not notice, and how a server leaves the rotation and comes back."""

import signal

from clients import Connection, Load, fetch
from harness import ProxyTest, free_port, wait_until

TWO_SERVERS = """
version: 1
workers: {workers}
listeners: {{web: {{address: "LISTEN"}}}}
routes: [{{to: app}}]
pools:
  app:
    servers: ["127.0.0.1:{a}", "127.0.0.1:{b}"]
    algorithm: round_robin
    warmup: 0s
    health: {health}
"""
HTTP_CHECK = "{path: /health, every: 100ms, fall: 2, rise: 2, expect: 200}"
TCP_CHECK = "{type: tcp, every: 100ms, fall: 2, rise: 2}"
NEVER = "{every: 1h}"  # so that only retries can help


def names(port: int, count: int = 20) -> set[bytes]:
    """Which servers answer `count` requests; each must be answered."""
    seen = set()
    for _ in range(count):
        response = fetch(port)
        assert response.status == 200, response
        seen.add(response.body)
    return seen


class Retries(ProxyTest):
    def test_a_refused_connection_is_tried_on_another_server_for_every_method(self):
        good, dead = self.backend("good"), free_port()
        proxy = self.fairlead_file(TWO_SERVERS.format(a=good.port, b=dead, health=NEVER, workers=1))
        for method in ("GET", "POST", "PUT", "DELETE"):
            for number in range(10):
                body = b"x" * 100 if method in ("POST", "PUT") else None
                self.assertEqual(200, fetch(proxy.port, f"/{method}/{number}", method, body=body).status)
        self.assertEqual(40, len(good.requests))

    def test_the_log_tells_of_the_first_attempt(self):
        bad, good = self.backend("bad"), self.backend("good")
        proxy = self.fairlead_file(TWO_SERVERS.format(a=bad.port, b=good.port, health=NEVER, workers=1))
        fetch(proxy.port, "/reset-before")
        retried = wait_until(lambda: [line for line in proxy.access_log() if line.get("attempts")], "a retry in the log")
        attempt = retried[0]["attempts"][0]
        self.assertIn(attempt["server"], (f"127.0.0.1:{bad.port}", f"127.0.0.1:{good.port}"))
        self.assertEqual("reset_before_response", attempt["reason"])

    def test_a_reset_is_tried_again_for_get_only(self):
        bad, good = self.backend("bad"), self.backend("good")
        proxy = self.fairlead_file(TWO_SERVERS.format(a=bad.port, b=good.port, health=NEVER, workers=1))
        # Both reset this path: a GET is sent to each once, a POST to one.
        self.assertEqual(502, fetch(proxy.port, "/reset-before", "GET").status)
        self.assertEqual(2, (bad.paths() + good.paths()).count("/reset-before"))
        self.assertEqual(502, fetch(proxy.port, "/reset-before", "POST", body=b"").status)
        self.assertEqual(3, (bad.paths() + good.paths()).count("/reset-before"))


class HealthChecks(ProxyTest):
    def test_a_failing_page_takes_the_server_out_and_a_good_one_brings_it_back(self):
        a, b = self.backend("a"), self.backend("b")
        proxy = self.fairlead_file(TWO_SERVERS.format(a=a.port, b=b.port, health=HTTP_CHECK, workers=1))
        wait_until(lambda: names(proxy.port) == {b"a", b"b"}, "both servers to serve")
        a.healthy = False
        wait_until(lambda: names(proxy.port) == {b"b"}, "a to leave the rotation")
        a.healthy = True
        wait_until(lambda: names(proxy.port) == {b"a", b"b"}, "a to come back")

    def test_a_closed_port_takes_the_server_out_and_an_open_one_brings_it_back(self):
        a_port, b = free_port(), self.backend("b")
        a = self.backend_process("a", a_port)
        proxy = self.fairlead_file(TWO_SERVERS.format(a=a_port, b=b.port, health=TCP_CHECK, workers=1))
        wait_until(lambda: names(proxy.port) == {b"a", b"b"}, "both servers to serve")
        a.kill()
        wait_until(lambda: names(proxy.port) == {b"b"}, "a to leave the rotation")
        self.backend_process("a", a_port)
        wait_until(lambda: names(proxy.port) == {b"a", b"b"}, "a to come back")

    def test_with_nothing_up_requests_are_tried_all_the_same(self):
        a, b = self.backend("a"), self.backend("b")
        proxy = self.fairlead_file(TWO_SERVERS.format(a=a.port, b=b.port, health=HTTP_CHECK, workers=1))
        a.healthy = b.healthy = False
        wait_until(lambda: proxy.stderr.count('"down"') + proxy.stderr.count(" down") >= 2, "both to be down")
        names(proxy.port)

    def test_last_resort_fail_answers_503(self):
        a, b = self.backend("a"), self.backend("b")
        a.healthy = b.healthy = False
        text = TWO_SERVERS.format(a=a.port, b=b.port, health=HTTP_CHECK, workers=1) + "    last_resort: fail\n"
        proxy = self.fairlead_file(text)
        wait_until(lambda: fetch(proxy.port).status == 503, "the pool to fail")

    def test_real_nginx_is_checked_and_serves(self):
        a, b = free_port(), free_port()
        self.nginx("a", a)
        self.nginx("b", b)
        proxy = self.fairlead_file(TWO_SERVERS.format(a=a, b=b, health=HTTP_CHECK, workers=1))
        wait_until(lambda: names(proxy.port) == {b"a", b"b"}, "both to serve")


class Passive(ProxyTest):
    def test_a_server_that_fails_live_traffic_is_ejected(self):
        bad = self.nginx("bad", bad_port := free_port(), "location /job { return 502; }")
        good = self.backend("good")
        proxy = self.fairlead_file(TWO_SERVERS.format(a=bad_port, b=good.port, health=NEVER, workers=1)
                                   + "    passive: {failures: 3, window: 30s, eject: 60s}\n")
        statuses = [fetch(proxy.port, "/job").status for _ in range(40)]
        self.assertIn(502, statuses)
        self.assertEqual([200] * 20, statuses[-20:])
        self.assertTrue(bad.running())


class WorkersUnderLoad(ProxyTest):
    def test_a_killed_server_loses_no_get(self):
        ports = [free_port(), free_port()]
        servers = [self.backend_process(str(number), port) for number, port in enumerate(ports)]
        config = TWO_SERVERS.format(a=ports[0], b=ports[1], health=TCP_CHECK, workers=2)
        proxy = self.fairlead_file(config)
        with Load(proxy.port, rate=200) as load:
            wait_until(lambda: load.done > 100, "traffic")
            servers[0].signal(signal.SIGKILL)
            seen = load.done
            wait_until(lambda: load.done > seen + 200, "traffic after the kill")
            self.backend_process("0", ports[0])
            wait_until(lambda: load.done > seen + 400, "traffic after its return")
        self.assertEqual([], load.failures)

    def test_least_requests_holds_across_workers(self):
        slow, quick = self.backend("slow"), self.backend("quick")
        proxy = self.fairlead_file(f"""
version: 1
workers: 4
listeners: {{web: {{address: "LISTEN"}}}}
routes: [{{to: app}}]
pools: {{app: {{servers: ["127.0.0.1:{slow.port}", "127.0.0.1:{quick.port}"], algorithm: least_requests, warmup: 0s}}}}
""")
        # One that has not been checked yet would get none.
        wait_until(lambda: proxy.stderr.count('"to":"up"') == 2, "both servers to be up")
        held = [Connection(proxy.port) for _ in range(8)]
        for connection in held:
            self.addCleanup(connection.close)
            connection.send(b"GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_until(lambda: (slow.paths() + quick.paths()).count("/hold") == 8, "the requests to arrive")
        # However the kernel spread the connections over the workers, no server has more than half.
        self.assertEqual((4, 4), (slow.paths().count("/hold"), quick.paths().count("/hold")))
