"""SIGHUP and the ends of a process: what reload, drain and stop promise to requests that are open."""

import signal

from clients import Connection, Load, encode, fetch, upgrade_headers
from harness import ProxyTest, free_port, listens, wait_until

CONFIG = """
version: 1
workers: {workers}
listeners: {{web: {{address: "LISTEN"}}}}
routes:
  - {{to: app}}
  - {{match: {{path: /generation}}, respond: {{status: 200, body: "{generation}"}}}}
pools: {{app: {{servers: [{servers}], algorithm: {algorithm}}}}}
shutdown: {{grace: {grace}}}
"""


def config(*servers, workers: int = 1, generation: int = 1, algorithm: str = "least_requests", grace: str = "30s") -> str:
    addresses = ", ".join(f'"127.0.0.1:{server.port}"' for server in servers)
    return CONFIG.format(servers=addresses, workers=workers, generation=generation, algorithm=algorithm, grace=grace)


class Reload(ProxyTest):
    def setUp(self):
        super().setUp()
        self.a, self.b = self.backend("a"), self.backend("b")
        self.proxy = self.fairlead_file(config(self.a))

    def generation(self) -> bytes:
        return fetch(self.proxy.port, "/generation").body

    def reload_to(self, text: str, generation: bytes):
        self.write_config(text)
        self.proxy.reload()
        wait_until(lambda: self.generation() == generation, f"generation {generation!r}")

    def test_a_good_file_takes_effect(self):
        self.assertEqual(b"a", fetch(self.proxy.port).body)
        self.reload_to(config(self.b, generation=2), b"2")
        self.assertEqual(b"b", fetch(self.proxy.port).body)

    def test_open_connections_stay_open(self):
        with Connection(self.proxy.port) as client:
            client.request("GET", "/")
            self.reload_to(config(self.b, generation=2), b"2")
            self.assertEqual(b"b", client.request("GET", "/").body)

    def test_a_request_in_flight_ends_as_it_began(self):
        with Connection(self.proxy.port) as client:
            client.send(encode("GET", "/hold"))
            self.a.arrived.wait(10)
            self.reload_to(config(self.b, generation=2), b"2")
            self.a.release.set()
            self.assertEqual(b"a", client.read_response().body)

    def test_a_websocket_of_a_server_that_leaves_has_its_drain_time(self):
        draining = config(self.a).replace("algorithm", "drain: 1500ms, algorithm")
        self.reload_to(draining.replace('body: "1"', 'body: "1b"'), b"1b")
        with Connection(self.proxy.port) as websocket, Connection(self.proxy.port) as slow:
            websocket.request("GET", "/ws", upgrade_headers())
            slow.send(encode("GET", "/hold"))
            self.a.arrived.wait(10)
            self.reload_to(config(self.b, generation=2), b"2")
            websocket.send(b"\x81\x02hi")
            self.assertEqual(b"\x81\x02hi", websocket.read_exactly(4), "it goes on at first")
            self.assertEqual(b"\x88\x02\x03\xe9", websocket.read_exactly(4))
            self.assertTrue(websocket.at_end())
            self.assertEqual("stopping", self.proxy.logged("/ws")["reason"])
            self.a.release.set()
            self.assertEqual(b"a", slow.read_response().body, "a request ends as it would")

    def test_an_event_stream_of_a_server_that_leaves_has_its_drain_time(self):
        draining = config(self.a).replace("algorithm", "drain: 100ms, algorithm")
        self.reload_to(draining.replace('body: "1"', 'body: "1b"'), b"1b")
        with Connection(self.proxy.port) as client:
            client.send(encode("GET", "/sse"))
            client.read_head()
            self.assertIn(b"data: 1", client.read_some())
            self.reload_to(config(self.b, generation=2), b"2")
            self.assertTrue(client.at_end())

    def test_a_bad_file_changes_nothing_and_says_so(self):
        before = len(self.proxy.stderr)
        self.write_config(config(self.b, generation=2) + "lisen: 3\n")
        self.proxy.reload()
        self.proxy.wait_event("lisen", after=before)
        said = self.proxy.stderr[before:]
        self.assertTrue("keeps serving" in said or "config.rejected" in said, said)
        self.assertEqual((b"1", b"a"), (self.generation(), fetch(self.proxy.port).body))

    def test_a_pool_that_hashes_says_how_many_keys_move(self):
        self.reload_to(config(self.a, self.b, generation=2, algorithm="ip_hash"), b"2")
        before = len(self.proxy.stderr)
        self.reload_to(config(self.a, generation=3, algorithm="ip_hash"), b"3")
        said = self.proxy.wait_event("of keys move", after=before)
        self.assertRegex(said, r"pool app: 1 of 2 servers leaves; (49|50|51)\.. % of keys move \(50\.0 % must\)")

    def test_a_missing_file_changes_nothing(self):
        before = len(self.proxy.stderr)
        self.config.unlink()
        self.proxy.reload()
        self.proxy.wait_event(self.config.name, after=before)
        self.assertEqual(b"1", self.generation())

    def test_a_new_address_is_served_and_an_old_one_is_left(self):
        old = self.proxy.port
        self.address = self.address.replace(str(old), str(fresh := free_port()))
        self.write_config(config(self.a, generation=2))
        self.proxy.reload()
        wait_until(lambda: listens(fresh), "the new address")
        wait_until(lambda: not listens(old), "the old address to close")
        self.assertEqual(b"a", fetch(fresh).body)



class WorkersReloadUnderLoad(ProxyTest):
    def test_fifty_reloads_lose_no_request(self):
        a, b = self.backend("a"), self.backend("b")
        proxy = self.fairlead_file(config(a, b, workers=2))
        with Load(proxy.port, rate=300) as load:
            for generation in range(2, 52):
                algorithm = ("round_robin", "least_requests", "random")[generation % 3]
                servers = (a, b) if generation % 2 else (b,)
                self.write_config(config(*servers, workers=2, generation=generation, algorithm=algorithm))
                proxy.reload()
                wait_until(lambda: fetch(proxy.port, "/generation").body == str(generation).encode(), "the reload")
            seen = load.done
            wait_until(lambda: load.done > seen + 50, "traffic after the reloads")
        self.assertEqual([], load.failures)


class Stop(ProxyTest):
    def setUp(self):
        super().setUp()
        self.server = self.backend("a")

    def test_sigterm_and_sigint_end_an_idle_process_with_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            proxy = self.fairlead(self.server)
            proxy.signal(number)
            self.assertEqual(0, proxy.wait())
            self.assertFalse(listens(proxy.port))

    def test_a_request_in_flight_is_finished_first(self):
        proxy = self.fairlead(self.server)
        with Connection(proxy.port) as client:
            client.send(encode("GET", "/hold"))
            self.server.arrived.wait(10)
            proxy.signal(signal.SIGTERM)
            wait_until(lambda: not listens(proxy.port), "the listener to close")
            self.assertTrue(proxy.running())
            self.server.release.set()
            response = client.read_response()
            self.assertEqual((200, b"a", "close"), (response.status, response.body, response.get("Connection")))
            self.assertTrue(client.at_end())
        self.assertEqual(0, proxy.wait())

    def test_idle_connections_are_closed(self):
        proxy = self.fairlead(self.server)
        with Connection(proxy.port) as client:
            client.request("GET", "/")
            proxy.signal(signal.SIGTERM)
            self.assertTrue(client.at_end())
        self.assertEqual(0, proxy.wait())

    def test_a_second_signal_stops_now(self):
        proxy = self.fairlead(self.server)
        with Connection(proxy.port) as client:
            client.send(encode("GET", "/hold"))
            self.server.arrived.wait(10)
            proxy.signal(signal.SIGTERM)
            wait_until(lambda: not listens(proxy.port), "the listener to close")
            proxy.signal(signal.SIGTERM)
            proxy.wait(10)  # the grace of 30 s is not waited for

    def test_work_that_is_cut_at_the_deadline_is_exit_6(self):
        proxy = self.fairlead_file(config(self.server, grace="200ms"))
        with Connection(proxy.port) as client:
            client.send(encode("GET", "/hold"))
            self.server.arrived.wait(10)
            proxy.signal(signal.SIGTERM)
            self.assertEqual(6, proxy.wait())

    def test_a_file_that_asks_for_a_delay_keeps_serving_during_it(self):
        proxy = self.fairlead_file(config(self.server).replace("grace: 30s", "grace: 30s, delay: 2s"))
        proxy.signal(signal.SIGTERM)
        self.assertEqual(200, fetch(proxy.port).status)
        self.assertEqual(0, proxy.wait())
