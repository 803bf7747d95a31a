"""An adversary with raw sockets: odd requests, spoilt at random from a seed, and a server that reads as strictly as can be.

Whatever comes, each request that reaches the server is well formed and is one that the access log has; the client gets exactly
one well-formed answer to each line of the log; and what the proxy says about itself is not what the client made of it.
"""

import json
import random
import re
import socket

from clients import Connection, fetch
from harness import ROOT, ProxyTest, wait_until
from threaded_server import BytesServer

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
REQUEST_LINE = re.compile(TOKEN + rb" (/[!-~]*|\*) HTTP/1\.1")
FIELD = re.compile(rb"(" + TOKEN + rb"):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
STATUS_LINE = re.compile(rb"HTTP/1\.1 [1-9]\d\d [^\x00-\x08\x0a-\x1f\x7f]*")
OURS = ("x-forwarded-for", "x-forwarded-proto", "x-real-ip", "x-request-id")
TROUBLE = [b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b",", b";", b"\0", b"\x7f", b"\xff", b"0", b"%", b"/", b"\\", b"..", b"#", b"?",
           b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n", b"Connection: x-real-ip, x-forwarded-for\r\n",
           b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n", b"0\r\n\r\n", b"Upgrade: websocket\r\nConnection: upgrade\r\n",
           b"Expect: 100-continue\r\n", b"X_Real_IP: 6.6.6.6\r\n", b"Proxy: http://evil.test\r\n"]


class Malformed(Exception):
    """A message that a strict reader refuses."""


def split_head(data: bytes, first_line: re.Pattern) -> tuple[bytes, dict[str, list[bytes]]]:
    """The first line and the fields, by name in lower case."""
    line, *lines = data.split(b"\r\n")
    if not first_line.fullmatch(line):
        raise Malformed(f"first line {line!r}")
    fields: dict[str, list[bytes]] = {}
    for text in lines:
        field = FIELD.fullmatch(text)
        if field is None:
            raise Malformed(f"field line {text!r}")
        fields.setdefault(field[1].decode().lower(), []).append(field[2].strip(b" \t"))
    return line, fields


def split_body(fields: dict[str, list[bytes]], data: bytes) -> tuple[bytes, bytes] | None:
    """A body with what follows it; None where more has to come."""
    lengths, codings = fields.get("content-length", []), fields.get("transfer-encoding", [])
    if len(lengths) + len(codings) > 1 or codings not in ([], [b"chunked"]):
        raise Malformed(f"framing {fields}")
    if lengths:
        size = int(lengths[0])
        return (data[:size], data[size:]) if len(data) >= size else None
    body = b""
    while codings:
        size_line, end, rest = data.partition(b"\r\n")
        if not end:
            return None
        if not re.fullmatch(rb"[0-9a-f]{1,15}", size_line):
            raise Malformed(f"chunk size {size_line!r}")
        size = int(size_line, 16)
        if size == 0:
            trailers, end, rest = (b"\r\n" + rest).partition(b"\r\n\r\n")
            if trailers:
                split_head(b"GET / HTTP/1.1" + trailers, REQUEST_LINE)
            return (body, rest) if end else None
        if len(rest) < size + 2:
            return None
        if rest[size:size + 2] != b"\r\n":
            raise Malformed("chunk end")
        body, data = body + rest[:size], rest[size + 2:]
    return body, data


class Strict(BytesServer):
    """Answers each well-formed request, and remembers it; notes what is malformed."""

    def __init__(self):
        self.requests: list[tuple[bytes, dict[str, list[bytes]]]] = []
        self.complaints: list[str] = []
        self._listen()

    def _take(self, connection: socket.socket, number: int, data: bytes) -> bytes:
        try:
            while b"\r\n\r\n" in data:
                head, _, rest = data.partition(b"\r\n\r\n")
                line, fields = split_head(head, REQUEST_LINE)
                taken = split_body(fields, rest)
                if taken is None:
                    break
                self.requests.append((line, fields))
                data = taken[1]
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + (b"" if line.startswith(b"HEAD ") else b"ok"))
        except Malformed as fault:
            self.complaints.append(f"{fault}: {data!r}")
            raise OSError from fault
        return data


def spoil(request: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(request) + 1)
    trouble = chance.choice(TROUBLE)
    if len(trouble) > 2:  # whole lines
        at = request.rfind(b"\r\n", 0, at) + 2
        return request[:at] + trouble + request[at:]
    match chance.randrange(4):
        case 0:
            return request[:at] + trouble + request[at:]
        case 1:
            return request[:at] + trouble + request[at + 1:]
        case 2:
            return request[:at] + request[at + chance.randrange(1, 5):]
        case _:
            start = chance.randrange(len(request) + 1)
            return request[:at] + request[start:start + 40] + request[at:]


class Adversary(ProxyTest):
    SPOILT = 6  # forms of each request

    def setUp(self):
        super().setUp()
        self.server = Strict()
        self.addCleanup(self.server.close)
        self.proxy = self.fairlead_file(
            "version: 1\nworkers: 1\nlisteners: {web: {address: LISTEN}}\n"
            "routes: [{to: app}, {match: {path: /re/*}, redirect: {to: 'https://{host}{uri}'}}]\n"
            "log: {access: {output: stdout, fields: [query]}}\n"
            f"pools: {{app: {{servers: [{self.server.port}], sticky: cookie, health: {{every: 1h}}, passive: {{failures: 1000}}}}}}\n")
        self.log = open(self.proxy.stdout_path)
        self.unfinished = ""
        self.addCleanup(self.log.close)
        self.marks = 0
        self.asked: dict[str, dict] = {}
        self.new_lines()

    def talk(self, data: bytes) -> bytes:
        """All that the proxy says to a client that sends this and has no more to say."""
        with socket.create_connection(("127.0.0.1", self.proxy.port), timeout=20) as client:
            try:
                client.sendall(data)
                client.shutdown(socket.SHUT_WR)
                answer = b""
                while piece := client.recv(65536):
                    answer += piece
            except ConnectionError:
                return answer
            return answer

    def answers(self, data: bytes, methods: list[str]) -> int:
        """How many well-formed final answers there are."""
        count = 0
        while data:
            head, end, rest = data.partition(b"\r\n\r\n")
            if not end:
                break  # cut by a reset
            line, fields = split_head(head, STATUS_LINE)
            self.assertNotIn("x-injected", fields)
            status = int(line[9:12])
            if status < 200:
                data = rest
                continue
            method = methods[count] if count < len(methods) else "GET"
            taken = split_body({} if method == "HEAD" else fields, rest)
            if taken is None:
                break
            data = taken[1]
            count += 1
        return count

    def check(self, request: bytes):
        """Sends one odd request with another behind it, and looks at what became of them."""
        said = self.talk(request + b"GET /behind HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        mine = self.new_lines()
        self.asked |= {line["id"]: line for line in mine if "server" in line}
        self.assertLessEqual(self.answers(said, [line.get("method", "GET") for line in mine]), len(mine))
        self.assertEqual([], self.server.complaints)

    def check_server(self):
        """Each request that reached the server is one of the log, and no other one is the same."""
        ids = [fields["x-request-id"][0].decode() for _, fields in self.server.requests]
        self.assertEqual(len(ids), len(set(ids)))
        for line, fields in self.server.requests:
            for name in OURS:
                self.assertEqual(1, len(fields.get(name, [])), fields)
            self.assertEqual([b"127.0.0.1"], fields["x-real-ip"])
            self.assertFalse({"x_real_ip", "proxy", "keep-alive", "proxy-connection"} & fields.keys(), fields)
            path = line.split(b" ")[1].decode().partition("?")[0]
            if not path.startswith("/mark"):
                # The log cuts what is very long.
                self.assertEqual(path[:900], self.asked[fields["x-request-id"][0].decode()]["path"][:900])

    def new_lines(self) -> list[dict]:
        """The lines of the log since the last call. A request of our own comes last: then those before it are there."""
        self.marks += 1
        mark = f"/mark{self.marks}"
        self.assertEqual(200, fetch(self.proxy.port, mark).status)
        lines: list[dict] = []

        def is_there() -> bool:
            # What is read while it is being written may end in the middle of a line.
            *whole, self.unfinished = (self.unfinished + self.log.read()).split("\n")
            lines.extend(map(json.loads, whole))
            return any(line.get("path") == mark for line in lines)

        wait_until(is_there, "the log")
        return lines[:-1]

    def test_no_odd_request_becomes_two_or_another(self):
        chance = random.Random(1)
        corpus = sorted((ROOT / "tests/fuzz/corpus/http1").iterdir())
        for path in corpus:
            request = path.read_bytes()
            with self.subTest(path.name):
                self.check(request)
                for _ in range(self.SPOILT):
                    self.check(spoil(spoil(request, chance), chance))
        self.check_server()

    def test_nothing_that_a_client_writes_becomes_a_line_of_an_answer_or_of_the_log(self):
        injected = "%0d%0aX-Injected:%201"
        for target, fields in {
            f"/re/{injected}?{injected}": {},
            "/re/a?\"},{\"status\":1": {"User-Agent": "\"}\\ \x9b31m\xff", "Referer": "\"\\"},
            "/plain": {"X-Forwarded-Host": "evil.test\"", "X-Request-Id": "abcdefgh\"", "Cookie": "fairlead=x\"; a=b"},
        }.items():
            with self.subTest(target), Connection(self.proxy.port) as client:
                response = client.request("GET", target, fields)
                self.assertIsNone(response.get("X-Injected"))
                self.assertRegex(response.get("X-Request-Id"), "^req_")
                self.assertNotIn("evil", str(response.headers))
        self.assertEqual([308, 308, 200], [line["status"] for line in self.new_lines()])

    def test_who_names_no_host_is_not_sent_to_it(self):
        with Connection(self.proxy.port) as client:
            client.send(b"GET /re/a HTTP/1.0\r\n\r\n")
            response = client.read_response()
            self.assertEqual(400, response.status)
            self.assertIsNone(response.get("Location"))

    def test_a_websocket_is_a_get_without_a_body(self):
        upgrade = b"Host: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
        for start in (b"POST / HTTP/1.1\r\n" + upgrade, b"GET / HTTP/1.1\r\n" + upgrade + b"Content-Length: 0\r\n",
                      b"GET / HTTP/1.1\r\n" + upgrade.replace(b"websocket", b"h2c"),
                      b"GET / HTTP/1.1\r\n" + upgrade.replace(b"websocket", b"websocket, h2c")):
            with self.subTest(start), Connection(self.proxy.port) as client:
                client.send(start + b"\r\n")
                self.assertEqual(200, client.read_response().status)
                self.assertNotIn("upgrade", self.server.requests[-1][1])
                self.assertNotIn("connection", self.server.requests[-1][1])
