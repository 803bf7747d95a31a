"""Clients that see every byte: a raw connection, and a steady load that counts what went wrong."""

import base64
import os
import re
import socket
import struct
import threading
import time
from pathlib import Path
from typing import NamedTuple


class Response(NamedTuple):
    version: str
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    trailers: list[tuple[str, str]]

    def get(self, name: str) -> str | None:
        values = self.all(name)
        return values[0] if values else None

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


class Cut(Exception):
    """The connection ended before the response did."""


def upgrade_headers() -> dict[str, str]:
    return {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode()}


class Connection:
    """One client connection."""

    def __init__(self, port: int, timeout: float = 20):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = self.socket.makefile("rb")

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._reader.close()
        self.socket.close()

    def reset(self):
        """Ends the connection with a reset, as a client that crashes would."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def send(self, data: bytes):
        self.socket.sendall(data)

    def taken(self) -> bool:
        """Whether the program at the other side has read all that was sent: the kernel holds nothing of it, on its way
        or arrived. Both ends are of this machine."""
        ours, theirs = (f"{port:04X}" for port in (self.socket.getsockname()[1], self.socket.getpeername()[1]))
        table = Path("/proc/net/tcp").read_text()

        def queue(local: str, remote: str, which: str) -> int:
            row = rf"^ *\d+: [0-9A-F]+:{local} [0-9A-F]+:{remote} .. (?P<to_send>[0-9A-F]+):(?P<to_read>[0-9A-F]+) "
            found = re.search(row, table, re.MULTILINE)
            return int(found[which], 16) if found else 1  # a connection that was not accepted yet
        return queue(ours, theirs, "to_send") == 0 and queue(theirs, ours, "to_read") == 0

    def request(self, method: str, target: str, headers: dict | None = None, body: bytes | None = None) -> Response:
        self.send(encode(method, target, headers, body))
        return self.read_response(method)

    def read_response(self, method: str = "GET") -> Response:
        """The next final response; interim ones are skipped (see `read_head`)."""
        version, status, headers = self.read_head()
        while 100 <= status < 200 and status != 101:
            version, status, headers = self.read_head()
        fields = {name.lower(): value for name, value in headers}
        trailers: list[tuple[str, str]] = []
        if method == "HEAD" or status in (101, 204, 304):
            body = b""
        elif "chunked" in fields.get("transfer-encoding", ""):
            body = self._read_chunked(trailers)
        elif "content-length" in fields:
            body = self.read_exactly(int(fields["content-length"]))
        else:
            body = self._reader.read()
        return Response(version, status, headers, body, trailers)

    def read_head(self) -> tuple[str, int, list[tuple[str, str]]]:
        version, status, *_ = self._line().decode("latin-1").split(" ", 2)
        return version, int(status), self._fields()

    def read_exactly(self, size: int) -> bytes:
        data = self._reader.read(size)
        if len(data) < size:
            raise Cut(f"{len(data)} of {size} bytes")
        return data

    def read_some(self) -> bytes:
        return self._reader.read1(65536)

    def at_end(self) -> bool:
        """True once the other side closes, cleanly or not, without another byte."""
        try:
            return self._reader.read(1) == b""
        except ConnectionResetError:
            return True

    def _line(self) -> bytes:
        line = self._reader.readline()
        if not line.endswith(b"\n"):
            raise Cut(f"in a line: {line!r}")
        return line.rstrip(b"\r\n")

    def _fields(self) -> list[tuple[str, str]]:
        fields = []
        while line := self._line():
            name, _, value = line.decode("latin-1").partition(":")
            fields.append((name, value.strip()))
        return fields

    def _read_chunked(self, trailers: list[tuple[str, str]]) -> bytes:
        body = b""
        while size := int(self._line().split(b";")[0], 16):
            body += self.read_exactly(size)
            self._line()
        trailers += self._fields()
        return body


def encode(method: str, target: str, headers: dict | None = None, body: bytes | None = None) -> bytes:
    fields = {"Host": "example.test", **(headers or {})}
    if body is not None and "Transfer-Encoding" not in fields:
        fields["Content-Length"] = str(len(body))
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1") + (body or b"")


def fetch(port: int, target: str = "/", method: str = "GET", headers: dict | None = None,
          body: bytes | None = None) -> Response:
    """One request on a connection of its own."""
    with Connection(port) as connection:
        return connection.request(method, target, headers, body)


class Load:
    """About `rate` GETs a second over `workers` kept-alive connections, until `stop`.

    Whatever is not a complete 200 is a failure, and so is a connection that closes without having said so.
    """

    def __init__(self, port: int, rate: int = 200, workers: int = 8, target: str = "/"):
        self.port, self.target = port, target
        self.done = 0
        self.failures: list[str] = []
        self._pause = workers / rate
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(workers)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _work(self):
        connection: Connection | None = None
        due = time.monotonic()
        while not self._stopping.wait(max(0.0, due - time.monotonic())):
            due += self._pause
            try:
                connection = connection or Connection(self.port)
                response = connection.request("GET", self.target)
                keep = response.get("Connection") != "close"
                self._count(None if response.status == 200 else f"status {response.status}: {response.body[:200]!r}")
            except (OSError, Cut, ValueError) as error:
                keep = False
                self._count(f"{type(error).__name__}: {error}")
            if not keep and connection is not None:
                connection.close()
                connection = None
        if connection is not None:
            connection.close()

    def _count(self, failure: str | None):
        with self._lock:
            if failure is None:
                self.done += 1
            else:
                self.failures.append(failure)
