"""What must not wait: tunnels, event streams, and bodies that are still being sent."""

import signal
import socket
import threading

from clients import Connection, Cut, encode, fetch, upgrade_headers
from harness import ProxyTest, wait_until

FULL_WITH_ONE = """
version: 1
listeners: {{web: {{address: "LISTEN"}}}}
routes: [{{to: app}}]
pools: {{app: {{servers: ["127.0.0.1:{port}"], limits: {{max_inflight: 1}}, queue: {{max: 0}}}}}}
"""
ONE_CONNECTION = """
version: 1
listeners: {{web: {{address: "LISTEN", limits: {{connections: 1}}}}}}
routes: [{{to: app}}]
pools: {{app: {{servers: ["127.0.0.1:{port}"]}}}}
"""


class WebSockets(ProxyTest):
    def setUp(self):
        super().setUp()
        self.server = self.backend()
        self.proxy = self.fairlead(self.server)

    def test_a_websocket_is_a_tunnel_both_ways(self):
        with Connection(self.proxy.port) as client:
            response = client.request("GET", "/ws", upgrade_headers())
            self.assertEqual(101, response.status)
            self.assertEqual("websocket", response.get("Upgrade"))
            self.assertIsNotNone(response.get("Sec-WebSocket-Accept"))
            for message in (b"\x81\x05hello", b"\x00" * 70_000, bytes(range(256))):
                client.send(message)
                self.assertEqual(message, client.read_exactly(len(message)))

    def test_bytes_sent_along_with_the_upgrade_are_not_lost(self):
        with Connection(self.proxy.port) as client:
            client.send(encode("GET", "/ws", upgrade_headers()) + b"early")
            self.assertEqual(101, client.read_response().status)
            self.assertEqual(b"early", client.read_exactly(5))

    def test_the_end_of_one_side_ends_the_other(self):
        with Connection(self.proxy.port) as client:
            client.request("GET", "/ws", upgrade_headers())
            self.server.close()
            self.assertTrue(client.at_end())

    def test_a_refused_upgrade_is_a_plain_response(self):
        with Connection(self.proxy.port) as client:
            response = client.request("GET", "/status/403", upgrade_headers())
            self.assertEqual(403, response.status)
            self.assertEqual(200, client.request("GET", "/").status)

    def test_the_log_has_the_tunnel_when_it_ends(self):
        with Connection(self.proxy.port) as client:
            client.request("GET", "/ws", upgrade_headers())
        line = self.proxy.logged("/ws")
        self.assertEqual((101, "ok"), (line["status"], line["reason"]))

    def test_the_log_has_what_the_request_was_and_what_the_tunnel_carried(self):
        with Connection(self.proxy.port) as client:
            request_id = client.request("GET", "/ws", upgrade_headers() | {"User-Agent": "chat"}).get("X-Request-Id")
            client.send(b"\x81\x05hello")
            self.assertEqual(b"\x81\x05hello", client.read_exactly(7))
        line = self.proxy.logged("/ws")
        self.assertEqual((request_id, "GET", "chat", 7, 7), tuple(line[key] for key in ("id", "method", "ua", "in", "out")))
        self.assertEqual(f"127.0.0.1:{self.server.port}", line["server"])

    def test_a_websocket_holds_its_place_at_the_server_until_it_ends(self):
        proxy = self.fairlead_file(FULL_WITH_ONE.format(port=self.server.port))
        with Connection(proxy.port) as client:
            self.assertEqual(101, client.request("GET", "/ws", upgrade_headers()).status)
            self.assertEqual(503, fetch(proxy.port, "/").status)
        wait_until(lambda: fetch(proxy.port, "/").status == 200, "room for others")

    def test_a_websocket_holds_its_seat_until_it_ends(self):
        proxy = self.fairlead_file(ONE_CONNECTION.format(port=self.server.port))
        with Connection(proxy.port) as client:
            self.assertEqual(101, client.request("GET", "/ws", upgrade_headers()).status)
            self.assertEqual(503, fetch(proxy.port, "/").status)
        wait_until(lambda: fetch(proxy.port, "/").status == 200, "room for others")

    def test_the_log_tells_a_tunnel_that_broke_from_one_that_ended(self):
        with Connection(self.proxy.port) as client:
            client.request("GET", "/ws", upgrade_headers())
            client.reset()  # not an end: the connection breaks
        self.assertEqual("client_gone", self.proxy.logged("/ws")["reason"])

    def test_a_websocket_that_outlives_the_drain_is_told_that_we_go_away(self):
        proxy = self.fairlead_file(f"listen: LISTEN\nto: {self.server.port}\nshutdown: {{grace: 100ms}}\n")
        with Connection(proxy.port) as client:
            client.request("GET", "/ws", upgrade_headers())
            client.send(b"\x81\x02hi")
            self.assertEqual(b"\x81\x02hi", client.read_exactly(4))
            proxy.signal(signal.SIGTERM)
            self.assertEqual(b"\x88\x02\x03\xe9", client.read_exactly(4))
            self.assertTrue(client.at_end())


class Streams(ProxyTest):
    def setUp(self):
        super().setUp()
        self.server = self.backend()
        self.proxy = self.fairlead(self.server)

    def test_an_event_arrives_while_the_next_is_not_yet_sent(self):
        with Connection(self.proxy.port) as client:
            client.send(encode("GET", "/sse"))
            _, status, headers = client.read_head()
            self.assertEqual((200, "text/event-stream"), (status, dict(headers)["Content-Type"]))
            self.assertIn(b"data: 1\n\n", client.read_some())  # the server waits for us: nothing else can come
            self.server.release.set()
            wait_until(lambda: b"data: 2\n\n" in client.read_some(), "the second event")

    def test_the_first_half_of_a_response_arrives_before_the_second(self):
        with Connection(self.proxy.port) as client:
            client.send(encode("GET", "/hold-mid"))
            client.read_head()
            self.assertEqual(b"first ", client.read_exactly(6))
            self.server.release.set()
            self.assertEqual(b"second", client.read_exactly(6))

    def test_a_response_may_come_before_the_upload_is_over(self):
        # The server answers 403 after the head; the client has sent only part of its body.
        server = EarlyAnswer(self)
        proxy = self.fairlead(server.port)
        with Connection(proxy.port) as client:
            client.send(encode("POST", "/", {"Content-Length": "100000"}) + b"x" * 1000)
            self.assertEqual(403, client.read_response().status)

    def test_a_client_that_leaves_frees_the_server(self):
        with Connection(self.proxy.port) as client:
            client.send(encode("GET", "/sse"))
            client.read_head()
            self.server.arrived.wait(10)
        line = self.proxy.logged("/sse")
        self.assertEqual("client_gone", line["reason"])

    def test_a_cut_response_is_never_a_success(self):
        for path in ("/reset-mid", "/bad-chunk"):
            with Connection(self.proxy.port) as client:
                client.send(encode("GET", path))
                with self.assertRaises((Cut, ConnectionResetError, ValueError), msg=path):
                    client.read_response()

    def test_a_slow_reader_gets_everything(self):
        length = 8 << 20
        with Connection(self.proxy.port) as client:
            client.send(encode("GET", f"/bytes/{length}"))
            # Reads nothing until the server can send no more: what is in between must be bounded, and lost nothing.
            _, status, _ = client.read_head()
            other = Connection(self.proxy.port)
            self.addCleanup(other.close)
            for _ in range(20):
                self.assertEqual(200, other.request("GET", "/").status)
            self.assertEqual((200, length), (status, len(client.read_exactly(length))))


class EarlyAnswer:
    """A server that answers as soon as it has the head of a request."""

    def __init__(self, test: ProxyTest):
        listening = socket.create_server(("127.0.0.1", 0))
        test.addCleanup(listening.close)
        self.port = listening.getsockname()[1]

        def serve():
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                if connection.recv(4096):  # a health check sends nothing
                    connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                connection.close()

        threading.Thread(target=serve, daemon=True).start()
