#!/usr/bin/env python3
"""What a request costs in system calls and allocations: `./dev bench calls [--only PROGRAM...] [--path /1m]`.

strace counts the calls of one worker while one connection, and then 64, ask for a second or so; the figures are calls for each
request, with those that found nothing to do (EAGAIN) in brackets. Opening the connections is in them, far behind the point.
Tracing makes every call slow, so neither times nor requests per second mean anything here.
"""

import argparse
import mmap
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from bench import PROGRAMS, start_servers
from proxies import ROOT, Flavour, Program, Proxy, free_port
from rows import ask

# One line of `strace -c`: share, seconds, microseconds for each call, calls, errors if any, name.
LINE = re.compile(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(?P<calls>\d+)\s+(?P<errors>\d+)?\s*(?P<name>[a-z_0-9]+)$", re.M)
CONNECTIONS = (1, 64)
AT_LEAST = 0.01  # of a call for each request, to be shown
PRELOADED = ROOT / "build/release/libfairlead_bench_allocations.so"


def switches(program: Program) -> list[str]:
    """For each thread, how often it has run so far."""
    tasks = sorted(task for pid in program.pids() for task in Path(f"/proc/{pid}/task").glob("*/status"))
    return [line for task in tasks for line in task.read_text().splitlines() if "ctxt_switches" in line]


def wait_idle(program: Program, seconds: float = 20):
    """Returns once no thread of it has run for twenty milliseconds."""
    deadline = time.monotonic() + seconds
    before = None
    while (now := switches(program)) != before:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{program.popen.args[0]} does not come to rest")
        before = now
        time.sleep(0.02)


def count_calls(program: Program, port: int, home: Path, seconds: float, **load) -> dict[str, tuple[float, float]]:
    """Calls and failed calls of each name for each request."""
    report = home / "calls"
    report.unlink(missing_ok=True)
    command = ["strace", "-f", "-c", "-o", str(report)]
    for pid in program.pids():
        command += ["-p", str(pid)]
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    tracer.stderr.readline()  # "Process ... attached": from here on it counts
    requests = ask(program, port, seconds, warm=0, **load)["requests"]
    tracer.send_signal(signal.SIGINT)
    tracer.wait()
    text = report.read_text()
    found = {line["name"]: (int(line["calls"]) / requests, int(line["errors"] or 0) / requests) for line in LINE.finditer(text)}
    found.pop("total", None)
    return found


def count_allocations(proxy: Proxy, flavour: Flavour, home: Path, seconds: float, **load) -> float:
    """Calls of malloc and the like for each request, once everything is warm."""
    counter, port = home / "allocations", free_port()
    counter.write_bytes(bytes(8))
    program = proxy.start(flavour, port, {"LD_PRELOAD": str(PRELOADED), "FAIRLEAD_ALLOCATIONS": str(counter)})
    try:
        ask(program, port, 0.5, **load)
        with open(counter, "rb") as file, mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ) as view:
            before = struct.unpack("Q", view[:8])[0]
            requests = ask(program, port, seconds, warm=0, **load)["requests"]
            return (struct.unpack("Q", view[:8])[0] - before) / requests
    finally:
        program.stop()


def table(found: dict[str, dict[str, tuple[float, float]]], connections: int) -> str:
    most = Counter()
    for calls in found.values():
        for name, (count, _) in calls.items():
            most[name] = max(most[name], count)
    lines = [f"calls for each request, {connections} connection{'s' if connections > 1 else ''}"
             + "".join(f"{name:>16}" for name in found)]
    for name, count in most.most_common():
        if count >= AT_LEAST:
            cells = (calls.get(name, (0, 0)) for calls in found.values())
            lines.append(f"  {name:{len(lines[0]) - 16 * len(found) - 2}}" + "".join(f"{cell(*pair):>16}" for pair in cells))
    totals = (f"{sum(count for count, _ in calls.values()):.2f}" for calls in found.values())
    return "\n".join(lines + [f"  {'together':{len(lines[0]) - 16 * len(found) - 2}}" + "".join(f"{total:>16}" for total in totals)])


def cell(count: float, failed: float) -> str:
    return f"{count:.2f}" + (f" ({failed:.2f})" if failed >= AT_LEAST else "")


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev bench calls", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PROGRAMS, default=list(PROGRAMS), metavar="PROGRAM", help=f"of {', '.join(PROGRAMS)}")
    parser.add_argument("--seconds", type=float, default=1.5, help="for each count (1.5)")
    parser.add_argument("--path", choices=("/", "/64k", "/1m"), default="/", help="what is asked for (/, which has 128 bytes)")
    arguments = parser.parse_args()
    if shutil.which("strace") is None:
        print("strace is not installed, and it is what counts the calls: apt-get install strace", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="fairlead-calls-") as folder:
        home = Path(folder)
        servers, addresses, _ = start_servers(home)
        flavour = Flavour(addresses)
        try:
            proxies = [PROGRAMS[name](name, home) for name in arguments.only]
            for connections in CONNECTIONS:
                found = {}
                for proxy in proxies:
                    port = free_port()
                    program = proxy.start(flavour, port)
                    wait_idle(program)  # what a program does as it starts is not of a request
                    try:
                        found[proxy.name] = count_calls(program, port, home, arguments.seconds, connections=connections, path=arguments.path)
                    finally:
                        program.stop()
                print(table(found, connections) + "\n")
            print("allocations for each request, 64 connections")
            for proxy in proxies:
                count = count_allocations(proxy, flavour, home, arguments.seconds, connections=64, path=arguments.path)
                print(f"  {proxy.name:10} {count:.3f}")
        finally:
            servers.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
