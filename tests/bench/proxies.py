"""The three programs that the benchmark compares, each in the best configuration that we know for it.

Kept-alive connections to the servers in turn and X-Forwarded-For added; what else a row wants is its `Flavour`.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PROXY_CORE, LOAD_CORE = "0", "1"
# With two cores the workers share one of them, because clients and servers need the other.
CORES_FOR_TWO = "0,2" if (os.cpu_count() or 1) > 3 else PROXY_CORE


class Flavour(NamedTuple):
    """What a row wants of the configuration."""

    servers: list[str]  # HOST:PORT
    workers: int = 1
    hosts: int = 0  # so many routes, each for one host; 0: one route for every host
    log: bool = False
    compares_servers: bool = False  # the choice that looks at how busy every server is, instead of taking turns

    @property
    def cores(self) -> str:
        return PROXY_CORE if self.workers == 1 else CORES_FOR_TWO


# Large bodies: nginx is two to three times as fast without its buffering, small ones do not care. Each worker has a
# socket of its own (`reuseport`). The log is written in blocks, which is what makes it cheap.
NGINX = """
worker_processes {workers}; daemon off; pid {home}/pid; error_log {home}/error.log crit;
events {{ worker_connections 20000; multi_accept on; }}
http {{
  access_log {log}; keepalive_requests 100000000; keepalive_timeout 600s; tcp_nodelay on;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
  server_names_hash_max_size 65536; client_max_body_size 0;
  upstream servers {{
    {balance}
    {servers}
    keepalive 1024; keepalive_requests 100000000; keepalive_timeout 600s;
  }}
  map $http_upgrade $connection_field {{ default ""; websocket upgrade; }}
  proxy_http_version 1.1; proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr;
  proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_field;
  {sites}
}}
"""
NGINX_SITE = """server {{
    listen 127.0.0.1:{port} {listen}; server_name {name};
    location / {{ proxy_pass http://servers; }}
    location /tunnel {{ proxy_pass http://servers; proxy_read_timeout 600s; proxy_buffer_size 1k; }}
    location /64k {{ proxy_pass http://servers; proxy_buffering off; proxy_buffer_size 64k; proxy_buffers 4 64k; }}
    location /1m {{
      proxy_pass http://servers; proxy_buffering off; proxy_buffer_size 64k; proxy_buffers 4 64k;
      proxy_request_buffering off; client_body_buffer_size {upload_buffer};
    }}
  }}"""
NGINX_UPLOAD_BUFFER = "256k"

# The pipes are for `splice-response` and `splice-request`, which make large bodies about twice as cheap. A map finds one
# of many hosts in a tree, where a rule for each would be tried in turn. Lines of the log go to the standard output, a file
# here, which is cheaper than a socket of a syslog server.
HAPROXY = """
global
  nbthread {workers}
  no strict-limits
  maxconn 20000
  tune.pipesize 1048576
  {log}
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout tunnel 600s
  http-reuse always
  option forwardfor
  option splice-response
  option splice-request
  {log_format}
frontend web
  bind 127.0.0.1:{port} backlog 4096
  {routes}
backend servers
  balance {balance}
  {servers}
"""

FAIRLEAD = """\
version: 1
workers: {workers}
listeners: {{web: {{address: "127.0.0.1:{port}", timeouts: {{keepalive: 600s}}}}}}
routes: [{routes}]
pools:
  servers:
    servers: [{servers}]
    algorithm: {balance}
    keepalive: {{idle: 600s, max_idle: 1024}}
log: {{access: {{output: "{log}"}}}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Program:
    """A child of the benchmark, on the core that it is given."""

    def __init__(self, command: list[str], home: Path, core: str | None, environment: dict[str, str] | None = None):
        prefix = ["taskset", "-c", core] if core else []
        self.log = home / "output.log"
        with open(self.log, "wb") as output:
            self.popen = subprocess.Popen([*prefix, *command], cwd=home, stdin=subprocess.DEVNULL, stdout=output,
                                          stderr=output, start_new_session=True, env={**os.environ, **(environment or {})})

    def pids(self) -> list[int]:
        found, queue = [], [self.popen.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                queue += [int(child) for child in task.read_text().split()]
        return found

    def memory(self) -> int:
        """Bytes of user memory, each page shared out among those who map it (PSS)."""
        return sum(int(line.split()[1]) * 1024 for pid in self.pids()
                   for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() if line.startswith("Pss:"))

    def cpu_ns(self) -> int:
        """Run time of all its threads, kernel included."""
        return sum(int(Path(task, "schedstat").read_text().split()[0])
                   for pid in self.pids() for task in Path(f"/proc/{pid}/task").iterdir())

    def stop(self):
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.popen.wait()


class Proxy:
    """One of the three programs. The benchmark starts it anew for each cell, in the flavour of the row."""

    PROGRAM = Program

    def __init__(self, name: str, home: Path):
        self.name = name
        self.home = home / name
        self.home.mkdir(parents=True)

    def start(self, flavour: Flavour, port: int, environment: dict[str, str] | None = None) -> Program:
        """Returns once a request to the port is answered through the proxy."""
        home = self.home / str(port)
        home.mkdir(exist_ok=True)
        program = self.PROGRAM(self._command(home, flavour, port), home, flavour.cores, environment)
        wait_for_answer(port, program)
        return program

    def _command(self, home: Path, flavour: Flavour, port: int) -> list[str]:
        raise NotImplementedError


def write(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


class Nginx(Proxy):
    def _command(self, home, flavour, port):
        names = [f"h{i}.bench.test" for i in range(flavour.hosts)] or ["_"]
        sites = [NGINX_SITE.format(port=port, name=name, upload_buffer=NGINX_UPLOAD_BUFFER,
                                   listen="reuseport backlog=4096" if name == names[0] else "") for name in names]
        conf = NGINX.format(
            home=home, workers=flavour.workers, sites="\n  ".join(sites), balance="least_conn;" if flavour.compares_servers else "",
            servers="\n    ".join(f"server {address} max_fails=0;" for address in flavour.servers),
            log=f"{home}/access.log combined buffer=64k flush=1s" if flavour.log else "off")
        return [shutil.which("nginx") or "/usr/sbin/nginx", "-p", str(home), "-c", write(home / "nginx.conf", conf), "-e", "stderr"]


class Haproxy(Proxy):
    def _command(self, home, flavour, port):
        routes = "default_backend servers"
        if flavour.hosts:
            names = write(home / "hosts.map", "".join(f"h{i}.bench.test servers\n" for i in range(flavour.hosts)))
            routes = f"use_backend %[req.hdr(host),host_only,lower,map_str({names})]"
        conf = HAPROXY.format(
            workers=flavour.workers, port=port, routes=routes, balance="leastconn" if flavour.compares_servers else "roundrobin",
            servers="\n  ".join(f"server s{number} {address}" for number, address in enumerate(flavour.servers)),
            log="log stdout format raw local0" if flavour.log else "",
            log_format="log global\n  option httplog" if flavour.log else "")
        return [shutil.which("haproxy") or "/usr/sbin/haproxy", "-db", "-f", write(home / "haproxy.cfg", conf)]


class Fairlead(Proxy):
    BINARY = ROOT / "build/release/fairlead"

    def _command(self, home, flavour, port):
        routes = ", ".join(f"{{match: {{host: h{i}.bench.test}}, to: servers}}" for i in range(flavour.hosts)) or "{to: servers}"
        conf = FAIRLEAD.format(
            workers=flavour.workers, port=port, routes=routes, log=home / "access.log" if flavour.log else "off",
            balance="least_requests" if flavour.compares_servers else "round_robin",
            servers=", ".join(f'"{address}"' for address in flavour.servers))
        return [str(self.BINARY), "run", "-c", write(home / "bench.yaml", conf)]


def wait_for_answer(port: int, program: Program, seconds: float = 20):
    """Returns when the port answers a request with 200."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: h0.bench.test\r\nConnection: close\r\n\r\n")
                if client.recv(4096).startswith(b"HTTP/1.1 200"):
                    return
        except OSError:
            pass
        if program.popen.poll() is not None or time.monotonic() > deadline:
            output = program.log.read_text(errors="replace")
            program.stop()
            raise RuntimeError(f"no answer on port {port}: {output}")
