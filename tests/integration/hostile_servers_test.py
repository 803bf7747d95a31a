"""Servers whose answers try to reach another request: what a client gets, and that such a connection is never used again."""

import socket

from clients import Connection, Cut
from harness import ProxyTest
from threaded_server import BytesServer

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"
EVIL = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket"}

# What the server sends, and the status that the client gets (0: the connection is cut).
ANSWERS: dict[str, tuple[bytes, int]] = {
    "both framings": (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n", 502),
    "two lengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\ngood", 502),
    "an encoding other than chunked": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\ngood", 502),
    "a body after 204": (b"HTTP/1.1 204 No Content\r\n\r\n" + EVIL, 204),
    "a length on 204": (b"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil", 204),
    "a body after 304": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nevil", 304),
    "bytes past the end": (GOOD + EVIL, 200),
    "bytes past the last chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n" + EVIL, 200),
    "a flood of 1xx": (b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000 + GOOD, 502),
    "101 without being asked": (b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + EVIL, 502),
    "a bare line feed": (b"HTTP/1.1 200 OK\nContent-Length: 4\r\n\r\ngood", 502),
    "a folded field": (b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 4\r\n\r\ngood", 502),
    "a bad chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\nzz\r\n", 0),
}


class RawServer(BytesServer):
    """Sends `answer` to a request for /bad, else GOOD; counts connections and never closes one by itself."""

    def __init__(self):
        self.answer = b""
        self.used = []  # for each request, the number of its connection
        self._listen()

    def _take(self, connection: socket.socket, number: int, data: bytes) -> bytes:
        while b"\r\n\r\n" in data:
            head, _, data = data.partition(b"\r\n\r\n")
            self.used.append(number)
            connection.sendall(self.answer if b" /bad " in head else GOOD)
        return data


class HostileServers(ProxyTest):
    def setUp(self):
        super().setUp()
        self.server = RawServer()
        self.addCleanup(self.server.close)
        self.proxy = self.fairlead_file(
            "workers: 1\nlisten: LISTEN\nroutes: [{to: app}]\n"
            f"pools: {{app: {{servers: [{self.server.port}], health: {{every: 1h}}, passive: {{failures: 1000}}}}}}\n")

    def status(self, method: str = "GET", headers: dict | None = None) -> int:
        with Connection(self.proxy.port) as client:
            try:
                return client.request(method, "/bad", headers).status
            except (Cut, ValueError, OSError):
                return 0

    def check_next_is_good(self):
        with Connection(self.proxy.port) as client:
            self.assertEqual(b"good", client.request("GET", "/next").body)
        *_, bad, following = self.server.used
        self.assertNotEqual(bad, following, "the connection was used again")

    def test_no_answer_reaches_another_request(self):
        for name, (answer, status) in ANSWERS.items():
            with self.subTest(name):
                self.server.answer = answer
                self.assertEqual(status, self.status())
                self.check_next_is_good()

    def test_a_body_after_the_head_of_an_answer_to_head_is_dropped(self):
        self.server.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
        self.assertEqual(200, self.status("HEAD"))
        self.check_next_is_good()

    def test_a_tunnel_opens_only_for_the_protocol_that_was_asked_for(self):
        self.server.answer = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n" + EVIL
        self.assertEqual(502, self.status(headers=UPGRADE))
        self.check_next_is_good()
