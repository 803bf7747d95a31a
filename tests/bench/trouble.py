#!/usr/bin/env python3
"""Compares what clients see of a server in trouble: `./dev bench trouble [--only TEXT] [--seconds S]`.

Four servers that answer after 5 ms, and 300 requests a second at fixed times: latency counts from the time at which a
request was due. In "one slow" a server takes 20 times as long, and every algorithm of Fairlead, nginx and HAProxy is
measured after 5 seconds of it. In the others a server fails in one way after two seconds, and the three programs have the settings
that serve them best. A request failed if it got anything but a complete 200.
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
FAILURES = ("killed", "hung", "500 at once", "resets in responses", "flaps")

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
    "fairlead": ("least_requests", "ewma", "p2c", "round_robin", "random"),
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
    """Makes a server fail two seconds after the beginning."""

    def __init__(self, server: Server, how: str, seconds: float):
        super().__init__(daemon=True)
        self._server, self._how, self._seconds = server, how, seconds
        self.start()

    def run(self):
        time.sleep(2)
        if self._how != "flaps":
            return self._server.fail(self._how)
        until = time.monotonic() + self._seconds - 3
        while time.monotonic() < until:
            self._server.fail("killed")
            time.sleep(0.7)
            self._server.start()
            time.sleep(0.7)


def run(name: str, algorithm: str, how: str, seconds: float) -> dict:
    servers = [Server() for _ in range(4)]
    with tempfile.TemporaryDirectory(prefix="fairlead-trouble-") as home:
        program, port = start(name, algorithm, servers, Path(home))
        try:
            is_slow = how == "one slow"
            if is_slow:
                servers[0].fail("20 times slower")
            else:
                trouble = Trouble(servers[0], how, seconds)
            output = subprocess.run(
                ["taskset", "-c", LOAD_CORE, str(ROOT / "build/release/fairlead_bench_load"), "--port", str(port),
                 "--connections", str(CONNECTIONS), "--rate", str(RATE), "--seconds", str(seconds),
                 "--warm", str(WARM_UP if is_slow else 0)],
                capture_output=True, text=True, check=True, timeout=seconds + 60).stdout
            result = json.loads(output)
            if is_slow:
                counts = [server.count() for server in servers]
                result["share"] = counts[0] / max(1, sum(counts))
            else:
                trouble.join()
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


def compare_slow(seconds: float, only: str) -> list[tuple]:
    rows = [("one server 20 times slower", "p50 ms", "p99 ms", "p99.9 ms", "its share", "failed")]
    for name, algorithms in ALGORITHMS.items():
        for algorithm in algorithms:
            label = f"{name} {algorithm.rstrip(';') or 'round robin'}"
            if only not in f"one slow {label}":
                continue
            result = run(name, algorithm, "one slow", seconds)
            rows.append((label, milliseconds(result, "p50_us"), milliseconds(result, "p99_us"), milliseconds(result, "p999_us"),
                         f"{100 * result['share']:.1f} %", str(result["errors"])))
            print(rows[-1], file=sys.stderr)
    return rows


def compare_failures(seconds: float, only: str) -> list[tuple]:
    rows = [("one server", "program", "failed", "of", "p99 ms", "p99.9 ms")]
    for how in FAILURES:
        for name, algorithm in USUAL.items():
            if only not in f"{how} {name}":
                continue
            result = run(name, algorithm, how, seconds)
            rows.append((how, name, str(result["errors"]), str(result["requests"] + result["errors"]),
                         milliseconds(result, "p99_us"), milliseconds(result, "p999_us")))
            print(rows[-1], file=sys.stderr)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10, help="measured time of each row (10)")
    parser.add_argument("--only", default="", help="only rows that contain this text")
    arguments = parser.parse_args()
    for rows in (compare_slow(arguments.seconds, arguments.only), compare_failures(arguments.seconds, arguments.only)):
        if len(rows) > 1:
            print(table(rows) + "\n")


if __name__ == "__main__":
    main()
