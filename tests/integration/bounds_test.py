"""What clients and servers can make large: each limit lets exactly as much pass, and says which one was met."""

import re
import socket

from clients import Connection, Cut, fetch
from harness import ProxyTest, wait_until
from threaded_server import BytesServer

CONFIG = """
version: 1
workers: 1
listeners:
  web:
    address: LISTEN
    limits: {{trailers: 2, trailer_size: 100B, chunk_extensions: 10B, pipelined: 3, header_size: 1KiB, fields: 8, uri_size: 64B}}
routes: [{{to: app, body: {{max: 100B}}}}]
log: {{access: {{output: stdout}}}}
pools:
  app:
    servers: [{port}]
    health: {{every: 1h}}
    passive: {{failures: 1000}}
    limits: {{trailers: 2, trailer_size: 100B, chunk_extensions: 10B, interim: 3, header_size: 1KiB, fields: 8}}
"""
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
UPLOAD = b"POST /bounds HTTP/1.1\r\nHost: a\r\n" + CHUNKED
ANSWER = b"HTTP/1.1 200 OK\r\n" + CHUNKED
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"
PLAIN = b"GET /bounds HTTP/1.1\r\nHost: a\r\n"
HINT = b"HTTP/1.1 103 Early Hints\r\n\r\n"


def trailers(count: int, size: int) -> bytes:
    """`count` trailers, `size` bytes with the empty line behind them."""
    short = b"a: b\r\n" * (count - 1)
    return short + b"a: " + b"b" * (size - len(short) - 7) + b"\r\n\r\n"


def chunk(extensions: int) -> bytes:
    return b"1;" + b"x" * extensions + b"\r\na\r\n"


def head(start: bytes, size: int) -> bytes:
    return start + b"X: " + b"x" * (size - len(start) - 7) + b"\r\n\r\n"


# What passes, what does not, and the answer to that.
REQUESTS = {
    "trailers": (UPLOAD + b"0\r\n" + trailers(2, 20), UPLOAD + b"0\r\n" + trailers(3, 20), 431, "trailers_too_large"),
    "trailer_size": (UPLOAD + b"0\r\n" + trailers(1, 100), UPLOAD + b"0\r\n" + trailers(1, 101), 431, "trailers_too_large"),
    "chunk_extensions": (UPLOAD + chunk(10) + b"0\r\n\r\n", UPLOAD + chunk(11) + b"0\r\n\r\n", 400,
                         "chunk_extensions_too_long"),
    "chunk_extensions of all chunks": (UPLOAD + chunk(10) * 64 + b"0\r\n\r\n", UPLOAD + chunk(10) * 64 + chunk(1), 400,
                                       "chunk_extensions_too_long"),
    "header_size": (head(PLAIN, 1024), head(PLAIN, 1025), 431, "header_too_large"),
    "fields": (PLAIN + b"a: b\r\n" * 7 + b"\r\n", PLAIN + b"a: b\r\n" * 8 + b"\r\n", 431, "header_too_large"),
    "uri_size": (b"GET /" + b"a" * 63 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /" + b"a" * 64 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
                 414, "uri_too_long"),
    "body.max": (PLAIN + b"Content-Length: 100\r\n\r\n" + b"a" * 100, PLAIN + b"Content-Length: 101\r\n\r\n", 413,
                 "body_too_large"),
}
# The same for answers, whose excess is a 502, or cuts what has begun (0).
ANSWERS = {
    "trailers": (ANSWER + b"0\r\n" + trailers(2, 20), ANSWER + b"1\r\na\r\n0\r\n" + trailers(3, 20)),
    "trailer_size": (ANSWER + b"0\r\n" + trailers(1, 100), ANSWER + b"1\r\na\r\n0\r\n" + trailers(1, 101)),
    "chunk_extensions": (ANSWER + chunk(10) + b"0\r\n\r\n", ANSWER + chunk(11)),
    "header_size": (head(b"HTTP/1.1 204 No Content\r\n", 1024), head(b"HTTP/1.1 204 No Content\r\n", 1025)),
    "fields": (b"HTTP/1.1 204 No Content\r\n" + b"a: b\r\n" * 8 + b"\r\n", b"HTTP/1.1 204 No Content\r\n" + b"a: b\r\n" * 9 + b"\r\n"),
    "interim": (HINT * 3 + GOOD, HINT * 4 + GOOD),
}


class OneAnswer(BytesServer):
    """Gives `answer` for each head, and for an upload once that is whole."""

    def __init__(self):
        self.answer = GOOD
        self._listen()

    def _take(self, connection: socket.socket, number: int, data: bytes) -> bytes:
        if data.startswith(b"POST") and not (b"\r\n0\r\n" in data and data.endswith(b"\r\n\r\n")):
            return data
        connection.sendall(self.answer * data.count(b"HTTP/1.1\r\n"))
        return b""


class Bounds(ProxyTest):
    def setUp(self):
        super().setUp()
        self.server = OneAnswer()
        self.addCleanup(self.server.close)
        self.proxy = self.fairlead_file(CONFIG.format(port=self.server.port))

    def ask(self, request: bytes) -> int:
        with Connection(self.proxy.port) as client:
            try:
                client.send(request)
                response = client.read_response()
                while response.status == 103:
                    response = client.read_response()
                return response.status
            except (Cut, ValueError, OSError):
                return 0

    def last_reason(self, requests: int) -> str:
        log = wait_until(lambda: self.proxy.access_log()[requests - 1 :], f"{requests} lines in the log")
        return log[0]["reason"]

    def test_a_request_at_the_limit_passes_and_one_beyond_it_does_not(self):
        for index, (name, (within, beyond, status, reason)) in enumerate(REQUESTS.items()):
            with self.subTest(name):
                self.assertEqual(200, self.ask(within))
                self.assertEqual(status, self.ask(beyond))
                self.assertEqual(reason, self.last_reason(2 * index + 2))

    def test_an_answer_at_the_limit_passes_and_one_beyond_it_does_not(self):
        for index, (name, (within, beyond)) in enumerate(ANSWERS.items()):
            with self.subTest(name):
                self.server.answer = within
                self.assertIn(self.ask(PLAIN + b"\r\n"), (200, 204))
                self.server.answer = beyond
                self.assertIn(self.ask(PLAIN + b"\r\n"), (502, 0))
                self.assertEqual("response_too_large", self.last_reason(2 * index + 2))

    def test_a_client_that_pipelines_too_much_is_closed_behind_the_last_that_it_may(self):
        with Connection(self.proxy.port) as client:
            client.send((PLAIN + b"\r\n") * 9)
            answers = [client.read_response() for _ in range(4)]  # the first is not ahead of anything
            self.assertEqual([200] * 4, [answer.status for answer in answers])
            self.assertEqual([None, None, None, "close"], [answer.get("Connection") for answer in answers])
            self.assertTrue(client.at_end())
        self.proxy.wait_event("limit.reached", "`limits.pipelined`")
        self.assertEqual(4, len(self.proxy.access_log()))


class Heads(BytesServer):
    """Notes the path of each request as soon as its head is there, and answers once its body is."""

    def __init__(self):
        self.paths: list[str] = []
        self._listen()

    def _take(self, connection: socket.socket, number: int, data: bytes) -> bytes:
        head, end, body = data.partition(b"\r\n\r\n")
        if not end:
            return data
        path = head.split(b" ")[1].decode()
        if path not in self.paths:
            self.paths.append(path)
        size = int(re.search(rb"(?i)\r\ncontent-length: (\d+)", head).group(1))
        if len(body) < size:
            return data
        connection.sendall(GOOD)
        return body[size:]


class KeptBodies(ProxyTest):
    """`limits.kept_bodies` bounds what all bodies that are kept use together; what comes beyond it is passed on as it comes."""

    def setUp(self):
        super().setUp()
        self.server = Heads()
        self.addCleanup(self.server.close)
        self.proxy = self.fairlead_file(
            "version: 1\nworkers: 1\nlisteners: {web: {address: LISTEN}}\nlimits: {kept_bodies: 1MiB}\n"
            "routes: [{to: app, body: {buffer: 1MiB}}]\nlog: {access: {output: stdout}}\n"
            f"pools: {{app: {{servers: [{self.server.port}], health: {{every: 1h}}}}}}\n")

    def upload(self, path: str, size: int, sent: int, *fields: str) -> Connection:
        client = Connection(self.proxy.port)
        self.addCleanup(client.close)
        lines = (f"POST {path} HTTP/1.1", "Host: a", f"Content-Length: {size}", *fields, "", "")
        client.send("\r\n".join(lines).encode() + b"x" * sent)
        return client

    def test_what_there_is_no_room_for_is_passed_on_and_that_is_told(self):
        first = self.upload("/first", 1 << 20, (1 << 20) - 1)
        wait_until(first.taken, "the body that takes up all the room")
        # Only a body that is passed on as it comes reaches the server before it is whole.
        late = wait_until(lambda: self.reaches_the_server_unwhole(), "a body that is not kept")
        self.assertNotIn("/first", self.server.paths)
        self.proxy.wait_event("limit.reached", "the 1MiB of `limits.kept_bodies`")
        late.send(b"x" * 5)
        self.assertEqual(200, late.read_response().status)
        first.send(b"x")
        self.assertEqual(200, first.read_response().status)
        # There is room again.
        kept = self.upload("/kept", 10, 5)
        self.assertEqual(200, fetch(self.proxy.port, "/next", "POST", body=b"x").status)
        self.assertNotIn("/kept", self.server.paths)
        kept.send(b"x" * 5)
        self.assertEqual(200, kept.read_response().status)

    def reaches_the_server_unwhole(self) -> Connection | None:
        path = f"/late{len(self.server.paths)}"
        client = self.upload(path, 10, 5)
        whole = fetch(self.proxy.port, "/whole", "POST", body=b"x")
        self.assertEqual(200, whole.status)
        return client if path in self.server.paths else None

    def test_a_client_that_waits_for_a_100_gets_one_although_no_server_was_asked(self):
        client = self.upload("/expect", 4, 0, "Expect: 100-continue")
        self.assertEqual(100, client.read_head()[1])
        self.assertEqual([], self.server.paths)
        client.send(b"abcd")
        self.assertEqual(200, client.read_head()[1], "and no second one")


class TotalTime(ProxyTest):
    """`timeouts.total` bounds what waits for the client as well as what waits for the server."""

    def total(self, body: str = "") -> Connection:
        self.server = self.backend()
        self.proxy = self.fairlead_file(
            "version: 1\nworkers: 1\nlisteners: {web: {address: LISTEN}}\n"
            f"routes: [{{to: app, timeouts: {{total: 300ms}}{body}}}]\nlog: {{access: {{output: stdout}}}}\n"
            f"pools: {{app: {{servers: [{self.server.port}], health: {{every: 1h}}}}}}\n")
        client = Connection(self.proxy.port)
        self.addCleanup(client.close)
        return client

    def check_end(self, path: str, status: int):
        line = self.proxy.logged(path)
        self.assertEqual((status, "total_timeout"), (line["status"], line["reason"]))
        self.assertLess(0.29, line["dur"])
        self.assertLess(line["dur"], 5)

    def test_a_server_that_does_not_answer(self):
        self.assertEqual(504, self.total().request("GET", "/hold").status)
        self.check_end("/hold", 504)

    def test_a_client_that_does_not_take_its_answer(self):
        self.total().send(b"GET /bytes/50000000 HTTP/1.1\r\nHost: a\r\n\r\n")
        self.check_end("/bytes/50000000", 200)

    def test_an_upload_that_does_not_come(self):
        client = self.total()
        client.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
        self.assertEqual(504, client.read_response().status)
        self.assertTrue(client.at_end())
        self.check_end("/echo", 504)

    def test_an_upload_that_is_kept_and_does_not_come(self):
        client = self.total(", body: {buffer: 1MiB}")
        client.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
        self.assertEqual(504, client.read_response().status)
        self.check_end("/echo", 504)
        self.assertEqual([], self.server.requests)

    def test_a_websocket_may_stay(self):
        client = self.total()
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Key": "a" * 22 + "=="}
        self.assertEqual(101, client.request("GET", "/ws", upgrade).status)
        self.assertEqual(504, fetch(self.proxy.port, "/hold").status)
        client.send(b"hello")
        self.assertEqual(b"hello", client.read_exactly(5))


class Departure(ProxyTest):
    """A client that leaves is noticed although bytes of it are unread: a server does not work on for nobody."""

    def leaves(self, leave: str):
        server = self.backend()
        proxy = self.fairlead(server)
        client = Connection(proxy.port)
        behind = b"POST /behind HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n" + b"x" * 100_000
        client.send(b"GET /hold HTTP/1.1\r\nHost: a\r\n\r\n" + behind)
        server.arrived.wait(20)
        getattr(client, leave)()
        self.assertEqual("client_gone", proxy.logged("/hold")["reason"])
        self.assertNotIn("/behind", server.paths())

    def test_that_closes(self):
        self.leaves("close")

    def test_that_resets(self):
        self.leaves("reset")
