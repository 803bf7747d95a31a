#!/usr/bin/env python3
"""Compares what clients see of a server in trouble: `./dev bench trouble [--only TEXT] [--seconds S]`.

Four servers that answer after 5 ms, and 300 requests a second at fixed times: latency counts from the time at which a
request was due. In "one slow" a server takes 20 times as long, and every algorithm of Fairlead, nginx and HAProxy is
measured after 5 seconds of it. In the others a server fails in one way after two seconds, and six seconds later it is well again;
the three programs have the settings that serve them best. A request failed if it got anything but a complete 200.

Detected: from the failure until the last request that reached the server, failed, or took more than half a second.
Recovered: from the end of the failure until a second began in which the server got four fifths of an even share.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from noticing import Server
from proxies import LOAD_CORE, PROXY_CORE, ROOT, Program, free_port, wait_for_answer

RATE = 300
CONNECTIONS = 128
WARM_UP = 5  # seconds in which whoever compares answer times has seen enough
BEFORE, FAILING, AFTER = 2.0, 6.0, 14.0  # seconds
FAILURES = ("killed", "hung", "500 at once", "resets in responses", "flaps")
# What clients of Fairlead may see: failed requests, and seconds until the failure is detected.
MAY_FAIL = {"killed": 0, "hung": 0, "500 at once": 0}
DETECTED_WITHIN = {"resets in responses": 1.0}

FAIRLEAD = """\
version: 1
workers: 1
listeners: {{web: {{address: "127.0.0.1:{port}"}}}}
routes: [{{to: app, timeouts: {{first_byte: 3s, per_try: 1s}}, retry: {{statuses: [500]}}}}]
pools:
  app:
    servers: [{servers}]
    algorithm: {algorithm}
    health: {{path: /health, every: 1s, timeout: 1s, fall: 2, rise: 2}}
    passive: {{statuses: [500, 502, 503, 504]}}
log: {{access: {{output: off}}}}
"""
NGINX = """
worker_processes 1; daemon off; pid {home}/pid; error_log {home}/error.log crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
  upstream servers {{
    zone servers 64k; {algorithm}
    {servers}
    keepalive 128;
  }}
  proxy_http_version 1.1; proxy_set_header Connection "";
  proxy_connect_timeout 1s; proxy_read_timeout 1s;
  proxy_next_upstream error timeout http_500; proxy_next_upstream_tries 2;
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://servers; }} }}
}}
"""
HAPROXY = """
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 1s
  timeout client 10s
  timeout server 1s
  http-reuse always
  option redispatch 1
  retries 1
  retry-on all-retryable-errors
frontend web
  bind 127.0.0.1:{port}
  default_backend servers
backend servers
  balance {algorithm}
  option httpchk GET /health
  default-server check inter 1s fall 2 rise 2 observe layer7 error-limit 5 on-error mark-down
  {servers}
"""
ALGORITHMS = {
    "fairlead": ("least_requests", "ewma", "prequal", "p2c", "round_robin", "random"),
    "nginx": ("", "least_conn;", "random two;"),
    "haproxy": ("roundrobin", "leastconn", "random"),
}
USUAL = {"fairlead": "least_requests", "nginx": "", "haproxy": "leastconn"}


def start(name: str, algorithm: str, servers: list[Server], home: Path) -> tuple[Program, int]:
    port = free_port()
    if name == "fairlead":
        lines = ", ".join(f'"127.0.0.1:{server.port}"' for server in servers)
        command = [str(ROOT / "build/release/fairlead"), "run", "-c", str(home / "conf.yaml")]
        (home / "conf.yaml").write_text(FAIRLEAD.format(servers=lines, port=port, algorithm=algorithm))
    elif name == "nginx":
        lines = "\n    ".join(f"server 127.0.0.1:{server.port};" for server in servers)
        command = [shutil.which("nginx") or "/usr/sbin/nginx", "-p", str(home), "-c", str(home / "conf"), "-e", "stderr"]
        (home / "conf").write_text(NGINX.format(home=home, servers=lines, port=port, algorithm=algorithm))
    else:
        lines = "\n  ".join(f"server s{server.port} 127.0.0.1:{server.port}" for server in servers)
        command = [shutil.which("haproxy") or "/usr/sbin/haproxy", "-db", "-f", str(home / "conf")]
        (home / "conf").write_text(HAPROXY.format(servers=lines, port=port, algorithm=algorithm))
    program = Program(command, home, PROXY_CORE)
    wait_for_answer(port, program)
    return program, port


class Trouble(threading.Thread):
    """Makes a server fail for a while, once or again and again."""

    def __init__(self, server: Server, how: str):
        super().__init__(daemon=True)
        self._server, self._how = server, how
        self.began = self.ended = 0.0
        self.start()

    def run(self):
        time.sleep(BEFORE)
        self.began = time.monotonic()
        if self._how == "flaps":
            while time.monotonic() < self.began + FAILING:
                self._fail_for("killed", 0.7)
                time.sleep(0.7)
        else:
            self._fail_for(self._how, FAILING)

    def _fail_for(self, how: str, seconds: float):
        self._server.fail(how)
        time.sleep(seconds)
        # Before it recovers: a hung server then finds at once what waited for it.
        self.ended = time.monotonic()
        self._server.recover(how)


def detected_after(trouble: Trouble, to_server: list[float], last_bad: float) -> float | None:
    """None if it took all the time; 0 if neither a client nor the server saw anything of it."""
    seen = max((moment for moment in (*to_server, last_bad) if moment < trouble.ended), default=0)
    return max(seen - trouble.began, 0) if seen < trouble.ended - 0.5 else None


def recovered_after(trouble: Trouble, to_server: list[float], to_all: list[float]) -> float | None:
    """None if it never got its share again. A tenth of a second is left to what a hung server finds waiting."""
    for step in range(1, int(10 * (AFTER - 1))):
        start = trouble.ended + step / 10
        share, everything = (sum(start <= moment < start + 1 for moment in moments) for moments in (to_server, to_all))
        if share >= 0.8 * everything / 4 > 0:
            return step / 10
    return None


def run(name: str, algorithm: str, how: str, seconds: float) -> dict:
    servers = [Server() for _ in range(4)]
    with tempfile.TemporaryDirectory(prefix="fairlead-trouble-") as home:
        program, port = start(name, algorithm, servers, Path(home))
        try:
            is_slow = how == "one slow"
            if is_slow:
                servers[0].fail("20 times slower")
            else:
                trouble = Trouble(servers[0], how)
            output = subprocess.run(
                ["taskset", "-c", LOAD_CORE, str(ROOT / "build/release/fairlead_bench_load"), "--port", str(port),
                 "--connections", str(CONNECTIONS), "--rate", str(RATE), "--seconds", str(seconds),
                 "--warm", str(WARM_UP if is_slow else 0)],
                capture_output=True, text=True, check=True, timeout=seconds + 60).stdout
            result = json.loads(output)
            times = [server.times() for server in servers]
            if is_slow:
                result["share"] = len(times[0]) / max(1, sum(map(len, times)))
            else:
                trouble.join()
                result["detected"] = detected_after(trouble, times[0], result["last_bad"])
                result["recovered"] = recovered_after(trouble, times[0], sum(times, []))
            return result
        finally:
            program.stop()
            for server in servers:
                server.end()


def table(rows: list[tuple]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def milliseconds(result: dict, key: str) -> str:
    return f"{result[key] / 1000:.1f}"


def duration(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.2f} s"


def verdict(is_met: bool, text: str) -> str:
    return f"{'met' if is_met else 'NOT MET'}: {text}"


def compare_slow(seconds: float, only: str) -> tuple[list[tuple], list[str]]:
    """A table and what it says of the bars."""
    rows = [("one server 20 times slower", "p50 ms", "p99 ms", "p99.9 ms", "its share", "failed")]
    p99 = {}
    for name, algorithms in ALGORITHMS.items():
        for algorithm in algorithms:
            label = f"{name} {algorithm.rstrip(';') or 'round robin'}"
            if only not in f"one slow {label}":
                continue
            result = run(name, algorithm, "one slow", seconds)
            p99[label] = result["p99_us"]
            rows.append((label, milliseconds(result, "p50_us"), milliseconds(result, "p99_us"), milliseconds(result, "p999_us"),
                         f"{100 * result['share']:.1f} %", str(result["errors"])))
            print(rows[-1], file=sys.stderr)
    ours = p99.get(f"fairlead {USUAL['fairlead']}")
    peers = [value for label, value in p99.items() if not label.startswith("fairlead")]
    if ours is None or not peers:
        return rows, []
    return rows, [verdict(ours < min(peers), f"p99 of the default {ours / 1000:.1f} ms, best of the peers {min(peers) / 1000:.1f} ms")]


def compare_failures(only: str) -> tuple[list[tuple], list[str]]:
    rows = [("one server", "program", "failed", "of", "p99 ms", "p99.9 ms", "detected", "recovered")]
    verdicts = []
    for how in FAILURES:
        for name, algorithm in USUAL.items():
            if only not in f"{how} {name}":
                continue
            result = run(name, algorithm, how, BEFORE + FAILING + AFTER)
            rows.append((how, name, str(result["errors"]), str(result["requests"] + result["errors"]),
                         milliseconds(result, "p99_us"), milliseconds(result, "p999_us"),
                         "" if how == "flaps" else duration(result["detected"]), duration(result["recovered"])))
            print(rows[-1], file=sys.stderr)
            if name == "fairlead":
                verdicts += judge(how, result)
    return rows, verdicts


def judge(how: str, result: dict) -> list[str]:
    found = []
    if how in MAY_FAIL:
        found.append(verdict(result["errors"] <= MAY_FAIL[how], f"{how}: {result['errors']} failed, at most {MAY_FAIL[how]}"))
    if how in DETECTED_WITHIN:
        detected, limit = result["detected"], DETECTED_WITHIN[how]
        found.append(verdict(detected is not None and detected <= limit, f"{how}: detected {duration(detected)}, within {limit:g} s"))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10, help="measured time of each row with a slow server (10)")
    parser.add_argument("--only", default="", help="only rows that contain this text")
    arguments = parser.parse_args()
    tables = [compare_slow(arguments.seconds, arguments.only), compare_failures(arguments.only)]
    if all(len(rows) == 1 for rows, _ in tables):
        parser.error(f"no row contains `{arguments.only}`")
    for rows, verdicts in tables:
        if len(rows) > 1:
            print("\n".join([table(rows), *verdicts, ""]))


if __name__ == "__main__":
    main()
