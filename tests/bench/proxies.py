"""The three programs that the benchmark compares, each in the best configuration that we know for it.

One worker, kept-alive connections to four servers in turn, X-Forwarded-For added, no access log unless a row says so.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROXY_CORE, LOAD_CORE = "0", "1"

# Large bodies: nginx is two to three times as fast without its response buffering, small ones do not care.
NGINX = """
worker_processes 1; daemon off; pid {home}/pid; error_log {home}/error.log;
events {{ worker_connections 20000; multi_accept on; }}
http {{
  access_log off; keepalive_requests 100000000; keepalive_timeout 600s; tcp_nodelay on;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
  upstream servers {{
    {servers}
    keepalive 1024; keepalive_requests 100000000; keepalive_timeout 600s;
  }}
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
  proxy_set_header X-Forwarded-For $remote_addr;
  server {{
    listen 127.0.0.1:{port} reuseport backlog=4096;
    location / {{ proxy_pass http://servers; }}
    location /64k {{ proxy_pass http://servers; proxy_buffering off; proxy_buffer_size 64k; proxy_buffers 4 64k; }}
    location /1m {{ proxy_pass http://servers; proxy_buffering off; proxy_buffer_size 64k; proxy_buffers 4 64k; }}
  }}
}}
"""

# The pipes are for `splice-response`, which makes large bodies about twice as cheap.
HAPROXY = """
global
  nbthread 1
  no strict-limits
  maxconn 20000
  tune.pipesize 1048576
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  http-reuse always
  option forwardfor
  option splice-response
frontend web
  bind 127.0.0.1:{port} backlog 4096
  default_backend servers
backend servers
  balance roundrobin
  {servers}
"""

FAIRLEAD = """\
version: 1
workers: 1
listeners: {{web: {{address: "127.0.0.1:{port}", timeouts: {{keepalive: 600s}}}}}}
routes: [{{to: servers}}]
pools:
  servers:
    servers: [{servers}]
    algorithm: round_robin
    keepalive: {{idle: 600s, max_idle: 1024}}
log: {{access: {{output: "{log}"}}}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Program:
    """A child of the benchmark, on the core that it is given."""

    def __init__(self, command: list[str], home: Path, core: str | None):
        prefix = ["taskset", "-c", core] if core else []
        self.log = home / "output.log"
        with open(self.log, "wb") as output:
            self.popen = subprocess.Popen([*prefix, *command], cwd=home, stdin=subprocess.DEVNULL, stdout=output,
                                          stderr=output, start_new_session=True)

    def pids(self) -> list[int]:
        found, queue = [], [self.popen.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                queue += [int(child) for child in task.read_text().split()]
        return found

    def resident_bytes(self) -> int:
        return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.pids()) * 4096

    def stop(self):
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.popen.wait()


class Proxy:
    """One row of the tables. `start` runs it; the benchmark may start it several times."""

    def __init__(self, name: str, home: Path, servers: list[int]):
        self.name = name
        self.home = home / name.replace(" ", "-")
        self.home.mkdir(parents=True)
        self.port = free_port()
        self.command = self._configure(servers)

    def _configure(self, servers: list[int]) -> list[str]:
        raise NotImplementedError

    def start(self, core: str | None = PROXY_CORE) -> Program:
        program = Program(self.command, self.home, core)
        wait_for_answer(self.port, program)
        return program

    def _write(self, name: str, text: str) -> str:
        (self.home / name).write_text(text)
        return str(self.home / name)


class Nginx(Proxy):
    def _configure(self, servers):
        lines = "\n    ".join(f"server 127.0.0.1:{port} max_fails=0;" for port in servers)
        conf = self._write("nginx.conf", NGINX.format(home=self.home, servers=lines, port=self.port))
        return [shutil.which("nginx") or "/usr/sbin/nginx", "-p", str(self.home), "-c", conf, "-e", "stderr"]


class Haproxy(Proxy):
    def _configure(self, servers):
        lines = "\n  ".join(f"server s{port} 127.0.0.1:{port}" for port in servers)
        conf = self._write("haproxy.cfg", HAPROXY.format(servers=lines, port=self.port))
        return [shutil.which("haproxy") or "/usr/sbin/haproxy", "-db", "-f", conf]


class Fairlead(Proxy):
    def _configure(self, servers):
        lines = ", ".join(f'"127.0.0.1:{port}"' for port in servers)
        conf = self._write("bench.yaml", FAIRLEAD.format(servers=lines, port=self.port, log=self._log_target()))
        return [str(ROOT / "build/release/fairlead"), "run", "-c", conf]

    def _log_target(self) -> str:
        return "off"


class FairleadWithLog(Fairlead):
    def _log_target(self) -> str:
        return str(self.home / "access.log")


def wait_for_answer(port: int, program: Program, seconds: float = 10):
    """Returns when the port answers a request with 200."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: bench.test\r\nConnection: close\r\n\r\n")
                if client.recv(4096).startswith(b"HTTP/1.1 200"):
                    return
        except OSError:
            pass
        if program.popen.poll() is not None or time.monotonic() > deadline:
            output = program.log.read_text(errors="replace")
            program.stop()
            raise RuntimeError(f"no answer on port {port}: {output}")
