"""Which headers a server gets, which a client gets, and which neither may send through."""

import json
import re

from clients import Connection, fetch
from harness import ProxyTest

REQUEST_ID = re.compile(r"^req_[0-9A-Za-z]{20,}$")


class Forwarding(ProxyTest):
    def setUp(self):
        super().setUp()
        self.server = self.backend()
        self.proxy = self.fairlead(self.server)

    def seen(self, headers: dict | None = None) -> dict[str, list[str]]:
        """What the server received for a GET with these headers, by lower-case name."""
        arrived: dict[str, list[str]] = {}
        for name, value in json.loads(fetch(self.proxy.port, "/echo", headers=headers).body)["headers"]:
            arrived.setdefault(name.lower(), []).append(value)
        return arrived

    def test_the_server_learns_who_asks(self):
        seen = self.seen({"Host": "shop.test:8080"})
        self.assertEqual(["shop.test:8080"], seen["host"])
        self.assertEqual(["127.0.0.1"], seen["x-forwarded-for"])
        self.assertEqual(["http"], seen["x-forwarded-proto"])
        self.assertEqual(["shop.test:8080"], seen["x-forwarded-host"])
        self.assertEqual(["127.0.0.1"], seen["x-real-ip"])

    def test_a_client_cannot_choose_what_the_server_learns(self):
        seen = self.seen({"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.test",
                          "X-Real-IP": "1.2.3.4", "X-Request-Id": "chosen_by_client"})
        self.assertEqual(["127.0.0.1"], seen["x-forwarded-for"])
        self.assertEqual(["http"], seen["x-forwarded-proto"])
        self.assertEqual(["example.test"], seen["x-forwarded-host"])
        self.assertEqual(["127.0.0.1"], seen["x-real-ip"])
        self.assertEqual(1, len(seen["x-request-id"]))
        self.assertRegex(seen["x-request-id"][0], REQUEST_ID)

    def test_one_request_id_for_server_client_and_log(self):
        response = fetch(self.proxy.port, "/echo?id")
        sent = self.server.last("/echo?id").all("X-Request-Id")
        self.assertEqual(sent, response.all("X-Request-Id"))
        self.assertEqual(sent, [self.proxy.logged("/echo")["id"]])

    def test_request_ids_differ(self):
        ids = {fetch(self.proxy.port, "/").get("X-Request-Id") for _ in range(50)}
        self.assertEqual(50, len(ids))

    def test_hop_by_hop_headers_of_the_request_stay_behind(self):
        seen = self.seen({"Connection": "keep-alive, X-Secret", "X-Secret": "1", "Keep-Alive": "timeout=1",
                          "Proxy-Connection": "keep-alive", "TE": "trailers", "X-Kept": "2"})
        for name in ("x-secret", "keep-alive", "proxy-connection"):
            self.assertNotIn(name, seen)
        self.assertNotIn("X-Secret", seen.get("connection", [""])[0])
        self.assertEqual(["2"], seen["x-kept"])

    def test_naming_a_header_that_matters_in_connection_does_not_remove_it(self):
        # Else a client could hide who it is, or its credentials, from the server.
        seen = self.seen({"Connection": "close, X-Forwarded-For, X-Real-IP, Host, X-Request-Id"})
        for name in ("x-forwarded-for", "x-real-ip", "host", "x-request-id"):
            self.assertEqual(1, len(seen.get(name, [])), name)

    def test_hop_by_hop_headers_of_the_response_stay_behind(self):
        response = fetch(self.proxy.port, "/hop")
        self.assertIsNone(response.get("X-Private"))
        self.assertIsNone(response.get("Keep-Alive"))
        self.assertEqual("2", response.get("X-Public"))

    def test_other_headers_pass_as_they_are_and_in_order(self):
        with Connection(self.proxy.port) as client:
            client.send(b"GET /echo HTTP/1.1\r\nHost: a\r\nX-B: 1\r\nx-a: \t two  words \r\nX-B: 3\r\nCookie: a=1\r\n"
                        b"Authorization: Basic eA==\r\n\r\n")
            headers = json.loads(client.read_response().body)["headers"]
        ours = [(name, value) for name, value in headers if name.lower() in ("x-a", "x-b", "cookie", "authorization")]
        self.assertEqual([["X-B", "1"], ["x-a", "two  words"], ["X-B", "3"], ["Cookie", "a=1"],
                          ["Authorization", "Basic eA=="]], [list(pair) for pair in ours])

    def test_no_product_name_is_added(self):
        response = fetch(self.proxy.port, "/")
        for name in ("Server", "Via", "X-Powered-By"):
            self.assertIsNone(response.get(name))
