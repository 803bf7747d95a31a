"""Starts and stops the programs of an end-to-end test and waits for what they do.

The binary under test comes from FAIRLEAD_BIN. A test ends only processes that it started, and waits for conditions,
never for time to pass.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path
from typing import Callable, TypeVar

from backends import Backend

ROOT = Path(__file__).resolve().parents[2]
FAIRLEAD = os.environ.get("FAIRLEAD_BIN", str(ROOT / "build/release/fairlead"))
# Sanitizers make everything slower; a wait that succeeds costs nothing by being long.
PATIENCE = 20.0
SANITIZER_REPORTS = ("ERROR: AddressSanitizer", "WARNING: ThreadSanitizer", "ERROR: LeakSanitizer", "runtime error:")

T = TypeVar("T")


def wait_until(condition: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
    """Returns the first true result of `condition`; an AssertionError that names `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(0.01)


_given_ports: set[int] = set()


def free_port() -> int:
    """A loopback port that nothing listens on and that no test of this run was given before."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in _given_ports:
            _given_ports.add(port)
            return port


def listens(port: int) -> bool:
    """Whether a socket of this machine listens at the port. Read from the kernel: a connection that only looks would
    still hold one of a few seats when the test begins."""
    listening = re.compile(rf"^ *\d+: [0-9A-F]+:{port:04X} [0-9A-F]+:0000 0A ", re.MULTILINE)
    tables = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))  # the second only where the kernel has IPv6
    return any(listening.search(table.read_text()) for table in tables if table.exists())


class Process:
    """A child in a session of its own, with its output in files. It is killed if the tests are."""

    def __init__(self, command: list[str], folder: Path, stdout=None, env: dict | None = None):
        self.command = command
        name = f"{Path(command[0]).name}-{len(list(folder.iterdir()))}"
        self.stdout_path, self.stderr_path = folder / f"{name}.out", folder / f"{name}.err"
        with open(self.stdout_path, "wb") as out, open(self.stderr_path, "wb") as err:
            self.popen = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command], cwd=folder, stdin=subprocess.DEVNULL, stdout=out if stdout is None else stdout, stderr=err,
                env={**os.environ, **(env or {})}, start_new_session=True,
            )

    @property
    def stdout(self) -> str:
        return self.stdout_path.read_text(errors="replace")

    @property
    def stderr(self) -> str:
        return self.stderr_path.read_text(errors="replace")

    @property
    def pid(self) -> int:
        return self.popen.pid

    def running(self) -> bool:
        return self.popen.poll() is None

    def signal(self, number: int):
        self.popen.send_signal(number)

    def wait(self, seconds: float = PATIENCE) -> int:
        return self.popen.wait(seconds)

    def kill(self):
        """Ends the child and what it started; without effect on one that has ended."""
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.popen.wait(PATIENCE)

    def family(self) -> list[int]:
        """The child and its descendants: Fairlead may be a keeper and its engine."""
        found, queue = [], [self.popen.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                queue += [int(child) for child in task.read_text().split()]
        return found

    def resident_bytes(self) -> int:
        return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 for pid in self.family())


def whole_lines(output: str) -> list[str]:
    """Without what a program is about to go on writing."""
    return output[:output.rfind("\n") + 1].splitlines()


class Fairlead(Process):
    """A running Fairlead. `port` is its (first) listening port, `descriptors` all that it may ever open."""

    def __init__(self, arguments: list[str], folder: Path, port: int, descriptors: int | None = None, **kwargs):
        limited = ["prlimit", f"--nofile={descriptors}:{descriptors}"] if descriptors else []
        super().__init__([*limited, FAIRLEAD, *arguments], folder, **kwargs)
        self.port = port

    def wait_ready(self):
        def ready() -> bool:
            if not self.running():
                raise AssertionError(f"ended with {self.popen.returncode}: {self.stderr}")
            return listens(self.port)

        wait_until(ready, f"port {self.port} to listen; stderr: {self.stderr}")

    def access_log(self) -> list[dict]:
        return [json.loads(line) for line in whole_lines(self.stdout) if line.startswith("{") and '"status"' in line]

    def logged(self, path: str) -> dict:
        """The access log line of a path, once it is there."""
        return wait_until(lambda: next((line for line in self.access_log() if line.get("path") == path), None),
                          f"the access log line of {path}")

    def wait_event(self, *words: str, after: int = 0) -> str:
        """The stderr line after the offset `after` that has all the words, once it is there."""
        def found() -> str | None:
            return next((line for line in whole_lines(self.stderr[after:]) if all(w in line for w in words)), None)

        return wait_until(found, f"a line with {words} in stderr: {self.stderr_path}")

    def reload(self):
        self.signal(signal.SIGHUP)


class ProxyTest(unittest.TestCase):
    """A test with a folder of its own; whatever it starts ends with it."""

    maxDiff = None

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="fairlead-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def backend(self, name: str = "a", port: int = 0, **kwargs) -> Backend:
        backend = Backend(name, port, **kwargs)
        self.addCleanup(backend.close)
        return backend

    def process(self, command: list[str], **kwargs) -> Process:
        process = Process(command, self.folder, **kwargs)
        self.addCleanup(process.kill)
        return process

    def backend_process(self, name: str, port: int) -> Process:
        """A server that can be killed."""
        script = Path(__file__).with_name("backends.py")
        process = self.process(["/usr/bin/python3", str(script), name, str(port)])
        wait_until(lambda: listens(port), f"server {name}")
        return process

    def fairlead(self, *to: Backend | int, flags: tuple[str, ...] = (), **kwargs) -> Fairlead:
        """`fairlead run --listen ... --to ...`, ready."""
        port = free_port()
        arguments = ["run", "--listen", f"127.0.0.1:{port}", *flags]
        for server in to:
            arguments += ["--to", f"127.0.0.1:{server if isinstance(server, int) else server.port}"]
        return self.start(arguments, port, **kwargs)

    def fairlead_file(self, text: str, **kwargs) -> Fairlead:
        """`fairlead run -c FILE` with LISTEN in the text replaced by a free address, ready."""
        port = free_port()
        self.config = self.folder / "fairlead.yaml"
        self.address = f"127.0.0.1:{port}"
        self.write_config(text)
        return self.start(["run", "-c", str(self.config)], port, **kwargs)

    def write_config(self, text: str):
        """Replaces the file in one step, as an editor does, so that a reload never reads half of it."""
        fresh = self.config.with_suffix(".new")
        fresh.write_text(text.replace("LISTEN", self.address))
        fresh.replace(self.config)

    def start(self, arguments: list[str], port: int, **kwargs) -> Fairlead:
        proxy = Fairlead(arguments, self.folder, port, **kwargs)
        self.addCleanup(self.end, proxy)
        proxy.wait_ready()
        return proxy

    def end(self, proxy: Fairlead):
        if proxy.running():
            proxy.signal(signal.SIGTERM)
            try:
                proxy.wait(2)
            except subprocess.TimeoutExpired:
                pass  # Connections of this test may be open still; stopping has tests of its own.
        proxy.kill()
        for report in SANITIZER_REPORTS:
            self.assertNotIn(report, proxy.stderr, proxy.stderr)

    def run_fairlead(self, *arguments: str, seconds: float = PATIENCE, **kwargs) -> subprocess.CompletedProcess:
        """Runs to its end, for verbs that end by themselves."""
        return subprocess.run([FAIRLEAD, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=seconds, **kwargs)

    def nginx(self, name: str, port: int, locations: str = "") -> Process:
        """A real nginx as a server: answers / with its name and /health with 200."""
        home = self.folder / f"nginx-{name}"
        (home / "html").mkdir(parents=True)
        (home / "nginx.conf").write_text(NGINX_CONF.format(home=home, port=port, name=name, locations=locations))
        process = self.process([NGINX, "-p", str(home), "-c", str(home / "nginx.conf"), "-e", str(home / "error.log")])
        wait_until(lambda: listens(port), f"nginx {name}")
        return process

    def redis(self, port: int, *settings: str) -> Process:
        """A real Redis without persistence."""
        process = self.process([REDIS, "--bind", "127.0.0.1", "--port", str(port), "--save", "", *settings])
        wait_until(lambda: listens(port), "redis")
        return process


REDIS = shutil.which("redis-server") or "/usr/bin/redis-server"
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
NGINX_CONF = """
daemon off; worker_processes 1; pid {home}/pid; error_log {home}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {home}/body; proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/fastcgi; uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
  keepalive_timeout 5s; client_max_body_size 0; root {home}/html;
  server {{
    listen 127.0.0.1:{port};
    location / {{ return 200 "{name}"; }}
    location /health {{ return 200 "ok"; }}
    {locations}
  }}
}}
"""
