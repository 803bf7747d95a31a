#!/usr/bin/env python3
"""How long until a failing server is noticed: `python3 tests/bench/noticing.py [--binary FAIRLEAD] [--only KIND,...]`.

Four servers behind a Fairlead with its default settings and a health page; clients ask 200 times a second at fixed times.
After three seconds one server fails in one way. What is printed: how long until its state changed and why, and how many
requests got no complete 200 within 3 s.
"""

import argparse
import http.client
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Callable

PER_SECOND = 200
PATIENCE = 3.0
SIGNALS = {"killed": signal.SIGKILL, "hung": signal.SIGSTOP}
KINDS = [*SIGNALS, "503 at once", "resets in responses", "40 times slower", "sick page"]
BODY = b"x" * 100


class Server:
    """A process that answers each request after 5 ms, until it is told to fail in some way."""

    def __init__(self):
        self.port = 0
        self.start()

    def start(self):
        """Again on the port it had."""
        self._process = subprocess.Popen([sys.executable, __file__, "--serve", str(self.port)], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        self.port = int(self._process.stdout.readline())

    def times(self) -> list[float]:
        """When each request came, checks aside, on the monotonic clock; not what came before it was killed."""
        print("times", file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def fail(self, how: str):
        if how in SIGNALS:
            self._process.send_signal(SIGNALS[how])
        else:
            print(how, file=self._process.stdin, flush=True)

    def recover(self, how: str):
        """Ends what `fail` began."""
        if how == "killed":
            self.end()
            self.start()
        elif how == "hung":
            self._process.send_signal(signal.SIGCONT)
        else:
            print("well", file=self._process.stdin, flush=True)

    def end(self):
        self._process.kill()
        self._process.wait()


class Serving:
    """What runs in that process."""

    def __init__(self, port: int):
        self.failure = ""
        self.requests: list[float] = []
        self._listening = socket.create_server(("127.0.0.1", port), backlog=512)

    def run(self):
        print(self._listening.getsockname()[1], flush=True)
        threading.Thread(target=self._accept, daemon=True).start()
        for line in sys.stdin:
            if line.strip() == "times":
                print(json.dumps(self.requests), flush=True)
            else:
                self.failure = line.strip()

    def _accept(self):
        while True:
            connection, _ = self._listening.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket):
        try:
            reader = connection.makefile("rb")
            while first := reader.readline():
                while reader.readline() not in (b"\r\n", b""):
                    pass
                self._answer(connection, first.startswith(b"GET /health "))
        except OSError:
            pass
        finally:
            reader.close()
            connection.close()

    def _answer(self, connection: socket.socket, is_check: bool):
        if self.failure == "sick page" and is_check:
            return connection.sendall(b"HTTP/1.1 500 Sick\r\nContent-Length: 0\r\n\r\n")
        if not is_check:
            self.requests.append(time.monotonic())
        if self.failure.endswith(" at once") and not is_check:
            return connection.sendall(b"HTTP/1.1 %s Sorry\r\nContent-Length: 0\r\n\r\n" % self.failure[:3].encode())
        if self.failure == "resets in responses" and not is_check:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise OSError
        factor = int(self.failure.split()[0]) if self.failure.endswith(" times slower") else 1
        time.sleep(0.005 * factor)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY)


class Clients:
    """One thread for each of the requests of a moment; each takes the next time that is due."""

    def __init__(self, port: int, threads: int = 100):
        self.port = port
        self.failed = 0
        self._next = time.monotonic()
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._ask_for_ever, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _ask_for_ever(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        while not self._is_over.is_set():
            with self._lock:
                due, self._next = self._next, self._next + 1 / PER_SECOND
            time.sleep(max(due - time.monotonic(), 0))
            try:
                connection.request("GET", "/")
                response = connection.getresponse()
                is_good = response.read() == BODY and response.status == 200
            except (OSError, http.client.HTTPException):
                connection.close()
                is_good = False
            if not is_good:
                with self._lock:
                    self.failed += 1


def measure(binary: str, how: str, seconds: float) -> list[str]:
    servers = [Server() for _ in range(4)]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "fairlead.yaml"
        config.write_text(json.dumps({"listen": f"127.0.0.1:{port}", "to": [f"127.0.0.1:{server.port}" for server in servers],
                                      "health": "/health", "log": {"access": {"output": "off"}}}))
        events = Path(folder) / "events"
        with events.open("wb") as log:
            proxy = subprocess.Popen([binary, "run", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=log)
        try:
            wait_for(lambda: accepts(port))
            clients = Clients(port)
            time.sleep(3)
            before = len(events.read_bytes())
            failed_before = clients.failed
            failed_at = time.monotonic()
            servers[0].fail(how)
            change = wait_for(lambda: first_change(events.read_bytes()[before:], servers[0].port), seconds)
            took = time.monotonic() - failed_at
            time.sleep(PATIENCE + 1)
            clients.stop()
            return [how, f"{took:.2f} s" if change else "-", change["to"] if change else "", change["why"] if change else "",
                    str(clients.failed - failed_before)]
        finally:
            proxy.terminate()
            proxy.wait()
            for server in servers:
                server.end()


def first_change(text: bytes, port: int) -> dict | None:
    for line in text.splitlines():
        if line.startswith(b'{"ts"') and b'"server.state"' in line and b"%d" % port in line:
            return json.loads(line)
    return None


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def wait_for(condition: Callable, seconds: float = 10):
    deadline = time.monotonic() + seconds
    while not (result := condition()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return result


def kinds(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in KINDS]:
        raise argparse.ArgumentTypeError(f"no such failure: {', '.join(unknown)}")
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=str(Path(__file__).resolve().parents[2] / "build/release/fairlead"))
    parser.add_argument("--only", type=kinds, default=KINDS, metavar="KIND,...", help=f"of: {', '.join(KINDS)}")
    parser.add_argument("--serve", type=int, metavar="PORT", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve is not None:
        return Serving(arguments.serve).run()
    if not os.access(arguments.binary, os.X_OK):
        sys.exit(f"{arguments.binary} is not there; build it, or name another with --binary")
    rows = [["failure", "noticed", "state", "why", "clients that failed"]]
    for how in arguments.only:
        rows.append(measure(arguments.binary, how, 30))
        print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    for row in rows:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
