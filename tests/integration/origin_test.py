"""Whose word on the client is taken: forwarding fields and PROXY headers."""

import json
import struct

from clients import Connection, encode, fetch
from harness import ProxyTest

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"


def binary_header(source: bytes) -> bytes:
    addresses = source + bytes((10, 0, 0, 1)) + struct.pack("!HH", 5000, 443)
    return SIGNATURE + b"\x21\x11" + struct.pack("!H", len(addresses)) + addresses


class Origins(ProxyTest):
    def proxy(self, options: str):
        server = self.backend()
        return self.fairlead_file(
            f"listeners: {{web: {{address: LISTEN, {options}}}}}\n"
            f"routes: [{{to: app}}]\npools: {{app: {{servers: [{server.port}]}}}}\n")

    def seen(self, response) -> dict:
        """The fields that the server got, in lower case."""
        self.assertEqual(200, response.status)
        return {name.lower(): value for name, value in json.loads(response.body)["headers"]}

    def test_a_trusted_proxy_names_the_client(self):
        proxy = self.proxy("trusted_proxies: [loopback]")
        fields = self.seen(fetch(proxy.port, "/echo", headers={
            "X-Forwarded-For": "6.6.6.6, 192.0.2.7", "X-Forwarded-Proto": "https", "X-Request-Id": "from-the-cdn-1"}))
        self.assertEqual("192.0.2.7, 127.0.0.1", fields["x-forwarded-for"])
        self.assertEqual(("https", "192.0.2.7", "from-the-cdn-1"),
                         (fields["x-forwarded-proto"], fields["x-real-ip"], fields["x-request-id"]))
        line = proxy.logged("/echo")
        self.assertEqual(("192.0.2.7", "from-the-cdn-1"), (line["client"], line["id"]))

    def test_anybody_else_names_only_itself(self):
        proxy = self.proxy("trusted_proxies: [192.0.2.0/24]")
        fields = self.seen(fetch(proxy.port, "/echo", headers={"X-Forwarded-For": "192.0.2.7"}))
        self.assertEqual("127.0.0.1", fields["x-forwarded-for"])

    def test_a_proxy_header_names_the_client(self):
        proxy = self.proxy("trusted_proxies: [127.0.0.1], proxy_protocol: require")
        for header in (b"PROXY TCP4 192.0.2.7 10.0.0.1 5000 443\r\n", binary_header(bytes((192, 0, 2, 7)))):
            with Connection(proxy.port) as client:
                client.send(header + encode("GET", "/echo", {"X-Forwarded-For": "6.6.6.6"}))
                fields = self.seen(client.read_response())
                self.assertEqual("192.0.2.7", fields["x-forwarded-for"])  # the client itself is not trusted

    def test_a_proxy_header_may_come_byte_by_byte(self):
        proxy = self.proxy("trusted_proxies: [127.0.0.1], proxy_protocol: accept")
        with Connection(proxy.port) as client:
            for byte in b"PROXY TCP4 192.0.2.7 10.0.0.1 5000 443\r\n" + encode("GET", "/echo"):
                client.send(bytes((byte,)))
            self.assertEqual("192.0.2.7", self.seen(client.read_response())["x-real-ip"])

    def test_without_a_proxy_header_it_is_as_configured(self):
        self.assertEqual(200, fetch(self.proxy("trusted_proxies: [loopback], proxy_protocol: accept").port).status)
        self.assertEqual(400, fetch(self.proxy("trusted_proxies: [loopback], proxy_protocol: require").port).status)
        self.assertEqual(400, fetch(self.proxy("trusted_proxies: [10.0.0.1], proxy_protocol: require").port).status)

    def test_a_broken_proxy_header_is_refused(self):
        proxy = self.proxy("trusted_proxies: [loopback], proxy_protocol: accept")
        with Connection(proxy.port) as client:
            client.send(b"PROXY TCP4 nobody 10.0.0.1 5000 443\r\n" + encode("GET", "/"))
            self.assertEqual(400, client.read_response().status)
            self.assertTrue(client.at_end())


class Paths(ProxyTest):
    def test_no_spelling_of_a_path_gets_round_a_route(self):
        server = self.backend()
        proxy = self.fairlead_file(
            "listen: LISTEN\nroutes: [{to: app}, {match: {path: /admin/*}, respond: {status: 403}}]\n"
            f"pools: {{app: {{servers: [{server.port}]}}}}\n")
        for path in ("/admin/x", "/a/../admin/x", "//admin/x", "/%61dmin/x", "/a/%2e%2e/admin/x", "/./admin//x"):
            self.assertEqual(403, fetch(proxy.port, path).status, path)
        for path in ("/a%2f..%2fadmin/x", "/a\\..\\admin", "/..;/admin/x", "/../admin", "/%00", "/%zz"):
            self.assertEqual(400, fetch(proxy.port, path).status, path)

    def test_a_listener_may_keep_what_an_app_needs(self):
        server = self.backend()
        proxy = self.fairlead_file(
            "listeners: {web: {address: LISTEN, path: {duplicate_slashes: keep, encoded_slashes: keep}}}\n"
            f"routes: [{{to: app}}]\npools: {{app: {{servers: [{server.port}]}}}}\n")
        self.assertEqual(200, fetch(proxy.port, "/echo//a%2fb").status)
        self.assertIn("/echo//a%2Fb", [request.target for request in server.requests])

    def test_the_server_gets_the_path_that_was_judged(self):
        server = self.backend()
        proxy = self.fairlead(server)
        self.assertEqual(200, fetch(proxy.port, "/x/..//echo/./?a=/../b").status)
        self.assertEqual("/echo/", proxy.logged("/echo/")["path"])
        self.assertIn("/echo/?a=/../b", [request.target for request in server.requests])
