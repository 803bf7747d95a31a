#!/usr/bin/env python3
"""Compares Fairlead with nginx and HAProxy on this machine: `./dev bench [--rounds N] [--only NAME,...] [--budget]`.

One worker of the proxy on core 0; servers and clients on core 1. What counts is the CPU time of the proxy for each
request, which says the same whether or not the clients could have asked for more. The programs take turns within each
round, so that what else the machine does falls on all of them. README.md beside this file says how to read the result.
"""

import argparse
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Callable, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))
from proxies import LOAD_CORE, ROOT, Fairlead, FairleadWithLog, Haproxy, Nginx, Program, Proxy, free_port, wait_for_answer

BUILD = ROOT / "build/release"
IDLE_CONNECTIONS = 10_000
KINDS = {"nginx": Nginx, "haproxy": Haproxy, "fairlead": Fairlead, "fairlead +log": FairleadWithLog}


class Scenario(NamedTuple):
    name: str
    unit: str
    measure: Callable[[Proxy, "argparse.Namespace"], dict]
    rounds_share: float = 1.0  # of the rounds that were asked for


def load(connections: int, path: str) -> Callable:
    def measure(proxy: Proxy, arguments) -> dict:
        program = proxy.start()
        try:
            command = ["taskset", "-c", LOAD_CORE, str(BUILD / "fairlead_bench_load"), "--port", str(proxy.port),
                       "--connections", str(connections), "--path", path, "--seconds", str(arguments.seconds)]
            if arguments.rate:
                command += ["--rate", str(arguments.rate)]
            for pid in program.pids():
                command += ["--pid", str(pid)]
            output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
        finally:
            program.stop()
        result = json.loads(output)
        if result["requests"] == 0:
            raise RuntimeError(f"{proxy.name} answered nothing: {output}")
        result["value"] = result["cpu_ns"] / result["requests"] / 1000
        result["rate"] = result["requests"] / result["seconds"]
        return result

    return measure


def idle_memory(proxy: Proxy, _) -> dict:
    """Bytes by which the proxy grows for each connection that was served once and is kept open."""
    program = proxy.start()
    clients = []
    try:
        before = program.resident_bytes()
        for _ in range(IDLE_CONNECTIONS):
            client = socket.create_connection(("127.0.0.1", proxy.port), timeout=10)
            clients.append(client)
            client.sendall(b"GET / HTTP/1.1\r\nHost: bench.test\r\n\r\n")
            if not client.recv(4096).startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"{proxy.name} refused connection {len(clients)}")
        return {"value": (program.resident_bytes() - before) / IDLE_CONNECTIONS}
    finally:
        for client in clients:
            client.close()
        program.stop()


def start_time(proxy: Proxy, _) -> dict:
    start = time.monotonic()
    program = proxy.start(core=None)
    elapsed = time.monotonic() - start
    program.stop()
    return {"value": elapsed * 1000}


SCENARIOS = (
    Scenario("small, 64 connections", "us CPU/request", load(64, "/")),
    Scenario("small, 1000 connections", "us CPU/request", load(1000, "/")),
    Scenario("64 KiB, 64 connections", "us CPU/request", load(64, "/64k")),
    Scenario("1 MiB, 16 connections", "us CPU/request", load(16, "/1m")),
    Scenario("idle connection", "bytes of memory", idle_memory, 0.2),
    Scenario("start to first answer", "ms", start_time),
)

# What Fairlead must reach: (scenario, compared with or None, at most).
BUDGET = (
    ("small, 64 connections", "nginx", 0.85),
    ("small, 64 connections", "haproxy", 0.80),
    ("idle connection", None, 1536),
    ("start to first answer", None, 100),
)


def measure_all(scenarios: list[Scenario], proxies: list[Proxy], arguments) -> dict:
    """Results by scenario and proxy, one for each round."""
    results = {scenario.name: {proxy.name: [] for proxy in proxies} for scenario in scenarios}
    for number in range(arguments.rounds):
        turn = number % len(proxies)
        for scenario in scenarios:
            if number >= max(1, round(arguments.rounds * scenario.rounds_share)):
                continue
            for proxy in proxies[turn:] + proxies[:turn]:
                results[scenario.name][proxy.name].append(scenario.measure(proxy, arguments))
        print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr)
    return results


def median(results: list[dict], key: str = "value") -> float:
    return statistics.median(result[key] for result in results)


def table(scenarios: list[Scenario], results: dict) -> str:
    lines = []
    for scenario in scenarios:
        rows = results[scenario.name]
        rivals = [name for name in ("nginx", "haproxy") if name in rows]
        lines += ["", f"{scenario.name} ({scenario.unit})",
                  f"  {'':15} {'median':>9} {'min':>9} {'max':>9}" + "".join(f" {'/' + rival:>9}" for rival in rivals)
                  + f" {'req/s':>9} {'p50 us':>8} {'p99 us':>8} {'errors':>7}"]
        for name, runs in rows.items():
            values = [run["value"] for run in runs]
            line = f"  {name:15} {median(runs):9.2f} {min(values):9.2f} {max(values):9.2f}"
            line += "".join(f" {median(runs) / median(rows[rival]):9.2f}" for rival in rivals)
            if "rate" in runs[0]:
                line += f" {median(runs, 'rate'):9.0f} {median(runs, 'p50_us'):8.0f} {median(runs, 'p99_us'):8.0f}"
                line += f" {sum(run['errors'] for run in runs):7}"
            lines.append(line)
    return "\n".join(lines)


def over_budget(results: dict) -> list[str]:
    found = []
    for scenario, rival, limit in BUDGET:
        rows = results.get(scenario, {})
        if "fairlead" not in rows or (rival and rival not in rows):
            continue
        value = median(rows["fairlead"]) / (median(rows[rival]) if rival else 1)
        if value > limit:
            found.append(f"{scenario}: {value:.2f}{' of ' + rival if rival else ''}, at most {limit}")
    return found


def start_backends(home: Path) -> tuple[Program, list[int]]:
    ports = [free_port() for _ in range(4)]
    program = Program([str(BUILD / "fairlead_bench_backend"), *map(str, ports)], home, LOAD_CORE)
    wait_for_answer(ports[-1], program)
    return program, ports


def machine() -> dict:
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "unknown")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return {"cpu": model, "cores": os.cpu_count(), "kernel": os.uname().release, "commit": commit.stdout.strip(),
            "time": datetime.now(timezone.utc).isoformat(timespec="seconds")}


def write_json(scenarios: list[Scenario], results: dict) -> Path:
    folder = ROOT / "build/bench"
    folder.mkdir(parents=True, exist_ok=True)
    facts = machine()
    document = {"schema": "fairlead.bench/v1", "machine": facts, "scenarios": [
        {"name": scenario.name, "unit": scenario.unit, "rows": results[scenario.name]} for scenario in scenarios]}
    path = folder / f"{facts['time'].replace(':', '')}.json"
    path.write_text(json.dumps(document, indent=1))
    return path


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description="compare with nginx and HAProxy")
    parser.add_argument("--rounds", type=int, default=5, help="rounds (5)")
    parser.add_argument("--seconds", type=float, default=1.0, help="measured time for each cell and round (1)")
    parser.add_argument("--rate", type=float, default=0, help="requests a second at fixed times; default: as many as go")
    parser.add_argument("--only", default=",".join(KINDS), help="programs, with commas between them")
    parser.add_argument("--scenarios", default="", help="only scenarios whose name contains this")
    parser.add_argument("--budget", action="store_true", help="end with 1 if Fairlead is over its budget")
    return parser.parse_args()


def main() -> int:
    arguments = read_arguments()
    if os.cpu_count() < 2:
        print("error: the benchmark needs two cores, one of them for the proxy alone", file=sys.stderr)
        return 1
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    scenarios = [scenario for scenario in SCENARIOS if arguments.scenarios in scenario.name]
    with tempfile.TemporaryDirectory(prefix="fairlead-bench-") as folder:
        backends, ports = start_backends(Path(folder))
        try:
            proxies = [KINDS[name](name, Path(folder), ports) for name in arguments.only.split(",")]
            results = measure_all(scenarios, proxies, arguments)
        finally:
            backends.stop()
    print(table(scenarios, results))
    print(f"\nwritten to {write_json(scenarios, results).relative_to(ROOT)}")
    over = over_budget(results)
    for line in over:
        print(f"over budget: {line}")
    return 1 if over and arguments.budget else 0


if __name__ == "__main__":
    sys.exit(main())
