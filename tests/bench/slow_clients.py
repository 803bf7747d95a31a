"""What ten thousand slow clients cost: memory of the proxy, and latency of a client that is not slow.

    python3 tests/bench/slow_clients.py [--clients 10000] [--seconds 6] [--binary build/release/fairlead]

For each kind of slowness the clients connect and send (or take) one byte every three seconds, while one client asks
again and again as fast as it is answered. Loopback only; it ends by itself, and ends what it started.
"""

import argparse
import multiprocessing
import resource
import selectors
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from proxies import free_port

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
version: 1
workers: 1
listeners: {{web: {{address: "127.0.0.1:{port}", limits: {{connections: {connections}}}}}}}
routes: [{{match: {{path: /fast}}, respond: {{body: ok}}}}, {{to: app}}]
pools: {{app: {{servers: ["127.0.0.1:{server}"], timeouts: {{connect: 20s}}}}}}
log: {{access: {{output: off}}}}
"""
STEP = 3.0  # seconds from a slow client's byte to its next one
BATCH = 50  # slow clients that move together
LARGE = b"x" * (1 << 20)

HEAD = b"GET /fast HTTP/1.1\r\nHost: a\r\nX-Slow: "
BODY = b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
READER = b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n"
KINDS = {"head": HEAD, "body": BODY, "reader": READER}


class Server:
    """Takes any number of connections; answers /large with 1 MiB and leaves everything else unanswered."""

    def __init__(self):
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self._listening.setblocking(False)
        self.port = self._listening.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listening, selectors.EVENT_READ)
        self._unsent: dict[socket.socket, memoryview] = {}

    def run(self):
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._listening:
                    self._accept()
                else:
                    self._serve(key.fileobj)

    def _accept(self):
        while True:
            try:
                connection, _ = self._listening.accept()
            except BlockingIOError:
                return
            connection.setblocking(False)
            self._selector.register(connection, selectors.EVENT_READ)

    def _serve(self, connection: socket.socket):
        try:
            if connection not in self._unsent:
                data = connection.recv(65536)
                if not data:
                    raise ConnectionResetError
                if not data.startswith(b"GET /large"):
                    return
                head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(LARGE)
                self._unsent[connection] = memoryview(head + LARGE)
                self._selector.modify(connection, selectors.EVENT_WRITE)
            rest = self._unsent[connection]
            self._unsent[connection] = rest[connection.send(rest):]
            if not self._unsent[connection]:
                del self._unsent[connection]
                self._selector.modify(connection, selectors.EVENT_READ)
        except BlockingIOError:
            pass
        except OSError:
            self._unsent.pop(connection, None)
            self._selector.unregister(connection)
            connection.close()


class FastClient(threading.Thread):
    """Asks for /fast on one connection until it is stopped."""

    def __init__(self, port: int):
        super().__init__(daemon=True)
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stopping = threading.Event()
        self.latencies: list[float] = []

    def run(self):
        while not self._stopping.is_set():
            began = time.perf_counter()
            self._socket.sendall(b"GET /fast HTTP/1.1\r\nHost: a\r\n\r\n")
            answer = self._socket.recv(4096)
            assert answer.startswith(b"HTTP/1.1 200"), answer
            self.latencies.append(time.perf_counter() - began)
            time.sleep(0.002)

    def result(self, seconds: float) -> tuple[float, float]:
        """p50 and p99 in microseconds, over so many seconds."""
        self.start()
        time.sleep(seconds)
        self._stopping.set()
        self.join()
        self._socket.close()
        cuts = statistics.quantiles(self.latencies, n=100)
        return cuts[49] * 1e6, cuts[98] * 1e6


def slow_clients(port: int, count: int, kind: str, connected):
    """Moves one byte of each connection every STEP seconds, for ever."""
    clients = []
    for _ in range(count):
        client = socket.socket()
        if kind == "reader":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", port))
        client.sendall(KINDS[kind])
        client.setblocking(False)
        clients.append(client)
    connected.set()
    batches = [clients[first:first + BATCH] for first in range(0, count, BATCH)]
    while True:
        for batch in batches:
            for client in batch:
                try:
                    client.recv(1) if kind == "reader" else client.send(b"x")
                except OSError:
                    pass  # It was cut, or has nothing to read just now.
            time.sleep(STEP / len(batches))


def resident_mib(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / (1 << 20)


def cpu_seconds(pid: int) -> float:
    return sum(int(Path(task, "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir()) / 1e9


def measure(binary: str, kind: str, clients: int, seconds: float) -> dict:
    server, port, connected = Server(), free_port(), multiprocessing.Event()
    helpers = [multiprocessing.Process(target=server.run, daemon=True),
               multiprocessing.Process(target=slow_clients, args=(port, clients, kind, connected), daemon=True)]
    helpers[0].start()
    with tempfile.TemporaryDirectory(prefix="fairlead-slow-") as home:
        config = Path(home, "fairlead.yaml")
        config.write_text(CONFIG.format(port=port, server=server.port, connections=clients + 100))
        with open(Path(home, "log"), "wb") as log:
            proxy = subprocess.Popen([binary, "run", "-c", str(config)], stderr=log, stdout=log)
        try:
            deadline = time.monotonic() + 10
            while socket.socket().connect_ex(("127.0.0.1", port)) != 0 and time.monotonic() < deadline:
                time.sleep(0.05)
            alone = FastClient(port).result(seconds / 3)
            before = resident_mib(proxy.pid)
            helpers[1].start()
            connected.wait(60)
            used = cpu_seconds(proxy.pid)
            beside = FastClient(port).result(seconds)
            return {"memory": resident_mib(proxy.pid) - before, "alone": alone, "beside": beside,
                      "cpu": (cpu_seconds(proxy.pid) - used) / seconds}
        finally:
            for helper in helpers:
                if helper.pid is not None:
                    helper.kill()
            proxy.kill()
            proxy.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--binary", default=str(ROOT / "build/release/fairlead"))
    parser.add_argument("--kinds", default=",".join(KINDS))
    options = parser.parse_args()
    wanted = 2 * options.clients + 1000  # the proxy has a connection to the server for each
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
    except ValueError:
        raise SystemExit(f"{wanted} open files are needed, and {hard} are allowed: fewer --clients, or ask root")
    print(f"{options.clients} clients, a byte every {STEP:.0f} s; a fast client's p50/p99 in us")
    for kind in options.kinds.split(","):
        result = measure(options.binary, kind, options.clients, options.seconds)
        print(f"{kind:7} {result['memory']:7.1f} MiB  alone {result['alone'][0]:5.0f}/{result['alone'][1]:5.0f}"
              f"  beside {result['beside'][0]:5.0f}/{result['beside'][1]:5.0f}  {100 * result['cpu']:.1f} % of a core")


if __name__ == "__main__":
    main()
