"""The rows of the benchmark: what each one measures, and how well Fairlead must do in it.

A row runs the programs once and returns what it found of each: `value` in the row's unit, and whatever else is known.
`cpu_ns` is the run time of all threads of the program, kernel included.
"""

import json
import os
import socket
import statistics
import subprocess
import time
from contextlib import ExitStack
from typing import Callable, NamedTuple

from proxies import LOAD_CORE, ROOT, Flavour, Program, Proxy, free_port

IDLE_CONNECTIONS = 5_000
IDLE_TUNNELS = 2_000
ECHO_TUNNELS = 64
SLICES = 4  # of each measurement: the programs run side by side and are asked in turn
STEADY_SHARE = 0.6  # of what the slowest peer can do
MIB = 1 << 20
REQUEST = b"GET / HTTP/1.1\r\nHost: h0.bench.test\r\n\r\n"
HANDSHAKE = (b"GET /tunnel HTTP/1.1\r\nHost: h0.bench.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
FRAME = b"\x81\x85\x00\x00\x00\x00Hello"


class Site(NamedTuple):
    """Where the rows run."""

    servers: list[str]
    many_servers: list[str]  # 1,000 addresses of the same servers
    seconds: float  # of one measurement
    steady_rate: Callable[[], float]  # requests a second that every program can bear


class Bar(NamedTuple):
    """What Fairlead must reach: a median of at most `limit`, or of that share of the better peer's median."""

    limit: float
    of_peers: bool = True
    key: str = "value"


class Row(NamedTuple):
    name: str
    title: str
    unit: str
    measure: Callable[[list[Proxy], Site], dict[str, dict]]  # by the program's name
    bars: tuple[Bar, ...] = ()
    rounds_share: float = 1.0  # of the rounds that were asked for


def ask(program: Program, port: int, seconds: float, warm: float = 0.3, **options) -> dict:
    """Runs the clients; `options` are those of load.cc."""
    command = ["taskset", "-c", LOAD_CORE, str(ROOT / "build/release/fairlead_bench_load"), "--port", str(port),
               "--seconds", str(seconds), "--warm", str(warm)]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    for pid in program.pids():
        command += ["--pid", str(pid)]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60 + seconds).stdout
    result = json.loads(output)
    if result["requests"] == 0:
        raise RuntimeError(f"nothing was answered: {output}")
    result["rate"] = result["requests"] / result["seconds"]
    return result


def each(measure: Callable[[Proxy, Site], dict]) -> Callable[[list[Proxy], Site], dict[str, dict]]:
    """One program after the other."""
    return lambda proxies, site: {proxy.name: measure(proxy, site) for proxy in proxies}


def start_all(proxies: list[Proxy], flavour: Flavour, stack: ExitStack) -> list[tuple[Proxy, Program, int]]:
    """Side by side, each with its port, until the stack ends."""
    sides = []
    for proxy in proxies:
        port = free_port()
        program = proxy.start(flavour, port)
        stack.callback(program.stop)
        sides.append((proxy, program, port))
    return sides


def together(runs: list[dict]) -> dict:
    """What slices of one measurement say together; of percentiles, the median of theirs."""
    merged = {key: sum(run[key] for run in runs) for key in ("cpu_ns", "requests", "seconds", "errors")}
    merged |= {key: statistics.median(run[key] for run in runs) for key in ("p50_us", "p99_us", "p999_us")}
    return merged | {"rate": merged["requests"] / merged["seconds"]}


def in_turn(proxies: list[Proxy], flavour: Flavour, seconds: float, **options) -> dict[str, dict]:
    """All programs under the same load, a slice of the time each, so that what else the machine does falls on all."""
    runs = {proxy.name: [] for proxy in proxies}
    with ExitStack() as stack:
        sides = start_all(proxies, flavour, stack)
        for _ in range(SLICES):
            for proxy, program, port in sides:
                runs[proxy.name].append(ask(program, port, seconds / SLICES, 0.15, **options))
    return {name: together(found) for name, found in runs.items()}


def cpu(flavour: dict | None = None, **options) -> Callable[[list[Proxy], Site], dict[str, dict]]:
    """Microseconds of CPU time for each request."""

    def measure(proxies: list[Proxy], site: Site) -> dict[str, dict]:
        results = in_turn(proxies, Flavour(site.servers, **(flavour or {})), site.seconds, **options)
        return {name: result | {"value": result["cpu_ns"] / result["requests"] / 1000} for name, result in results.items()}

    return measure


def steady_latency(proxies: list[Proxy], site: Site) -> dict[str, dict]:
    """Microseconds within which 99 % are answered, from the time at which each was due."""
    results = in_turn(proxies, Flavour(site.servers), 3 * site.seconds, connections=64, rate=round(site.steady_rate()))
    return {name: result | {"value": result["p99_us"]} for name, result in results.items()}


def most_requests(proxy: Proxy, site: Site) -> float:
    """Requests a second when each of 64 connections asks again as soon as it is answered, in the best of a few times."""
    return max(cpu(connections=64)([proxy], site)[proxy.name]["rate"] for _ in range(3))


def compare(usual: Callable[[Site], Flavour], other: Callable[[Site], Flavour], hosts: int = 1, **options):
    """Microseconds of CPU time for each request in the other flavour, and its ratio to the usual one.

    Both run side by side and are asked in turn, because the ratio should be right to a few percent.
    """

    def measure(proxy: Proxy, site: Site) -> dict:
        with ExitStack() as stack:
            sides = [(start_all([proxy], make(site), stack)[0], count, []) for make, count in ((usual, 1), (other, hosts))]
            for _ in range(SLICES):
                for (_, program, port), count, found in sides:
                    found.append(ask(program, port, site.seconds / 2, 0.2, hosts=count, **options))
        base, value = (sum(run["cpu_ns"] for run in found) / sum(run["requests"] for run in found) / 1000 for *_, found in sides)
        errors = sum(run["errors"] for *_, found in sides for run in found)
        return {"value": value, "base": base, "ratio": value / base, "errors": errors}

    return each(measure)


def memory_each(count: int, open_one: Callable[[int], socket.socket]) -> Callable[[list[Proxy], Site], dict[str, dict]]:
    """Bytes of user memory by which the proxy grows for each client that `open_one` connects and leaves idle."""

    def measure(proxy: Proxy, site: Site) -> dict:
        with ExitStack() as stack:
            _, program, port = start_all([proxy], Flavour(site.servers), stack)[0]
            before = program.memory()
            for _ in range(count):
                stack.enter_context(open_one(port))
            return {"value": (program.memory() - before) / count}

    return each(measure)


def exchange(client: socket.socket, data: bytes, expected: bytes):
    client.sendall(data)
    answer = client.recv(4096)
    if not answer.startswith(expected):
        raise RuntimeError(f"{expected} was expected, and {answer} came")


def served_connection(port: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=10)
    exchange(client, REQUEST, b"HTTP/1.1 200")
    return client


def used_tunnel(port: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=10)
    exchange(client, HANDSHAKE, b"HTTP/1.1 101")
    exchange(client, FRAME, FRAME)
    return client


def echo_for(seconds: float, program: Program, clients: list[socket.socket]) -> tuple[int, int]:
    """Messages that came back, all tunnels sending at once, and the CPU time that they took."""
    messages = 0
    before, deadline = program.cpu_ns(), time.monotonic() + seconds
    while time.monotonic() < deadline:
        for client in clients:
            client.sendall(FRAME)
        for client in clients:
            if client.recv(4096) != FRAME:
                raise RuntimeError("the echo is another")
        messages += len(clients)
    return messages, program.cpu_ns() - before


def echo(proxies: list[Proxy], site: Site) -> dict[str, dict]:
    """Microseconds of CPU time for each message of a WebSocket and its echo."""
    cores = os.sched_getaffinity(0)
    found = {proxy.name: [] for proxy in proxies}
    with ExitStack() as stack:
        sides = start_all(proxies, Flavour(site.servers), stack)
        os.sched_setaffinity(0, {int(LOAD_CORE)})
        stack.callback(os.sched_setaffinity, 0, cores)
        tunnels = {proxy.name: [stack.enter_context(used_tunnel(port)) for _ in range(ECHO_TUNNELS)] for proxy, _, port in sides}
        for _ in range(SLICES):
            for proxy, program, _ in sides:
                found[proxy.name].append(echo_for(site.seconds / SLICES, program, tunnels[proxy.name]))
    return {name: {"value": sum(ns for _, ns in runs) / sum(messages for messages, _ in runs) / 1000}
            for name, runs in found.items()}


def start_time(proxy: Proxy, site: Site) -> dict:
    start = time.monotonic()
    program = proxy.start(Flavour(site.servers), free_port())
    elapsed = time.monotonic() - start
    program.stop()
    return {"value": elapsed * 1000}


CPU = "us CPU/request"
ROWS = (
    Row("small-64", "small requests, 64 connections", CPU, cpu(connections=64), (Bar(0.75),)),
    Row("small-1000", "small requests, 1,000 connections", CPU, cpu(connections=1000), (Bar(0.60),)),
    Row("log-64", "small requests, 64 connections, everybody's access log on", CPU, cpu({"log": True}, connections=64), (Bar(0.75),)),
    Row("rate-5000", "small requests, 5,000/s at fixed times", CPU, cpu(connections=64, rate=5000), (Bar(0.80),)),
    Row("fresh", "a new connection for each request", CPU, cpu(connections=64, connection="close"), (Bar(1.0),)),
    Row("64k", "64 KiB responses, 64 connections", CPU, cpu(connections=64, path="/64k"), (Bar(0.90),)),
    Row("1m-down", "1 MiB responses, 16 connections", "us CPU/MiB", cpu(connections=16, path="/1m"), (Bar(1.0),)),
    Row("1m-up", "1 MiB uploads, 16 connections", "us CPU/MiB", cpu(connections=16, path="/1m", upload=MIB), (Bar(1.0),)),
    Row("latency", f"99 % answered within, at {STEADY_SHARE:.0%} of the slowest peer's most", "us", steady_latency,
        (Bar(0.90), Bar(0.90, key="p999_us"))),
    Row("idle", f"idle connection, one of {IDLE_CONNECTIONS:,}", "bytes", memory_each(IDLE_CONNECTIONS, served_connection),
        (Bar(1024, of_peers=False),), 0.4),
    Row("tunnel", f"idle WebSocket tunnel, one of {IDLE_TUNNELS:,}", "bytes", memory_each(IDLE_TUNNELS, used_tunnel),
        (Bar(2048, of_peers=False),), 0.4),
    Row("echo", f"a message and its echo, {ECHO_TUNNELS} WebSockets", "us CPU/message", echo, (Bar(1.0),)),
    Row("servers", "1,000 servers in the pool against 4, each request to the least busy; 1,000 connections", CPU,
        compare(lambda site: Flavour(site.servers, compares_servers=True),
                lambda site: Flavour(site.many_servers, compares_servers=True), connections=1000),
        (Bar(1.05, of_peers=False, key="ratio"),)),
    Row("hosts", "10,000 hosts, a route for each, against 1", CPU,
        compare(lambda site: Flavour(site.servers, hosts=1), lambda site: Flavour(site.servers, hosts=10_000), hosts=10_000,
                connections=64),
        (Bar(1.10, of_peers=False, key="ratio"),)),
    # Each of two workers finds half as much ready at a time; of so many connections that is enough.
    Row("workers", "two workers against one, 256 connections", CPU,
        compare(lambda site: Flavour(site.servers), lambda site: Flavour(site.servers, workers=2), connections=256),
        (Bar(1.05, of_peers=False, key="ratio"),)),
    Row("start", "start to first answer", "ms", each(start_time), (Bar(100, of_peers=False),)),
)
