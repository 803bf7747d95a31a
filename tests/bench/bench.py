#!/usr/bin/env python3
"""Compares Fairlead with nginx and HAProxy on this machine: `./dev bench [--rounds N] [--rows NAME...] [--budget]`.

The proxy on core 0; servers and clients on core 1. What counts is the CPU time of the proxy for each request, which says
the same whether or not the clients could have asked for more. The programs run side by side and are asked in turn, so that
what else the machine does falls on all of them. README.md beside this file says how to read the result; rows.py has the rows.
"""

import argparse
import functools
import os
import resource
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import report
from proxies import LOAD_CORE, ROOT, Fairlead, Haproxy, Nginx, Program, Proxy, free_port, wait_for_answer
from rows import ROWS, STEADY_SHARE, Row, Site, most_requests

PROGRAMS = {"nginx": Nginx, "haproxy": Haproxy, "fairlead": Fairlead}
MANY_ADDRESSES = 250  # of each of the four servers


def start_servers(home: Path) -> tuple[Program, list[str], list[str]]:
    """The servers, their addresses, and a thousand addresses of theirs."""
    ports = [free_port() for _ in range(4)]
    program = Program([str(ROOT / "build/release/fairlead_bench_backend"), "--addresses", str(MANY_ADDRESSES), *map(str, ports)],
                      home, LOAD_CORE)
    wait_for_answer(ports[-1], program)
    many = [f"127.0.1.{number}:{port}" for number in range(1, MANY_ADDRESSES + 1) for port in ports]
    return program, [f"127.0.0.1:{port}" for port in ports], many


def measure_all(rows: list[Row], proxies: list[Proxy], site: Site, rounds: int) -> dict[str, report.Results]:
    """By row and program, one result for each round."""
    results = {row.name: {proxy.name: [] for proxy in proxies} for row in rows}
    for number in range(rounds):
        turn = number % len(proxies)
        for row in rows:
            if number >= max(1, round(rounds * row.rounds_share)):
                continue
            for name, result in row.measure(proxies[turn:] + proxies[:turn], site).items():
                results[row.name][name].append(result)
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
    return results


def compare(rows: list[Row], arguments: argparse.Namespace) -> dict[str, report.Results]:
    with tempfile.TemporaryDirectory(prefix="fairlead-bench-") as folder:
        program, servers, many_servers = start_servers(Path(folder))
        try:
            proxies = [PROGRAMS[name](name, Path(folder)) for name in arguments.only]

            @functools.cache
            def steady_rate() -> float:
                return STEADY_SHARE * min(most_requests(proxy, site) for proxy in proxies)

            site = Site(servers, many_servers, arguments.seconds, steady_rate)
            return measure_all(rows, proxies, site, arguments.rounds)
        finally:
            program.stop()


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description="compare with nginx and HAProxy")
    parser.add_argument("--rounds", type=int, default=5, help="rounds (5)")
    parser.add_argument("--seconds", type=float, default=1.0, help="measured time for each cell and round (1)")
    parser.add_argument("--only", nargs="+", choices=PROGRAMS, default=list(PROGRAMS), metavar="PROGRAM",
                        help=f"of {', '.join(PROGRAMS)}")
    parser.add_argument("--rows", nargs="+", choices=[row.name for row in ROWS], default=[row.name for row in ROWS],
                        metavar="ROW", help=f"of {', '.join(row.name for row in ROWS)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write every round (build/bench/TIME.json)")
    parser.add_argument("--budget", action="store_true", help="end with 1 if Fairlead misses a bar")
    return parser.parse_args()


def main() -> int:
    arguments = read_arguments()
    if os.cpu_count() < 2:
        print("error: the benchmark needs two cores, one of them for the proxy alone", file=sys.stderr)
        return 1
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    rows = [row for row in ROWS if row.name in arguments.rows]
    results = compare(rows, arguments)
    for row in rows:
        print(report.table(row, results[row.name]))
    path = report.write_json(rows, results, arguments.json)
    print(f"\nwritten to {os.path.relpath(path)}")
    missed = [row.name for row in rows if not all(verdict.is_met for verdict in report.verdicts(row, results[row.name]))]
    print(f"bars that Fairlead misses: {', '.join(missed) or 'none'}")
    return 1 if missed and arguments.budget else 0


if __name__ == "__main__":
    sys.exit(main())
