"""`limits.memory`: whatever clients and servers make Fairlead keep, it stays within, and serves again afterwards."""

import re
import resource
import socket
import threading
from pathlib import Path

from clients import fetch
from harness import Fairlead, ProxyTest, wait_until

MIB = 1 << 20
LIMIT = 32 * MIB
# Each could make Fairlead keep 60 KB: without the limit that would be 72 MB.
ATTACKERS = 1200
LARGE = 60_000
FILES = 2 * ATTACKERS + 200

CONFIG = """
version: 1
workers: 1
listeners: {{web: {{address: LISTEN, timeouts: {{header: 1h, body_idle: 1h}}, limits: {{trailer_size: 32KiB}}}}}}
routes:
  - {{to: silent, timeouts: {{first_byte: 1h}}, body: {{buffer: 100KB}}}}
  - {{match: {{path: /fast}}, respond: {{body: served}}}}
pools: {{silent: {{servers: [{port}], health: {{every: 1h}}, passive: {{failures: 10000}}}}}}
limits: {{memory: 32MiB}}
log: {{access: {{output: stdout}}}}
"""


class SilentServer:
    """Takes any number of connections, and says nothing unless told to."""

    def __init__(self):
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._taken: list[socket.socket] = []
        self._words = b""
        self._lock = threading.Lock()
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self):
        self._listening.shutdown(socket.SHUT_RDWR)  # ends the accept
        self._thread.join()
        self._listening.close()
        for connection in self._taken:
            connection.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            connection.setblocking(False)
            with self._lock:
                self._taken.append(connection)
                self._say_on(connection)

    def say(self, words: bytes):
        """On every connection that it has, and on those that come."""
        with self._lock:
            self._words = words
            for connection in self._taken:
                self._say_on(connection)

    def _say_on(self, connection: socket.socket):
        try:
            connection.send(self._words)
        except OSError:
            pass  # it has ended


class Memory(ProxyTest):
    def setUp(self):
        super().setUp()
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, before[1]))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, before)

    def own_bytes(self, proxy: Fairlead) -> int:
        """Without what is mapped from files."""
        status = Path(f"/proc/{proxy.popen.pid}/status").read_text()
        return int(re.search(r"RssAnon:\s+(\d+) kB", status)[1]) * 1024

    def gave_up_a_response(self, proxy: Fairlead) -> bool:
        return any(line["reason"] == "memory_full" and "server" in line for line in proxy.access_log())

    def attack(self, words: bytes, server_says: bytes = b"") -> Fairlead:
        """Many clients say that and wait, then the server answers them; what Fairlead has meanwhile is within its limit, and
        it serves once they have left."""
        server = SilentServer()
        self.addCleanup(server.close)
        proxy = self.fairlead_file(CONFIG.format(port=server.port), descriptors=FILES)
        attackers = []
        most = 0
        for number in range(ATTACKERS):
            attacker = socket.create_connection(("127.0.0.1", proxy.port), timeout=20)
            attackers.append(attacker)
            try:
                attacker.sendall(words)
            except OSError:
                pass  # it was refused
            if number % 50 == 0:
                most = max(most, self.own_bytes(proxy))
        server.say(server_says)
        proxy.wait_event("limit.reached")
        if server_says:
            wait_until(lambda: self.gave_up_a_response(proxy), "a response that was given up")
        most = max(most, self.own_bytes(proxy))
        self.assertLess(most, LIMIT)
        self.assertGreater(most, LIMIT // 3)  # what there is, is used
        for attacker in attackers:
            attacker.close()
        wait_until(lambda: fetch(proxy.port, "/fast").body == b"served", "a request to be served")
        return proxy

    def test_large_heads_of_requests_that_wait_for_a_server(self):
        proxy = self.attack(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * LARGE + b"\r\n\r\n")
        proxy.wait_event("limit.reached", "`limits.memory` (32MiB)", "Raise `limits.memory`")
        wait_until(lambda: any(line["reason"] == "memory_full" for line in proxy.access_log()), "the reason in the log")

    def test_large_heads_of_responses_that_do_not_end(self):
        self.attack(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"x" * LARGE)

    def test_trailers_that_do_not_end(self):
        self.attack(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"x" * 30_000)

    def test_bodies_that_are_kept(self):
        upload = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + b"x" * LARGE
        self.attack(upload).wait_event("limit.reached", "`limits.kept_bodies`")
