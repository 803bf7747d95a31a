"""A server whose path says how it behaves: `/slow/200` answers after 200 ms, `/reset-mid` cuts its own response.

One thread for each connection, raw sockets, so that it can misbehave. In-process as `Backend`, which remembers what
it received; or as a program to be killed: backends.py NAME PORT.
"""

import base64
import hashlib
import json
import select
import socket
import struct
import sys
import threading
import time
from typing import NamedTuple


class Request(NamedTuple):
    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    connection: int

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


class Backend:
    def __init__(self, name: str = "a", port: int = 0, idle: float | None = None):
        self.name = name
        self.idle = idle  # seconds after which it closes an idle connection
        self.closed_idle = 0  # connections that it has closed so
        self.requests: list[Request] = []
        self.healthy = True  # what /health answers
        self.broken: str | None = None  # what /job does instead, as `hold`
        self.release = threading.Event()  # lets /hold and the rest of /hold-mid go
        self.arrived = threading.Event()  # a request for one of them is here
        self._listening = socket.create_server(("127.0.0.1", port), backlog=1024)
        self.port = self._listening.getsockname()[1]
        self._connections: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        """Stops listening and resets every connection, as a killed process does."""
        self.release.set()
        try:
            self._listening.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listening.close()
        for connection in list(self._connections):
            try:
                reset_on_close(connection)
                connection.shutdown(socket.SHUT_RDWR)  # wakes its thread, which closes it
            except OSError:
                pass

    def paths(self) -> list[str]:
        return [request.target for request in self.requests]

    def last(self, target: str) -> Request:
        return next(request for request in reversed(self.requests) if request.target == target)

    def _accept(self):
        number = 0
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            number += 1
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections.add(connection)
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int):
        try:
            reader = connection.makefile("rb")
            while (request := self._next_request(reader, connection, number)) is not None:
                self.requests.append(request)
                if not respond(self, connection, reader, request):
                    break
        except (OSError, ValueError):
            pass
        finally:
            self._connections.discard(connection)
            connection.close()

    def _next_request(self, reader, connection: socket.socket, number: int) -> Request | None:
        if self.idle is not None and not select.select([connection], [], [], self.idle)[0]:
            self.closed_idle += 1
            return None
        return read_request(reader, connection, number)


def reset_on_close(connection: socket.socket):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def read_request(reader, connection: socket.socket, number: int) -> Request | None:
    line = reader.readline()
    if not line:
        return None
    method, target, _ = line.decode("latin-1").split(" ", 2)
    headers = []
    while (line := reader.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers.append((name, value.strip()))
    fields = {name.lower(): value for name, value in headers}
    if fields.get("expect", "").lower() == "100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    if "chunked" in fields.get("transfer-encoding", ""):
        body = read_chunked(reader)
    else:
        body = reader.read(int(fields.get("content-length", 0)))
    return Request(method, target, headers, body, number)


def read_chunked(reader) -> bytes:
    body = b""
    while size := int(reader.readline().split(b";")[0], 16):
        body += reader.read(size)
        reader.readline()
    while reader.readline() not in (b"\r\n", b""):
        pass
    return body


def head(status: str, *fields: str) -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", *fields, "", "")).encode("latin-1")


def full(body: bytes, status: str = "200 OK", *fields: str) -> bytes:
    return head(status, f"Content-Length: {len(body)}", *fields) + body


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


# Responses that no proxy may take for good: each is sent as it is, then the connection closes.
MALFORMED = {
    "no-status": b"hello\r\n\r\n",
    "bad-version": b"HTTP/9.9 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "bad-status": b"HTTP/1.1 2x0 OK\r\nContent-Length: 2\r\n\r\nok",
    "space-before-colon": b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
    "two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    "negative-length": b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
    "length-not-a-number": b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok",
    "nul-in-header": b"HTTP/1.1 200 OK\r\nX-A: a\x00b\r\nContent-Length: 2\r\n\r\nok",
    "cut-head": b"HTTP/1.1 200 OK\r\nContent-Le",
}


def respond(backend: Backend, connection: socket.socket, reader, request: Request) -> bool:
    """Answers one request; false closes the connection."""
    behaviour, _, argument = request.target.partition("?")[0].strip("/").partition("/")
    if behaviour == "job" and backend.broken:
        behaviour, _, argument = backend.broken.partition("/")
    send = connection.sendall
    without_body = request.method == "HEAD"
    match behaviour:
        case "echo":
            seen = {"server": backend.name, "method": request.method, "target": request.target,
                    "headers": request.headers, "length": len(request.body),
                    "sha256": hashlib.sha256(request.body).hexdigest(), "connection": request.connection}
            send(full(json.dumps(seen).encode(), "200 OK", "Content-Type: application/json"))
        case "health":
            send(full(b"ok") if backend.healthy else full(b"broken", "500 Internal Server Error"))
        case "bytes":
            send(head("200 OK", f"Content-Length: {argument}"))
            send_pattern(connection, int(argument))
        case "chunked":
            send(head("200 OK", "Transfer-Encoding: chunked", "Trailer: X-Sum"))
            send(chunk(b"first ") + chunk(b"second") + b"0\r\nX-Sum: 12\r\n\r\n")
        case "until-close":
            send(head("200 OK", "Connection: close") + b"until the end")
            return False
        case "status":
            length = () if argument in ("204", "304") else ("Content-Length: 0",)
            send(head(f"{argument} Whatever", *length, 'ETag: "x"'))
        case "hop":
            send(full(b"ok", "200 OK", "Connection: X-Private", "X-Private: 1", "X-Public: 2", "Keep-Alive: timeout=9"))
        case "cookies":
            send(full(b"ok", "200 OK", "Set-Cookie: session=1; Path=/", "Set-Cookie: theme=dark"))
        case "slow":
            time.sleep(int(argument) / 1000)
            send(full(backend.name.encode()))
        case "hold":
            backend.arrived.set()
            backend.release.wait(60)
            send(full(backend.name.encode()))
        case "hold-mid":
            send(head("200 OK", "Content-Length: 12") + b"first ")
            backend.arrived.set()
            backend.release.wait(60)
            send(b"second")
        case "hints":
            send(head("103 Early Hints", "Link: </a.css>; rel=preload") + full(b"after the hints"))
        case "sse":
            send(head("200 OK", "Content-Type: text/event-stream", "Cache-Control: no-cache"))
            send(b"data: 1\n\n")
            backend.arrived.set()
            backend.release.wait(60)
            send(b"data: 2\n\n")
            return False
        case "ws":
            return echo_websocket(connection, reader, request)
        case "malformed":
            send(MALFORMED[argument])
            return False
        case "bad-chunk":
            send(head("200 OK", "Transfer-Encoding: chunked") + chunk(b"good") + b"zz\r\nbad\r\n0\r\n\r\n")
            return False
        case "reset-before":
            reset_on_close(connection)
            return False
        case "reset-late":
            time.sleep(int(argument) / 1000)
            reset_on_close(connection)
            return False
        case "reset-mid":
            send(head("200 OK", "Content-Length: 1000") + b"only this")
            return False
        case "close-after":
            send(full(backend.name.encode()))
            return False  # without a word, as an app whose keep-alive time ran out
        case _:
            body = backend.name.encode()
            send(head("200 OK", f"Content-Length: {len(body)}") + (b"" if without_body else body))
    return True


def send_pattern(connection: socket.socket, length: int):
    block = bytes(range(256)) * 256
    while length > 0:
        connection.sendall(block[: min(length, len(block))])
        length -= len(block)


def pattern_hash(length: int) -> str:
    """The SHA-256 of what /bytes/LENGTH sends."""
    return hashlib.sha256((bytes(range(256)) * (length // 256 + 1))[:length]).hexdigest()


def echo_websocket(connection: socket.socket, reader, request: Request) -> bool:
    """Accepts the upgrade and then sends every byte back: a tunnel must not care about frames."""
    if [value.lower() for value in request.all("upgrade")] != ["websocket"]:
        connection.sendall(full(b"no upgrade arrived", "400 Bad Request"))
        return True
    key = request.all("sec-websocket-key")[0]
    accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
    connection.sendall(head("101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
                            f"Sec-WebSocket-Accept: {accept}"))
    while data := reader.read1(65536):
        connection.sendall(data)
    return False


def main():
    Backend(sys.argv[1], int(sys.argv[2]))
    threading.Event().wait()


if __name__ == "__main__":
    main()
