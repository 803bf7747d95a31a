"""The three proxies that are compared, each as its manual has it, with short patience so that a run is short."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from recorder import Forwarded, Recorder

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
HAPROXY = shutil.which("haproxy") or "/usr/sbin/haproxy"

NGINX_CONF = """
daemon off; worker_processes 1; pid {home}/pid; error_log {home}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {home}/body; proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/fastcgi; uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
  client_header_timeout 1s; client_body_timeout 1s; keepalive_timeout 200ms; lingering_close off;
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://127.0.0.1:{server}; proxy_http_version 1.1; proxy_set_header Host $http_host; }}
  }}
}}
"""
HAPROXY_CFG = """
defaults
  mode http
  timeout connect 5s
  timeout client 1s
  timeout server 10s
  timeout http-request 1s
  timeout http-keep-alive 200ms
frontend web
  bind 127.0.0.1:{port}
  default_backend app
backend app
  server app 127.0.0.1:{server}
"""
FAIRLEAD_YAML = """
version: 1
workers: 1
listeners: {{web: {{address: "127.0.0.1:{port}", timeouts: {{header: 1s, body_idle: 1s, keepalive: 200ms}}}}}}
routes: [{{to: app}}]
pools: {{app: {{servers: ["127.0.0.1:{server}"], health: {{every: 1h}}}}}}
log: {{access: {{output: off}}}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Proxy:
    """A running proxy in front of a recorder. Use as a context."""

    def __init__(self, name: str, home: Path):
        self.name = name
        self._home = home / name
        self._home.mkdir()
        self.recorder = Recorder()
        self.port = free_port()
        template = {"nginx": NGINX_CONF, "HAProxy": HAPROXY_CFG, "Fairlead": FAIRLEAD_YAML}[name]
        config = self._home / "config.yaml"
        config.write_text(template.format(home=self._home, port=self.port, server=self.recorder.port))
        command = {"nginx": [NGINX, "-p", str(self._home), "-c", str(config), "-e", str(self._home / "error.log")],
                   "HAProxy": [HAPROXY, "-f", str(config)],
                   "Fairlead": [os.environ.get("FAIRLEAD_BIN", "build/release/fairlead"), "run", "-c", str(config)]}
        with open(self._home / "output", "wb") as output:
            self._process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command[name]],
                                             stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)

    def __enter__(self) -> "Proxy":
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise AssertionError(f"{self.name} does not start: {(self._home / 'output').read_text()}")
                time.sleep(0.02)
        # A check by connecting reaches the recorder too; it sends nothing.
        self.recorder.take()
        return self

    def __exit__(self, *_):
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait()
        self.recorder.close()

    def send(self, data: bytes) -> tuple[bytes, list[Forwarded]]:
        """All that the client gets for these bytes, and all that reaches the server."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as client:
            got = b""
            try:
                client.sendall(data)
                while piece := client.recv(65536):
                    got += piece
            except OSError:
                pass  # A reset is an answer, too.
        return got, self.recorder.take()
