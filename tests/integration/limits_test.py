"""Limits of the requests in flight, and the line that waits for them: over several workers, with real connections."""

import time

from clients import Connection, fetch
from harness import ProxyTest, wait_until

ONE_EACH = """
version: 1
workers: {workers}
listeners: {{web: {{address: "LISTEN"}}}}
routes: [{{match: {{path: /ping}}, respond: {{}}}}, {{to: app}}]
log: {{access: {{output: stdout}}}}
pools:
  app:
    servers: [{servers}]
    warmup: 0s
    limits: {{max_inflight: 1}}
    queue: {queue}
"""


class Limits(ProxyTest):
    def one_each(self, *backends, queue: str, workers: int = 1):
        servers = ", ".join(f'"127.0.0.1:{backend.port}"' for backend in backends)
        return self.fairlead_file(ONE_EACH.format(servers=servers, queue=queue, workers=workers))

    def ask(self, proxy, target: str) -> Connection:
        """A request whose answer is not read yet."""
        connection = Connection(proxy.port)
        self.addCleanup(connection.close)
        connection.send(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        # A single worker answers this only after it has seen the request above.
        fetch(proxy.port, "/ping")
        return connection

    def test_no_server_has_more_requests_than_it_may_and_the_others_wait(self):
        a, b = self.backend("a"), self.backend("b")
        proxy = self.one_each(a, b, queue="{max: 100, timeout: 20s}", workers=4)
        asked = [self.ask(proxy, "/hold") for _ in range(12)]
        wait_until(lambda: len(a.paths()) == len(b.paths()) == 1, "each server to have one request")
        a.release.set()
        wait_until(lambda: len(a.paths()) == 11, "the server that is free to serve all that wait")
        self.assertEqual(1, len(b.paths()))
        b.release.set()
        self.assertEqual([200] * 12, [connection.read_response().status for connection in asked])
        waited = wait_until(lambda: [line for line in proxy.access_log() if "queue" in line][9:], "the log")
        self.assertGreater(waited[0]["queue"], 0)

    def test_a_full_line_answers_503_and_says_when_to_come_back(self):
        a = self.backend("a")
        proxy = self.one_each(a, queue="{max: 1, timeout: 7s}")
        self.ask(proxy, "/hold")
        a.arrived.wait(20)
        waiting = self.ask(proxy, "/waits")
        refused = fetch(proxy.port, "/refused")
        self.assertEqual((503, "7"), (refused.status, refused.get("Retry-After")))
        self.assertEqual("queue_full", proxy.logged("/refused")["reason"])
        a.release.set()
        self.assertEqual(200, waiting.read_response().status)

    def test_nobody_waits_longer_than_the_timeout(self):
        a = self.backend("a")
        proxy = self.one_each(a, queue="{timeout: 100ms}")
        self.ask(proxy, "/hold")
        a.arrived.wait(20)
        began = time.monotonic()
        response = fetch(proxy.port, "/late")
        self.assertEqual((503, "1"), (response.status, response.get("Retry-After")))
        self.assertGreaterEqual(time.monotonic() - began, 0.1)
        line = proxy.logged("/late")
        self.assertEqual("queue_timeout", line["reason"])
        self.assertGreaterEqual(line["queue"], 0.1)

    def test_a_client_that_leaves_gives_up_its_place(self):
        a = self.backend("a")
        proxy = self.one_each(a, queue="{max: 1, timeout: 20s}")
        self.ask(proxy, "/hold")
        a.arrived.wait(20)
        leaving = self.ask(proxy, "/leaves")
        self.assertEqual(503, fetch(proxy.port, "/refused").status)
        leaving.close()
        self.assertEqual("client_gone", proxy.logged("/leaves")["reason"])
        waiting = self.ask(proxy, "/waits")
        self.assertEqual(503, fetch(proxy.port, "/refused").status)
        a.release.set()
        self.assertEqual(200, waiting.read_response().status)
        self.assertNotIn("/leaves", a.paths())

    def test_a_reload_that_raises_the_limit_lets_those_in_who_wait(self):
        a = self.backend("a")
        proxy = self.one_each(a, queue="{timeout: 20s}")
        self.ask(proxy, "/hold")
        a.arrived.wait(20)
        waiting = self.ask(proxy, "/waits")
        self.write_config(self.config.read_text().replace("max_inflight: 1", "max_inflight: 2"))
        proxy.reload()
        self.assertEqual(200, waiting.read_response().status)

    def test_a_drain_serves_those_who_wait(self):
        a = self.backend("a")
        proxy = self.one_each(a, queue="{timeout: 20s}")
        held = self.ask(proxy, "/hold")
        a.arrived.wait(20)
        waiting = self.ask(proxy, "/waits")
        proxy.signal(15)
        a.release.set()
        self.assertEqual(200, held.read_response().status)
        self.assertEqual(200, waiting.read_response().status)
        self.assertEqual(0, proxy.wait())
