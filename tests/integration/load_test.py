"""Many clients at once, by load generators that are not ours, and what ten thousand idle ones cost."""

import re
import resource
import subprocess

from clients import Connection, fetch
from harness import ProxyTest, free_port, wait_until

IDLE_CONNECTIONS = 10_000
USER_MEMORY_PER_IDLE_CONNECTION = 1536


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


class WorkersUnderForeignLoad(ProxyTest):
    def setUp(self):
        super().setUp()
        self.ports = [free_port(), free_port()]
        for number, port in enumerate(self.ports):
            self.nginx(str(number), port)
        self.proxy = self.fairlead_file(f"""
version: 1
workers: 2
listeners: {{web: {{address: "LISTEN"}}}}
routes: [{{to: app}}]
pools: {{app: {{servers: ["127.0.0.1:{self.ports[0]}", "127.0.0.1:{self.ports[1]}"]}}}}
log: {{access: {{output: off}}}}
""")
        self.url = f"http://127.0.0.1:{self.proxy.port}/"

    def test_wrk_sees_no_error(self):
        output = run("wrk", "-t1", "-c64", "-d2s", self.url)
        self.assertNotIn("Socket errors", output)
        self.assertNotIn("Non-2xx", output)
        self.assertGreater(int(re.search(r"(\d+) requests in", output).group(1)), 100)

    def test_h2load_with_one_request_for_each_connection_sees_no_error(self):
        output = run("h2load", "--h1", "-n", "500", "-c", "500", self.url)
        self.assertIn("500 succeeded, 0 failed, 0 errored, 0 timeout", output)

    def test_h2load_with_many_requests_for_each_connection_sees_no_error(self):
        output = run("h2load", "--h1", "-n", "5000", "-c", "50", self.url)
        self.assertIn("5000 succeeded, 0 failed, 0 errored, 0 timeout", output)


class IdleConnections(ProxyTest):
    def setUp(self):
        super().setUp()
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = IDLE_CONNECTIONS + 500
        if hard != resource.RLIM_INFINITY and hard < wanted:
            self.skipTest(f"this machine allows {hard} open files, and {wanted} are needed")
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))

    def test_ten_thousand_idle_connections_are_cheap_and_alive(self):
        server = self.backend()
        proxy = self.fairlead_file(f"""
version: 1
workers: 1
listeners: {{web: {{address: "LISTEN", limits: {{connections: {IDLE_CONNECTIONS + 100}}}}}}}
routes: [{{to: app}}]
pools: {{app: {{servers: ["127.0.0.1:{server.port}"]}}}}
log: {{access: {{output: off}}}}
""")
        for _ in range(200):  # so that what is made once is there already
            fetch(proxy.port)
        before = proxy.resident_bytes()
        clients = []
        for _ in range(IDLE_CONNECTIONS):
            client = Connection(proxy.port)
            self.addCleanup(client.close)
            clients.append(client)
            self.assertEqual(200, client.request("GET", "/").status)
        grown = proxy.resident_bytes() - before
        for client in (clients[0], clients[-1]):
            self.assertEqual(200, client.request("GET", "/").status)
        # A sanitizer's shadow and red zones are not ours to judge.
        if "release" in proxy.command[0]:
            self.assertLess(grown / IDLE_CONNECTIONS, USER_MEMORY_PER_IDLE_CONNECTION)
