"""What every HTTP/1.1 client may rely on: methods, bodies both ways, framing, kept-alive connections."""

import hashlib
import json
import subprocess

from backends import pattern_hash
from clients import Connection, encode, fetch
from harness import ProxyTest

MIB = 1 << 20


class Basics(ProxyTest):
    def setUp(self):
        super().setUp()
        self.server = self.backend("a")
        self.proxy = self.fairlead(self.server)

    def curl(self, *arguments: str) -> str:
        command = ["curl", "--silent", "--show-error", "--max-time", "20", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.proxy.port}{path}"

    def test_curl_gets_a_page(self):
        self.assertEqual("a", self.curl(self.url("/")))

    def test_curl_posts_a_form(self):
        seen = json.loads(self.curl("--data", "name=value", self.url("/echo")))
        self.assertEqual(("POST", 10), (seen["method"], seen["length"]))

    def test_curl_waits_for_100_continue(self):
        body = "x" * 100_000
        trace = self.folder / "trace"
        seen = json.loads(self.curl("-H", "Expect: 100-continue", "--expect100-timeout", "15", "--data", body,
                                    "--trace-ascii", str(trace), self.url("/echo")))
        self.assertEqual(100_000, seen["length"])
        self.assertIn("100 Continue", trace.read_text())

    def test_curl_uploads_in_chunks(self):
        file = self.folder / "upload"
        file.write_bytes(bytes(range(256)) * 4096)
        seen = json.loads(self.curl("-T", str(file), "-H", "Transfer-Encoding: chunked", self.url("/echo")))
        self.assertEqual(pattern_hash(MIB), seen["sha256"])

    def test_every_method_passes(self):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"):
            seen = json.loads(fetch(self.proxy.port, "/echo", method).body)
            self.assertEqual(method, seen["method"])

    def test_head_has_the_length_and_no_body(self):
        with Connection(self.proxy.port) as client:
            response = client.request("HEAD", "/")
            self.assertEqual((200, "1"), (response.status, response.get("Content-Length")))
            self.assertEqual(b"a", client.request("GET", "/").body)  # nothing of a body was left in between

    def test_204_and_304_have_no_body(self):
        with Connection(self.proxy.port) as client:
            for status in (204, 304):
                response = client.request("GET", f"/status/{status}")
                self.assertEqual((status, '"x"'), (response.status, response.get("ETag")))
                self.assertIsNone(response.get("Transfer-Encoding"))
            self.assertEqual(b"a", client.request("GET", "/").body)

    def test_the_servers_own_errors_pass_unchanged(self):
        for status in (404, 418, 500, 503):
            response = fetch(self.proxy.port, f"/status/{status}", "POST", body=b"")
            self.assertEqual((status, b""), (response.status, response.body))

    def test_a_normal_target_arrives_as_it_was_sent(self):
        for target in ("/echo?a=b&c=%20d", "/echo/%20%C3%A9;p=1", "/echo?/../%2e//%zz"):
            self.assertEqual(target, json.loads(fetch(self.proxy.port, target).body)["target"])

    def test_chunked_response_with_trailer(self):
        response = fetch(self.proxy.port, "/chunked")
        self.assertEqual(b"first second", response.body)

    def test_chunked_request(self):
        body = b"5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n"
        seen = json.loads(fetch(self.proxy.port, "/echo", "POST", {"Transfer-Encoding": "chunked"}, body).body)
        self.assertEqual(hashlib.sha256(b"hello world").hexdigest(), seen["sha256"])

    def test_response_that_ends_with_its_connection(self):
        self.assertEqual(b"until the end", fetch(self.proxy.port, "/until-close").body)

    def test_http_1_0_client_gets_no_chunks_and_an_end(self):
        with Connection(self.proxy.port) as client:
            client.send(b"GET /chunked HTTP/1.0\r\nHost: example.test\r\n\r\n")
            response = client.read_response()
            self.assertIsNone(response.get("Transfer-Encoding"))
            self.assertEqual(b"first second", response.body)
            self.assertTrue(client.at_end())

    def test_early_hints_arrive_before_the_response(self):
        with Connection(self.proxy.port) as client:
            client.send(encode("GET", "/hints"))
            _, status, headers = client.read_head()
            self.assertEqual((103, "</a.css>; rel=preload"), (status, dict(headers).get("Link")))
            self.assertEqual(b"after the hints", client.read_response().body)

    def test_large_bodies_both_ways(self):
        for length in (64 * 1024, 64 * 1024 + 1, MIB, 20 * MIB):
            body = fetch(self.proxy.port, f"/bytes/{length}").body
            self.assertEqual(pattern_hash(length), hashlib.sha256(body).hexdigest())
            seen = json.loads(fetch(self.proxy.port, "/echo", "POST", body=body).body)
            self.assertEqual((length, pattern_hash(length)), (seen["length"], seen["sha256"]))

    def test_one_connection_serves_many_requests(self):
        with Connection(self.proxy.port) as client:
            for _ in range(100):
                self.assertEqual(200, client.request("GET", "/").status)

    def test_connection_close_is_kept(self):
        with Connection(self.proxy.port) as client:
            response = client.request("GET", "/", {"Connection": "close"})
            self.assertEqual("close", (response.get("Connection") or "").lower())
            self.assertTrue(client.at_end())

    def test_pipelined_requests_are_answered_in_order(self):
        with Connection(self.proxy.port) as client:
            client.send(b"".join(encode("GET", path) for path in ("/slow/50", "/chunked", "/echo?3", "/")))
            self.assertEqual(b"a", client.read_response().body)
            self.assertEqual(b"first second", client.read_response().body)
            self.assertEqual("/echo?3", json.loads(client.read_response().body)["target"])
            self.assertEqual(b"a", client.read_response().body)

    def test_a_request_in_single_bytes_is_understood(self):
        with Connection(self.proxy.port) as client:
            for byte in encode("POST", "/echo", body=b"abc"):
                client.send(bytes([byte]))
            self.assertEqual(3, json.loads(client.read_response().body)["length"])

    def test_upstream_connections_are_reused(self):
        connections = set()
        for _ in range(20):
            connections.add(json.loads(fetch(self.proxy.port, "/echo").body)["connection"])
        # One for each worker at most, and never one for each request.
        self.assertLess(len(connections), 10)

    def test_a_server_that_closes_its_kept_connection_costs_no_error(self):
        for _ in range(50):
            self.assertEqual(200, fetch(self.proxy.port, "/close-after").status)
