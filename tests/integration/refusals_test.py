"""What is refused: requests that are malformed, ambiguous or too large, responses that are no HTTP, and how it is said."""

import json

from backends import MALFORMED
from clients import Connection, Response, encode, fetch
from harness import ProxyTest, free_port

HOST = b"Host: a\r\n"
# Each must be refused with a 400, and no server may see any of it. RFC 9112 and known ways to smuggle a request.
BAD_REQUESTS = {
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "host with a space": b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    "host with a path": b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "space before the colon": b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length : 3\r\n\r\nabc",
    "no name": b"GET / HTTP/1.1\r\n" + HOST + b": x\r\n\r\n",
    "no colon": b"GET / HTTP/1.1\r\n" + HOST + b"nonsense\r\n\r\n",
    "folded header": b"GET / HTTP/1.1\r\n" + HOST + b"X-A: 1\r\n 2\r\n\r\n",
    "header before the first": b"GET / HTTP/1.1\r\n X-A: 1\r\n" + HOST + b"\r\n",
    "nul in a value": b"GET / HTTP/1.1\r\n" + HOST + b"X-A: a\x00b\r\n\r\n",
    "control in a value": b"GET / HTTP/1.1\r\n" + HOST + b"X-A: a\x01b\r\n\r\n",
    "carriage return in a value": b"GET / HTTP/1.1\r\n" + HOST + b"X-A: a\rX-B: b\r\n\r\n",
    "bad character in a name": b"GET / HTTP/1.1\r\n" + HOST + b"X(A): 1\r\n\r\n",
    "both lengths": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two different lengths": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "list of lengths": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 3, 4\r\n\r\nabcd",
    "signed length": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: +3\r\n\r\nabc",
    "hexadecimal length": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 0x3\r\n\r\nabc",
    "huge length": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999999999999999\r\n\r\n",
    "chunked is not last": b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunked twice": b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "misspelt chunked": b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked in HTTP/1.0": b"POST / HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bad version": b"GET / HTTP/1.x\r\n" + HOST + b"\r\n",
    "no version": b"GET /\r\n" + HOST + b"\r\n",
    "two spaces": b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n",
    "bad method": b"G@T / HTTP/1.1\r\n" + HOST + b"\r\n",
    "target without a slash": b"GET x HTTP/1.1\r\n" + HOST + b"\r\n",
    "control in the target": b"GET /a\x01 HTTP/1.1\r\n" + HOST + b"\r\n",
    "not HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03hello there\r\n\r\n",
}
BAD_CHUNKS = {
    "no size": b"\r\nabc\r\n0\r\n\r\n",
    "size is no number": b"xyz\r\nabc\r\n0\r\n\r\n",
    "size is signed": b"-3\r\nabc\r\n0\r\n\r\n",
    "size with 0x": b"0x3\r\nabc\r\n0\r\n\r\n",
    "size is huge": b"fffffffffffffffff\r\nabc\r\n0\r\n\r\n",
    "no end of the chunk": b"3\r\nabcdef\r\n0\r\n\r\n",
}


class BadRequests(ProxyTest):
    def setUp(self):
        super().setUp()
        self.server = self.backend()
        self.proxy = self.fairlead(self.server)

    def answer(self, data: bytes) -> tuple[Response, bool]:
        """The response and whether the connection ended after it."""
        with Connection(self.proxy.port) as client:
            client.send(data)
            return client.read_response(), client.at_end()

    def test_bad_requests_are_refused_and_never_forwarded(self):
        for name, data in BAD_REQUESTS.items():
            with self.subTest(name):
                response, ended = self.answer(data)
                self.assertIn(response.status, (400, 501, 505), name)
                self.assertTrue(ended, "what follows a malformed request cannot be trusted")
        self.assertEqual([], self.server.requests)

    def test_nothing_after_a_bad_request_is_served(self):
        response, ended = self.answer(BAD_REQUESTS["both lengths"] + encode("GET", "/smuggled"))
        self.assertEqual((400, True), (response.status, ended))
        self.assertEqual([], self.server.requests)

    def test_bad_chunks_never_make_a_complete_request(self):
        for name, body in BAD_CHUNKS.items():
            with self.subTest(name), Connection(self.proxy.port) as client:
                client.send(encode("POST", "/echo", {"Transfer-Encoding": "chunked"}, body))
                self.assertEqual(400, client.read_response().status)
                self.assertTrue(client.at_end())
        self.assertEqual([], self.server.requests)

    def test_a_header_that_is_too_large_is_431(self):
        response, _ = self.answer(encode("GET", "/", {"X-Large": "x" * 70_000}))
        self.assertEqual(431, response.status)
        self.assertEqual([], self.server.requests)

    def test_a_client_that_stops_in_its_head_is_not_waited_for(self):
        proxy = self.fairlead_file(f"""
version: 1
listeners: {{web: {{address: "LISTEN", timeouts: {{header: 200ms}}}}}}
routes: [{{to: app}}]
pools: {{app: {{servers: ["127.0.0.1:{self.server.port}"]}}}}
""")
        with Connection(proxy.port) as client:
            client.send(b"GET / HTTP/1.1\r\nHost:")
            data = client.read_some()  # a 408, or nothing, but an end
            self.assertTrue(data == b"" or data.startswith(b"HTTP/1.1 408"), data)

    def test_a_body_over_the_limit_of_its_route_is_413(self):
        proxy = self.fairlead_file(f"""
version: 1
listeners: {{web: {{address: "LISTEN"}}}}
routes: [{{to: app, body: {{max: 1KiB}}}}]
pools: {{app: {{servers: ["127.0.0.1:{self.server.port}"]}}}}
""")
        self.assertEqual(200, fetch(proxy.port, "/", "POST", body=b"x" * 1024).status)
        with Connection(proxy.port) as client:
            client.send(encode("POST", "/", {"Content-Length": "1025"}))
            self.assertEqual(413, client.read_response().status)


class BadResponses(ProxyTest):
    def test_a_response_that_is_no_http_is_502(self):
        server = self.backend()
        proxy = self.fairlead(server)
        for name in MALFORMED:
            with self.subTest(name):
                self.assertEqual(502, fetch(proxy.port, f"/malformed/{name}", "POST", body=b"").status)

    def test_a_reset_before_the_response_is_502_for_a_post(self):
        server = self.backend()
        proxy = self.fairlead(server)
        self.assertEqual(502, fetch(proxy.port, "/reset-before", "POST", body=b"x").status)
        self.assertEqual(1, server.paths().count("/reset-before"), "a POST is not sent twice")
        self.assertEqual("reset_before_response", proxy.logged("/reset-before")["reason"])

    def test_a_server_that_never_answers_is_504(self):
        server = self.backend()
        proxy = self.fairlead_file(f"""
version: 1
listeners: {{web: {{address: "LISTEN"}}}}
routes: [{{to: app, timeouts: {{first_byte: 200ms}}}}]
pools: {{app: {{servers: ["127.0.0.1:{server.port}"]}}}}
""")
        self.assertEqual(504, fetch(proxy.port, "/hold", "POST", body=b"").status)
        self.assertEqual("response_timeout", proxy.logged("/hold")["reason"])


class ErrorPages(ProxyTest):
    def setUp(self):
        super().setUp()
        self.proxy = self.fairlead(free_port())  # nothing listens there

    def refused(self, accept: str | None, method: str = "GET") -> Response:
        response = fetch(self.proxy.port, "/", method, {"Accept": accept} if accept else None)
        self.assertEqual(502, response.status)
        self.assertRegex(response.get("X-Request-Id") or "", "^req_")
        self.assertEqual("no-store", response.get("Cache-Control"))
        return response

    def test_a_browser_gets_a_page(self):
        response = self.refused("text/html,application/xhtml+xml,*/*;q=0.8")
        self.assertTrue(response.get("Content-Type").startswith("text/html"))
        self.assertIn(response.get("X-Request-Id").encode(), response.body)
        self.assertIn(b"It is not your connection", response.body)
        self.assertLess(len(response.body), 3072)
        self.assertNotIn(b"airlead", response.body)

    def test_a_program_gets_a_problem_document(self):
        for accept in ("application/json", "application/problem+json"):
            response = self.refused(accept)
            self.assertEqual("application/problem+json", response.get("Content-Type"))
            problem = json.loads(response.body)
            self.assertEqual((502, "Bad Gateway"), (problem["status"], problem["title"]))
            self.assertEqual(response.get("X-Request-Id"), problem["request_id"])

    def test_others_get_text(self):
        for accept in (None, "image/png"):
            self.assertTrue(self.refused(accept).get("Content-Type").startswith("text/plain"))

    def test_head_gets_no_body(self):
        self.assertEqual(b"", self.refused("text/html", "HEAD").body)

    def test_a_newcomer_on_loopback_reads_what_is_wrong(self):
        self.assertIn(b"nothing is listening", self.refused("text/html").body)

    def test_the_connection_survives_an_error(self):
        with Connection(self.proxy.port) as client:
            for _ in range(3):
                self.assertEqual(502, client.request("GET", "/").status)
