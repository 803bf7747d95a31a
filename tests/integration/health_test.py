"""Health: each kind of check against a real server, what the event log says of it, and ejection by real traffic."""

import json
import signal
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

from backends import head, reset_on_close
from clients import Cut, fetch
from harness import ProxyTest, free_port, wait_until
from threaded_server import ThreadedServer

POOL = """
version: 1
workers: 1
listeners: {{web: {{address: "LISTEN"}}}}
routes: [{{to: app}}]
pools:
  app:
    servers: [{servers}]
    warmup: 0s
    health: {health}
"""
PING = r'{type: tcp, send: "PING\r\n", body: "+PONG", every: 100ms, fall: 2}'


def config(health: str, *servers: str | int) -> str:
    return POOL.format(health=health, servers=", ".join(f'"{server}"' for server in servers))


def events(proxy, **members) -> list[dict]:
    """The JSON events of the log that have all these members."""
    lines = [json.loads(line) for line in proxy.stderr.splitlines() if line.startswith("{")]
    return [line for line in lines if all(line.get(key) == value for key, value in members.items())]


class UdpServer:
    """Answers each datagram with `answer`, if there is one."""

    def __init__(self, answer: bytes | None):
        self.answer = answer
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                _, peer = self._socket.recvfrom(2048)
            except OSError:
                return
            if self.answer is not None:
                self._socket.sendto(self.answer, peer)

    def close(self):
        self._socket.close()


class ScriptedServer(ThreadedServer):
    """Answers every request, checks included, with the same bytes, then closes or resets."""

    def __init__(self, answer: bytes, resets: bool = False):
        self.answer, self.resets = answer, resets
        self._listen()

    def _serve(self, connection: socket.socket, number: int):
        with connection:
            try:
                while connection.recv(65536):
                    connection.sendall(self.answer)
                    if self.resets:
                        reset_on_close(connection)
                        return
            except OSError:
                pass


class TlsServer(ThreadedServer):
    """Shakes hands with whoever comes, under a certificate that nobody has signed but itself; or answers in plain text."""

    def __init__(self, folder: Path):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                        "-subj", "/CN=nobody", "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
                       check=True, capture_output=True)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
        self._context.sni_callback = lambda _socket, name, _context: self.asked_for.append(name)
        self.asked_for: list[str | None] = []
        self.plain_answer: bytes | None = None
        self.hangs = False
        self._listen()

    def _serve(self, connection: socket.socket, number: int):
        with connection:
            try:
                if self.hangs:
                    while connection.recv(65536):
                        pass
                elif self.plain_answer is not None:
                    connection.recv(65536)
                    connection.sendall(self.plain_answer)
                else:
                    with self._context.wrap_socket(connection, server_side=True) as secured:
                        secured.recv(1)
            except OSError:
                pass


class HealthTest(ProxyTest):
    def state(self, proxy, to: str, after: int = 0, **members) -> dict:
        """The first event that took a server to a state, once it is there."""
        return wait_until(lambda: (events(proxy, event="server.state", to=to, **members)[after:] or [None])[0],
                          f"a server to be {to}: {proxy.stderr_path}")

    def server(self, kind, *arguments, **kwargs):
        server = kind(*arguments, **kwargs)
        self.addCleanup(server.close)
        return server


def hears_nothing(server: socket.socket) -> bool:
    try:
        server.accept()[0].close()
    except TimeoutError:
        return True
    return False


class Checks(HealthTest):
    def test_a_server_never_hears_of_a_check_that_only_connects(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(0.5)  # time for some checks more
            proxy = self.fairlead_file(config("{type: tcp, every: 100ms, fall: 2}", server.getsockname()[1]))
            self.state(proxy, "up")
            # A machine that stands still for the 200 ms in which a check is over may spoil one or the other.
            self.assertTrue(any(hears_nothing(server) for _ in range(3)))
        self.assertEqual("connect_refused", self.state(proxy, "down")["reason"])

    def test_real_redis_is_asked_and_must_answer_as_expected(self):
        port = free_port()
        self.redis(port)
        proxy = self.fairlead_file(config(PING, port))
        self.assertIn(r'TCP "PING\r\n" → "+PONG\r\n"', self.state(proxy, "up")["why"])
        # It still answers, but not as it should: that is a failure, not a timeout.
        with socket.create_connection(("127.0.0.1", port)) as admin:
            admin.sendall(b"CONFIG SET requirepass secret\r\n")
            self.assertEqual(b"+OK\r\n", admin.recv(100))
            down = self.state(proxy, "down")
            self.assertEqual("check_body", down["reason"])
            self.assertIn("-NOAUTH", down["why"])
            self.assertEqual(3, len(down["evidence"]))
            admin.sendall(b"AUTH secret\r\nCONFIG SET requirepass \"\"\r\n")
            self.state(proxy, "up", after=1)

    def test_a_hung_redis_goes_down(self):
        port = free_port()
        redis = self.redis(port)
        proxy = self.fairlead_file(config(PING, port))
        self.state(proxy, "up")
        redis.signal(signal.SIGSTOP)
        self.addCleanup(redis.signal, signal.SIGCONT)
        self.assertEqual("response_timeout", self.state(proxy, "down")["reason"])

    def test_udp_is_asked_and_must_answer(self):
        server = self.server(UdpServer, b"pong")
        health = "{type: udp, send: ping, body: pong, every: 100ms, timeout: 50ms, fall: 2}"
        proxy = self.fairlead_file(config(health, server.port))
        self.assertIn('UDP "ping" → "pong"', self.state(proxy, "up")["why"])
        server.answer = b"busy"
        self.assertEqual("check_body", self.state(proxy, "down")["reason"])
        server.answer = b"pong"
        self.state(proxy, "up", after=1)
        server.answer = None
        self.assertEqual("response_timeout", self.state(proxy, "down", after=1)["reason"])

    def test_a_udp_port_that_nobody_has_is_refused(self):
        proxy = self.fairlead_file(config("{type: udp, send: ping, every: 100ms}", free_port()))
        self.assertEqual("connect_refused", self.state(proxy, "down")["reason"])

    def test_a_tls_check_wants_a_handshake_and_no_more(self):
        server = self.server(TlsServer, self.folder)
        health = "{type: tls, host: app.example, every: 100ms, timeout: 90ms, fall: 1, rise: 1}"
        proxy = self.fairlead_file(config(health, server.port))
        self.assertIn("TLS handshake", self.state(proxy, "up")["why"])
        self.assertEqual("app.example", server.asked_for[0])
        server.plain_answer = b"HTTP/1.1 400 Bad Request\r\n\r\n"
        down = self.state(proxy, "down")
        self.assertEqual("tls_failed", down["reason"])
        self.assertIn("TLS handshake → wrong version number", down["why"])
        server.plain_answer = None
        self.state(proxy, "up", after=1)
        server.hangs = True
        down = self.state(proxy, "down", after=1)
        self.assertEqual("response_timeout", down["reason"])
        self.assertIn("not finished within", down["why"])

    def test_openssl_itself_passes_a_tls_check(self):
        self.server(TlsServer, self.folder)  # for its certificate
        port = free_port()
        self.process(["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-key", str(self.folder / "key.pem"),
                      "-cert", str(self.folder / "certificate.pem"), "-tls1_2", "-quiet"])
        proxy = self.fairlead_file(config("{type: tls, every: 100ms, rise: 1}", port))
        self.state(proxy, "up")

    def test_an_http_check_sends_its_host_and_headers_to_its_port(self):
        traffic, checked = self.backend("traffic"), self.backend("checked")
        health = f"{{path: /health, host: app.example, port: {checked.port}, headers: {{X-Check: deep}}, body: ok, every: 100ms}}"
        proxy = self.fairlead_file(config(health, traffic.port))
        self.state(proxy, "up")
        self.assertEqual(b"traffic", fetch(proxy.port).body)
        request = checked.last("/health")
        self.assertEqual((["app.example"], ["deep"]), (request.all("host"), request.all("x-check")))
        self.assertNotIn("/health", traffic.paths())

    def test_a_server_that_says_initializing_leaves_at_once_and_comes_back_at_the_first_pass(self):
        ready = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        not_ready = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 12\r\n\r\ninitializing"
        server = self.server(ScriptedServer, ready)
        proxy = self.fairlead_file(config("{path: /health, every: 100ms, fall: 100, rise: 100}", server.port))
        self.state(proxy, "up")
        server.answer = not_ready
        self.assertEqual("initializing", self.state(proxy, "down")["reason"])
        server.answer = ready
        self.state(proxy, "up", after=1)

    def test_a_new_interval_takes_effect_with_the_reload(self):
        a = self.backend("a")
        proxy = self.fairlead_file(config("{path: /health, every: 1h}", a.port))
        self.state(proxy, "up")
        a.healthy = False
        self.write_config(config("{path: /health, every: 100ms}", a.port))
        proxy.reload()
        self.state(proxy, "down")

    def test_a_busy_server_whose_checks_time_out_is_slow_and_stays(self):
        a = self.backend("a")
        proxy = self.fairlead_file(config("{path: /hold, every: 200ms, timeout: 100ms, fall: 1}", a.port)
                                   .replace("warmup: 0s", "warmup: 0s\n    last_resort: try"))
        self.state(proxy, "down")
        done = threading.Event()

        def ask():
            while not done.is_set():
                fetch(proxy.port)

        a.release.set()
        self.state(proxy, "up")
        thread = threading.Thread(target=ask)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(done.set)
        a.release.clear()
        checks = a.paths().count("/hold")
        wait_until(lambda: a.paths().count("/hold") >= checks + 8, "eight checks that hang")
        self.assertEqual(1, len(events(proxy, event="server.state", to="down")))
        done.set()
        self.state(proxy, "down", after=1)


class EjectionByTraffic(HealthTest):
    def test_a_server_that_resets_in_every_response_is_ejected_within_a_second(self):
        bad = self.server(ScriptedServer, head("200 OK", "Content-Length: 1000") + b"only this", resets=True)
        good = self.backend("good")
        proxy = self.fairlead(good, bad.port)
        first_cut = None

        def ejected() -> bool:
            nonlocal first_cut
            if fetch_or_none(proxy.port) is None and first_cut is None:
                first_cut = time.monotonic()
            return "ejected" in proxy.stderr

        wait_until(ejected, "the server to be ejected")
        self.assertLess(time.monotonic() - first_cut, 1)
        self.assertIn("5 requests failed in a row; returns in 10 s", proxy.stderr)
        self.assertEqual([b"good"] * 20, [fetch(proxy.port).body for _ in range(20)])

    def test_a_late_answer_counts_only_where_the_configuration_says_so(self):
        silent, good = self.backend("silent"), self.backend("good")
        text = config("{every: 1h}", silent.port, good.port).replace("{to: app}", "{to: app, timeouts: {first_byte: 50ms}}")
        text = text.replace("warmup: 0s", "warmup: 0s\n    algorithm: round_robin\n    passive: {failures: 2}")
        proxy = self.fairlead_file(text)
        for _ in range(6):
            self.assertEqual(504, fetch(proxy.port, "/hold").status)
        self.assertEqual([], events(proxy, to="ejected"))
        proxy = self.fairlead_file(text.replace("failures: 2", "failures: 2, timeouts: true, max_share: 99%"))
        for _ in range(6):
            self.assertEqual(504, fetch(proxy.port, "/hold").status)
        self.assertIn("2 requests failed in a row", self.state(proxy, "ejected")["why"])


class Names(HealthTest):
    def test_where_no_name_has_an_address_the_answer_is_502_and_the_pool_says_so(self):
        proxy = self.fairlead_file(config("{every: 100ms}", "no-such-host.invalid:80"))
        event = self.state(proxy, "unresolved")
        self.assertEqual("dns_failed", event["reason"])
        self.assertIn("no-such-host.invalid", event["why"])
        pool = wait_until(lambda: events(proxy, event="pool.state", to="failing"), "the pool to fail")[0]
        self.assertEqual("error", pool["severity"])
        self.assertIn("502", pool["why"])
        self.assertEqual(502, fetch(proxy.port, "/").status)
        self.assertEqual("dns_failed", proxy.logged("/")["reason"])

    def test_localhost_is_the_address_where_the_server_listens(self):
        backend = self.backend("v4")  # on 127.0.0.1 only
        proxy = self.fairlead_file(config("{every: 100ms}", f"localhost:{backend.port}"))
        self.state(proxy, "up")
        self.assertEqual(b"v4", fetch(proxy.port).body)


class Pools(HealthTest):
    def test_a_failing_pool_is_an_error_and_its_recovery_is_told(self):
        a = self.backend("a")
        proxy = self.fairlead_file(config("{path: /health, every: 100ms, fall: 2}", a.port))
        self.state(proxy, "up")
        a.healthy = False
        failing = wait_until(lambda: events(proxy, event="pool.state", to="failing"), "the pool to fail")[0]
        self.assertEqual(("error", 0, 1), (failing["severity"], failing["serving"], failing["servers"]))
        self.assertIn("GET /health → 500", failing["evidence"][0])
        a.healthy = True
        recovered = wait_until(lambda: events(proxy, event="pool.state", to="ok"), "the pool to recover")[0]
        self.assertEqual("failing", recovered["from"])


def fetch_or_none(port: int) -> bytes | None:
    """The body of a whole response, or nothing where it was cut."""
    try:
        return fetch(port).body
    except (OSError, Cut):
        return None
