"""A server behind a proxy that is compared: remembers the requests that reach it, as they are framed."""

import re
import socket
import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))
from threaded_server import ThreadedServer

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


class Forwarded(NamedTuple):
    method: str
    target: str
    body: bytes
    fields: dict[str, list[str]]  # by name in lower case
    extra: bytes  # sent behind the request


class Recorder(ThreadedServer):
    """Takes one request on each connection and answers it."""

    def __init__(self):
        self.requests: list[Forwarded] = []
        self._listen()

    def take(self) -> list[Forwarded]:
        """Those since the last call."""
        taken, self.requests = self.requests, []
        return taken

    def _serve(self, connection: socket.socket, number: int):
        with connection:
            connection.settimeout(10)
            try:
                request = self._read(connection)
                if request is not None:
                    self.requests.append(request)
                    connection.sendall(ANSWER)
            except (OSError, ValueError, EOFError):
                pass

    @staticmethod
    def _read(connection: socket.socket) -> Forwarded | None:
        data = b""

        def more():
            nonlocal data
            piece = connection.recv(65536)
            if not piece:
                raise EOFError
            data += piece

        while b"\r\n\r\n" not in data:
            more()
        head, _, data = data.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = line.split(" ", 2)
        fields: dict[str, list[str]] = {}
        for name, _, value in (field.partition(":") for field in lines):
            fields.setdefault(name.lower(), []).append(value.strip())
        body = b""
        if "chunked" in fields.get("transfer-encoding", [""])[-1].lower():
            while True:
                while b"\r\n" not in data:
                    more()
                size_line, _, data = data.partition(b"\r\n")
                size = int(re.match(rb"[0-9a-fA-F]+", size_line).group(), 16)
                while len(data) < size + 2:
                    more()
                if size == 0 and data.startswith(b"\r\n"):
                    data = data[2:]
                    break
                if size == 0:
                    while b"\r\n\r\n" not in data:
                        more()
                    _, _, data = data.partition(b"\r\n\r\n")
                    break
                body, data = body + data[:size], data[size + 2:]
        else:
            size = int(fields.get("content-length", ["0"])[0])
            while len(data) < size:
                more()
            body, data = data[:size], data[size:]
        return Forwarded(method, target, body, fields, data)
