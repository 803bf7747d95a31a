"""Kept connections to a server that closes them early: what must not be sent twice is never lost to that."""

import threading
import time

from clients import fetch
from harness import ProxyTest, wait_until

CONFIG = """
version: 1
workers: 2
listeners: {{web: {{address: "LISTEN"}}}}
routes: [{{to: app}}]
log: {{access: {{output: stdout}}}}
pools: {{app: {{servers: ["127.0.0.1:{port}"], health: {{every: 1h}}}}}}
"""


class KeptConnections(ProxyTest):
    def post(self, proxy, target: str) -> int:
        return fetch(proxy.port, target, "POST", body=b"charge the card").status

    def test_a_server_that_closes_after_a_second_loses_no_post(self):
        server = self.backend("a", idle=1.0)
        proxy = self.fairlead_file(CONFIG.format(port=server.port))
        for closed in (1, 2):
            self.assertEqual(200, self.post(proxy, "/learning"))
            wait_until(lambda: server.closed_idle >= closed, "the server to close the connection")

        # From here on we are first. Each client asks again at about the moment when the server closes.
        statuses = []

        def client(number: int):
            for turn in range(4):
                statuses.append(self.post(proxy, f"/client/{number}"))
                time.sleep(0.97 + 0.01 * ((number + turn) % 6))

        before = server.closed_idle
        clients = [threading.Thread(target=client, args=(number,)) for number in range(12)]
        for thread in clients:
            thread.start()
        for thread in clients:
            thread.join()
        self.assertEqual([200] * 48, statuses)
        self.assertEqual(before, server.closed_idle)

    def test_a_connection_is_still_used_again_before_that(self):
        server = self.backend("a", idle=1.0)
        proxy = self.fairlead_file(CONFIG.format(port=server.port).replace("workers: 2", "workers: 1"))
        for closed in (1, 2):
            self.assertEqual(200, self.post(proxy, "/learning"))
            wait_until(lambda: server.closed_idle >= closed, "the server to close the connection")
        for turn in range(3):
            self.assertEqual(200, self.post(proxy, f"/again/{turn}"))
        self.assertTrue(proxy.logged("/again/2")["reused"])
