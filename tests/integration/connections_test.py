"""Limits of connections and of slowness: who is let in, who is closed for them, and that running out never hurts."""

import resource
import socket
import subprocess
from pathlib import Path

from clients import Connection, Cut, fetch
from harness import ProxyTest, wait_until

LIMITED = """
version: 1
workers: {workers}
listeners: {{web: {{address: "LISTEN", limits: {limits}, timeouts: {timeouts}}}}}
routes: [{{match: {{path: /ping}}, respond: {{}}}}, {{to: app}}]
pools: {{app: {{servers: ["127.0.0.1:{backend}"]}}}}
log: {{access: {{output: stdout}}}}
"""


class Connections(ProxyTest):
    def limited(self, limits: str, workers: int = 1, timeouts: str = "{}", **kwargs):
        self.app = self.backend("a")
        return self.fairlead_file(
            LIMITED.format(limits=limits, workers=workers, timeouts=timeouts, backend=self.app.port), **kwargs)

    def connect(self, proxy, text: bytes = b"") -> Connection:
        connection = Connection(proxy.port)
        self.addCleanup(connection.close)
        if text:
            connection.send(text)
        return connection

    def status(self, connection: Connection) -> int:
        try:
            return connection.read_response().status
        except (Cut, ValueError, OSError):
            return 0

    def test_the_limit_holds_exactly_over_all_workers(self):
        proxy = self.limited("{connections: 6}", workers=4)
        held = [self.connect(proxy, b"GET /hold HTTP/1.1\r\nHost: a\r\n\r\n") for _ in range(6)]
        wait_until(lambda: len(self.app.paths()) == 6, "six requests to be in work")
        for _ in range(20):
            refused = self.connect(proxy).read_response()
            self.assertEqual((503, "1", "close"), (refused.status, refused.get("Retry-After"), refused.get("Connection")))
        event = proxy.wait_event("limit.reached", "the 6 connections of `limits.connections`", "listeners.web")
        self.app.release.set()
        self.assertEqual([200] * 6, [self.status(connection) for connection in held])
        self.assertEqual(1, proxy.stderr.count(event))
        held[0].close()
        wait_until(lambda: self.status(self.connect(proxy, b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n")) == 200, "a free seat")

    def test_an_idle_connection_makes_room_for_a_new_one(self):
        proxy = self.limited("{connections: 2}")
        first = self.connect(proxy)
        self.assertEqual(200, first.request("GET", "/ping").status)
        held = self.connect(proxy, b"GET /hold HTTP/1.1\r\nHost: a\r\n\r\n")
        self.app.arrived.wait(20)
        wait_until(lambda: self.status(self.connect(proxy, b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n")) == 200,
                   "the idle one to be closed for the new one")
        self.assertTrue(first.at_end())
        proxy.wait_event("limit.reached", "idle for longest")
        self.app.release.set()
        self.assertEqual(200, held.read_response().status)

    def test_one_client_has_no_more_than_its_share(self):
        proxy = self.limited("{per_client: 2}", workers=2)
        mine = []
        while len(mine) < 2:  # the connection that saw it start may not have ended yet
            connection = self.connect(proxy, b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n")
            if self.status(connection) == 200:
                mine.append(connection)
        self.assertEqual(429, self.connect(proxy).read_response().status)
        other = socket.create_connection(("127.0.0.1", proxy.port), source_address=("127.0.0.9", 0))
        self.addCleanup(other.close)
        other.sendall(b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertTrue(other.recv(100).startswith(b"HTTP/1.1 200"))
        proxy.wait_event("limit.reached", "`limits.per_client`")
        mine[0].close()
        wait_until(lambda: self.status(self.connect(proxy, b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n")) == 200, "a free place")

    def test_sixty_four_files_are_enough_to_serve_and_a_flood_is_shed(self):
        proxy = self.limited("{}", workers=2, descriptors=64)
        flood = [self.connect(proxy) for _ in range(60)]
        wait_until(lambda: "limit.reached" in proxy.stderr, "the event")
        proxy.wait_event("limit.reached", "file descriptors", "now 64", "LimitNOFILE")
        # Whoever is silent for a second makes room: those who ask are served.
        for _ in range(20):
            wait_until(lambda: self.status(self.connect(proxy, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")) == 200, "an answer")
        for connection in flood:
            connection.close()
        wait_until(lambda: fetch(proxy.port, "/").status == 200, "the seats to be free again")
        self.assertTrue(proxy.running())

    def test_without_a_descriptor_left_it_neither_spins_nor_dies(self):
        proxy = self.limited("{}")
        idle = self.connect(proxy)
        self.assertEqual(200, idle.request("GET", "/").status)
        used = len(list(Path(f"/proc/{proxy.popen.pid}/fd").iterdir()))
        subprocess.run(["prlimit", "--pid", str(proxy.popen.pid), f"--nofile={used}:"], check=True)
        waiting = [self.connect(proxy, b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n") for _ in range(10)]
        proxy.wait_event("limit.reached", "No file descriptor or memory was left")
        before = self.cpu_seconds(proxy)
        wait_until(idle.at_end, "the idle connection to be closed")
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        subprocess.run(["prlimit", "--pid", str(proxy.popen.pid), f"--nofile={hard}:"], check=True)
        self.assertEqual([200] * 10, [self.status(connection) for connection in waiting])
        self.assertLess(self.cpu_seconds(proxy) - before, 0.5)

    def cpu_seconds(self, proxy) -> float:
        with open(f"/proc/{proxy.popen.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def test_targets_and_fields_have_their_limits(self):
        proxy = self.limited("{uri_size: 100B, fields: 10}")
        fits = {f"X-{number}": "y" for number in range(9)}
        self.assertEqual(200, fetch(proxy.port, "/" + "a" * 99, headers=fits).status)
        self.assertEqual(414, fetch(proxy.port, "/" + "a" * 100).status)
        self.assertEqual(431, fetch(proxy.port, "/", headers=fits | {"X-9": "y"}).status)
        lines = wait_until(lambda: proxy.access_log() if len(proxy.access_log()) == 3 else None, "three lines in the log")
        self.assertEqual(["ok", "uri_too_long", "header_too_large"], [line["reason"] for line in lines])

    def test_a_body_that_trickles_is_cut_and_counted_once(self):
        proxy = self.limited("{min_rate: 1KiB/s}", timeouts="{body_idle: 500ms}")
        slow = self.connect(proxy, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")

        def is_cut() -> bool:
            try:
                slow.send(b"x")
            except OSError:
                return True
            return any(line["reason"] == "request_timeout" for line in proxy.access_log())

        wait_until(is_cut, "the trickle to be cut")
        proxy.wait_event("limit.reached", "`limits.min_rate` (1KiB/s)")
