"""What ten thousand slow clients cost: memory of the proxy, and latency of clients that are not slow.

    python3 tests/bench/slow_clients.py [--clients 10000] [--seconds 6] [--binary build/release/fairlead]

For each kind of slowness the clients connect and send (or take) one byte every three seconds, while two clients ask
again and again 2 ms after each answer: one of the same proxy, and one of a second proxy that nobody else uses. All
proxies are on one core and everything else on the other, so that what the second one waits is the machine's doing, and
what the first one waits beyond that is the proxy's. For `bare` the slow readers do not come to a proxy at all: a
process that shares its core has filled their buffers and sleeps. What the proxies wait then is the kernel's doing.

A proxy needs two open files for a client that has a connection to the server too: where fewer are allowed, fewer clients
come, and it is said. Loopback only; it ends by itself, and ends what it started.
"""

import argparse
import multiprocessing
import os
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
AT_REST = 0.06  # of a core, by a proxy whose slow clients have what they get; the fast ones have not begun
LONGEST_SETTLING = 30.0  # seconds
OWN_FILES = 400  # of each process, beside the connections: pipes, most of all
LARGE = b"x" * (1 << 20)

HEAD = b"GET /fast HTTP/1.1\r\nHost: a\r\nX-Slow: "
BODY = b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
READER = b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n"
KINDS = {"head": HEAD, "body": BODY, "reader": READER, "bare": READER}
FILES = {"head": 1, "body": 2, "reader": 2, "bare": 1}  # of the process that has most of them, for each client


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


class Bare:
    """Takes any number of connections, fills what the kernel keeps for each, up to as much as a response, and sleeps."""

    def __init__(self):
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.port = self._listening.getsockname()[1]
        self._connections: list[socket.socket] = []

    def run(self):
        os.sched_setaffinity(0, {0})
        while True:
            connection, _ = self._listening.accept()
            connection.setblocking(False)
            self._connections.append(connection)
            sent = 0
            try:
                while sent < len(LARGE):
                    sent += connection.send(LARGE[sent:])
            except BlockingIOError:
                pass


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

    def stop(self) -> tuple[float, float]:
        """p50 and p99 in microseconds."""
        self._stopping.set()
        self.join()
        self._socket.close()
        cuts = statistics.quantiles(self.latencies, n=100)
        return cuts[49] * 1e6, cuts[98] * 1e6


def latencies(ports: list[int], seconds: float) -> list[tuple[float, float]]:
    """Of a client of each, over so many seconds."""
    clients = [FastClient(port) for port in ports]
    for client in clients:
        client.start()
    time.sleep(seconds)
    return [client.stop() for client in clients]


def slow_clients(port: int, count: int, kind: str, connected):
    """Moves one byte of each connection every STEP seconds, for ever."""
    clients = []
    for _ in range(count):
        client = socket.socket()
        if kind in ("reader", "bare"):
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
                    client.recv(1) if kind in ("reader", "bare") else client.send(b"x")
                except OSError:
                    pass  # It was cut, or has nothing to read just now.
            time.sleep(STEP / len(batches))


def resident_mib(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / (1 << 20)


def cpu_seconds(pid: int) -> float:
    return sum(int(Path(task, "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir()) / 1e9


def settle(pid: int):
    """Waits until the process does next to nothing."""
    deadline = time.monotonic() + LONGEST_SETTLING
    while time.monotonic() < deadline:
        before = cpu_seconds(pid)
        time.sleep(1)
        if cpu_seconds(pid) - before < AT_REST:
            return


def window_probes() -> int:
    """Packets so far by which this machine asked a receiver whether it has room again."""
    lines = Path("/proc/net/netstat").read_text().splitlines()
    counts = dict(zip(lines[0].split(), lines[1].split()))
    return int(counts["TCPWinProbe"])


def start_proxy(binary: str, home: Path, port: int, server: int, connections: int) -> subprocess.Popen:
    config = home / f"{port}.yaml"
    config.write_text(CONFIG.format(port=port, server=server, connections=connections))
    with open(home / f"{port}.log", "wb") as log:
        proxy = subprocess.Popen([binary, "run", "-c", str(config)], stderr=log, stdout=log)
    deadline = time.monotonic() + 10
    while socket.socket().connect_ex(("127.0.0.1", port)) != 0 and time.monotonic() < deadline:
        time.sleep(0.05)
    for task in Path(f"/proc/{proxy.pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), {0})
    return proxy


def measure(binary: str, kind: str, clients: int, seconds: float) -> dict:
    server, bare, connected = Server(), Bare(), multiprocessing.Event()
    ports = [free_port(), free_port()]
    target = bare.port if kind == "bare" else ports[0]
    helpers = [multiprocessing.Process(target=(bare if kind == "bare" else server).run, daemon=True),
               multiprocessing.Process(target=slow_clients, args=(target, clients, kind, connected), daemon=True)]
    helpers[0].start()
    proxies = []
    with tempfile.TemporaryDirectory(prefix="fairlead-slow-") as home:
        try:
            proxies = [start_proxy(binary, Path(home), port, server.port, clients + 100) for port in ports]
            alone, _ = latencies(ports, seconds / 3)
            before = resident_mib(proxies[0].pid)
            helpers[1].start()
            connected.wait(60)
            settle(proxies[0].pid)
            used, probes = cpu_seconds(proxies[0].pid), window_probes()
            beside, control = latencies(ports, seconds)
            return {"memory": resident_mib(proxies[0].pid) - before, "alone": alone, "beside": beside,
                    "control": control, "cpu": (cpu_seconds(proxies[0].pid) - used) / seconds,
                    "probes": (window_probes() - probes) / seconds}
        finally:
            for helper in helpers:
                if helper.pid is not None:
                    helper.kill()
            for proxy in proxies:
                proxy.kill()
                proxy.wait()


def allow_files(wanted: int) -> int:
    """Raises the limit of open files as far as may be, and says what it is."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
        return wanted
    except ValueError:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        return hard


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--binary", default=str(ROOT / "build/release/fairlead"))
    parser.add_argument("--kinds", default=",".join(KINDS))
    options = parser.parse_args()
    files = allow_files(2 * options.clients + OWN_FILES)
    os.sched_setaffinity(0, {1})
    print(f"slow clients with a byte every {STEP:.0f} s; a fast client's p50/p99 in us")
    for kind in options.kinds.split(","):
        clients = min(options.clients, (files - OWN_FILES) // FILES[kind])
        result = measure(options.binary, kind, clients, options.seconds)
        alone, beside, control = (f"{result[what][0]:5.0f}/{result[what][1]:5.0f}"
                                  for what in ("alone", "beside", "control"))
        print(f"{kind:7} {clients:6} clients {result['memory']:6.1f} MiB  alone {alone}  beside {beside}  second proxy {control}"
              f"  {100 * result['cpu']:.1f} % of a core  {result['probes']:.0f} window probes/s", flush=True)


if __name__ == "__main__":
    main()
