"""Hedging: a second server gets a request whose first one is late, where that can do no harm."""

import socket
import threading

from clients import Connection, fetch
from harness import ProxyTest, wait_until
from threaded_server import ThreadedServer

CONFIG = """
version: 1
workers: 1
listeners: {{web: {{address: "LISTEN"}}}}
routes: [{{to: app, hedge: {hedge}, retry: {{attempts: 0, methods: [GET, PUT]}}, body: {{buffer: 4MiB}}}}]
log: {{access: {{output: stdout}}}}
pools:
  app:
    servers: [{servers}]
    algorithm: round_robin
    warmup: 0s
    limits: {{max_inflight: {limit}}}
"""


class Deaf(ThreadedServer):
    """Accepts and reads nothing."""

    def __init__(self):
        self.connections = 0
        self.released = threading.Event()
        self._listen()

    def close(self):
        self.released.set()
        super().close()

    def _serve(self, connection: socket.socket, number: int):
        self.connections += 1
        with connection:
            self.released.wait()


class Hedging(ProxyTest):
    def hedged(self, *backends, hedge: str, limit: str = "off"):
        servers = ", ".join(f'"127.0.0.1:{backend.port}"' for backend in backends)
        return self.fairlead_file(CONFIG.format(servers=servers, hedge=hedge, limit=limit))

    def test_a_second_server_serves_what_the_first_one_does_not(self):
        hung, well = self.backend("hung"), self.backend("well")
        hung.broken = "hold"
        proxy = self.hedged(hung, well, hedge="{after: 20ms, budget: 100%}")
        self.assertEqual([b"well"] * 4, [fetch(proxy.port, f"/job/{number}").body for number in range(4)])
        self.assertEqual(4, len(well.paths()))
        line = proxy.logged(hung.paths()[0])
        self.assertEqual(("won", f"127.0.0.1:{well.port}"), (line["hedged"], line["server"]))

    def test_the_first_server_may_still_win(self):
        a, b = self.backend("a"), self.backend("b")
        a.broken = b.broken = "slow/150"
        proxy = self.hedged(a, b, hedge="{after: 20ms, budget: 100%}")
        self.assertEqual(200, fetch(proxy.port, "/job").status)
        line = proxy.logged("/job")
        self.assertEqual(("lost", 2), (line["hedged"], len(a.paths()) + len(b.paths())))

    def test_a_second_server_that_fails_changes_nothing(self):
        slow, broken = self.backend("slow"), self.backend("broken")
        slow.broken, broken.broken = "slow/150", "reset-before"
        proxy = self.hedged(slow, broken, hedge="{after: 20ms, budget: 100%}")
        for number in range(2):
            response = fetch(proxy.port, f"/job/{number}")
            if f"/job/{number}" in slow.paths():
                self.assertEqual((200, b"slow"), (response.status, response.body))
                self.assertEqual("lost", proxy.logged(f"/job/{number}")["hedged"])
                self.assertIn(f"/job/{number}", broken.paths())
        self.assertTrue(slow.paths())

    def test_a_post_goes_to_one_server(self):
        a, b = self.backend("a"), self.backend("b")
        proxy = self.hedged(a, b, hedge="{after: 20ms, budget: 100%}")
        for number in range(4):
            self.assertEqual(200, fetch(proxy.port, f"/slow/100?{number}", "POST", body=b"pay").status)
        self.assertEqual(4, len(a.paths()) + len(b.paths()))

    def put(self, proxy, target: str, body: bytes) -> bytes:
        return fetch(proxy.port, target, "PUT", body=body).body

    def test_a_put_goes_to_a_second_server_with_its_whole_body(self):
        hung, well = self.backend("hung"), self.backend("well")
        hung.broken = "hold"
        proxy = self.hedged(hung, well, hedge="{after: 20ms, budget: 100%}")
        bodies = [bytes([number]) * size for number, size in enumerate((1, 70_000, 3_000_000, 70_000))]
        for number, body in enumerate(bodies):
            self.assertEqual(b"well", self.put(proxy, f"/job/{number}", body))
        self.assertEqual(bodies, [request.body for request in well.requests])
        self.assertEqual("won", proxy.logged(hung.paths()[0])["hedged"])

    def test_a_body_that_is_not_kept_whole_goes_to_one_server(self):
        a, b = self.backend("a"), self.backend("b")
        a.broken = b.broken = "slow/100"
        proxy = self.hedged(a, b, hedge="{after: 20ms, budget: 100%}")
        self.assertEqual(200, fetch(proxy.port, "/job", "PUT", body=b"x" * 5_000_000).status)
        self.assertEqual(1, len(a.paths()) + len(b.paths()))
        self.assertNotIn("hedged", proxy.logged("/job"))

    def test_a_server_that_does_not_take_a_body_loses_to_one_that_does(self):
        deaf, well = Deaf(), self.backend("well")
        self.addCleanup(deaf.close)
        proxy = self.hedged(deaf, well, hedge="{after: 20ms, budget: 100%}")
        body = b"x" * 4_000_000
        for number in range(4):
            self.assertEqual(b"well", self.put(proxy, f"/job/{number}", body))
        self.assertEqual([body] * 4, [request.body for request in well.requests])
        self.assertGreaterEqual(deaf.connections, 1)

    def test_the_budget_holds(self):
        a, b = self.backend("a"), self.backend("b")
        proxy = self.hedged(a, b, hedge="{after: 1ms, budget: 10%}")
        with Connection(proxy.port) as client:
            for number in range(40):
                self.assertEqual(200, client.request("GET", f"/slow/20?{number}").status)
        extra = len(a.paths()) + len(b.paths()) - 40
        self.assertGreaterEqual(extra, 1)
        self.assertLessEqual(extra, 1 + 4)

    def test_a_full_server_gets_no_second_try(self):
        a, b = self.backend("a"), self.backend("b")
        proxy = self.hedged(a, b, hedge="{after: 20ms, budget: 100%}", limit="1")
        clients = [Connection(proxy.port) for _ in range(2)]
        for number, client in enumerate(clients):
            self.addCleanup(client.close)
            client.send(f"GET /slow/200?{number} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        self.assertEqual([200, 200], [client.read_response().status for client in clients])
        self.assertEqual((1, 1), (len(a.paths()), len(b.paths())))

    def test_p95_is_learned_from_answers(self):
        hung, well = self.backend("hung"), self.backend("well")
        proxy = self.hedged(hung, well, hedge="{}")
        with Connection(proxy.port) as client:
            for number in range(64):
                self.assertEqual(200, client.request("GET", f"/slow/2?{number}").status)
            hung.broken = "hold"
            self.assertEqual([b"well"] * 2, [client.request("GET", f"/job?{number}").body for number in range(2)])

    def test_a_client_that_leaves_ends_both_tries(self):
        a, b = self.backend("a"), self.backend("b")
        proxy = self.hedged(a, b, hedge="{after: 20ms, budget: 100%}")
        client = Connection(proxy.port)
        client.send(b"GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_until(lambda: len(a.paths()) == len(b.paths()) == 1, "both servers to have it")
        client.close()
        self.assertEqual("client_gone", proxy.logged("/hold")["reason"])
