"""The access log: what a line says, in which formats, and that no reader of it can slow the traffic down."""

import os
import re
from datetime import datetime

from clients import Connection, fetch
from harness import ProxyTest, wait_until

CONFIG = """
version: 1
listeners: {{web: {{address: "LISTEN"}}}}
routes: [{{name: all, to: app}}]
pools: {{app: {{servers: ["127.0.0.1:{port}"]}}}}
log: {{access: {{{access}}}}}
"""


class AccessLog(ProxyTest):
    def setUp(self):
        super().setUp()
        self.server = self.backend()

    def started(self, access: str, **kwargs):
        return self.fairlead_file(CONFIG.format(port=self.server.port, access=access), **kwargs)

    def test_a_json_line_says_everything_about_its_request(self):
        proxy = self.started("output: stdout")
        response = fetch(proxy.port, "/echo?token=secret", "POST", {"User-Agent": 'agent "x"\t', "Host": "shop.test"}, b"12345")
        line = proxy.logged("/echo")
        expected = {"id": response.get("X-Request-Id"), "client": "127.0.0.1", "listener": "web", "method": "POST",
                    "host": "shop.test", "path": "/echo", "route": "all", "pool": "app", "status": 200, "reason": "ok",
                    "server": f"127.0.0.1:{self.server.port}", "reused": False}
        self.assertEqual(expected, {name: line.get(name) for name in expected})
        self.assertEqual("http/1.1", line["proto"].lower().replace("h1", "http/1.1"))
        self.assertGreaterEqual(line["in"], 5)
        self.assertGreaterEqual(line["out"], len(response.body))
        for name in ("dur", "ttfb", "connect"):
            self.assertTrue(0 <= line[name] < 20, line)
        self.assertTrue(line["ua"].startswith('agent "x"'))
        datetime.strptime(line["ts"], "%Y-%m-%dT%H:%M:%S.%fZ")
        self.assertNotIn("secret", proxy.stdout)

    def test_a_query_is_logged_only_if_asked_for(self):
        proxy = self.started("output: stdout, fields: [query]")
        fetch(proxy.port, "/echo?a=1")
        self.assertIn("a=1", str(proxy.logged("/echo")))

    def test_a_reused_connection_is_said_to_be(self):
        proxy = self.started("output: stdout")
        with Connection(proxy.port) as client:
            client.request("GET", "/1")
            client.request("GET", "/2")
        self.assertEqual([False, True], [proxy.logged("/1")["reused"], proxy.logged("/2")["reused"]])

    def test_a_refused_request_is_logged_with_its_reason(self):
        proxy = self.started("output: stdout")
        with Connection(proxy.port) as client:
            client.send(b"GET / HTTP/1.1\r\n\r\n")
            client.read_response()
        line = wait_until(lambda: next(iter(proxy.access_log()), None), "a line")
        self.assertEqual((400, "bad_request"), (line["status"], line["reason"]))

    def test_one_line_for_each_request(self):
        proxy = self.started("output: stdout")
        with Connection(proxy.port) as client:
            for number in range(200):
                client.request("GET", f"/{number}")
        wait_until(lambda: len(proxy.access_log()) >= 200, "all lines")
        self.assertEqual([f"/{number}" for number in range(200)], [line["path"] for line in proxy.access_log()])

    def test_combined_is_what_other_tools_read(self):
        proxy = self.started("output: stdout, format: combined")
        fetch(proxy.port, "/page", headers={"User-Agent": "tester", "Referer": "http://a/"})
        combined = re.compile(r'^127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] '
                              r'"GET /page HTTP/1\.1" 200 1 "http://a/" "tester"$', re.MULTILINE)
        wait_until(lambda: combined.search(proxy.stdout), "a combined line")

    def test_human(self):
        proxy = self.started("output: stdout, format: human")
        fetch(proxy.port, "/page")
        wait_until(lambda: re.search(r"200\s+GET\s+/page", proxy.stdout), "a human line")

    def test_errors_alone(self):
        proxy = self.started("output: stdout, when: errors")
        fetch(proxy.port, "/good")
        fetch(proxy.port, "/status/500")
        proxy.logged("/status/500")
        self.assertEqual(["/status/500"], [line["path"] for line in proxy.access_log()])

    def test_off(self):
        proxy = self.started("output: off")
        fetch(proxy.port, "/")
        self.end(proxy)
        self.assertEqual([], proxy.access_log())

    def test_a_file(self):
        path = self.folder / "access.log"
        proxy = self.started(f'output: "{path}"')
        fetch(proxy.port, "/page")
        wait_until(lambda: path.exists() and '"/page"' in path.read_text(), "the file")

    def test_a_stuck_reader_does_not_stop_traffic(self):
        reader, writer = os.pipe()  # nobody reads: full after 64 KiB
        self.addCleanup(os.close, reader)
        proxy = self.started("output: stdout", stdout=writer)
        os.close(writer)
        with Connection(proxy.port) as client:
            for _ in range(3000):
                self.assertEqual(200, client.request("GET", "/" + "x" * 200).status)

    def test_a_reader_that_left_does_not_stop_traffic(self):
        reader, writer = os.pipe()
        proxy = self.started("output: stdout", stdout=writer)
        os.close(writer)
        os.close(reader)
        with Connection(proxy.port) as client:
            for _ in range(100):
                self.assertEqual(200, client.request("GET", "/").status)
        self.assertTrue(proxy.running())

    def test_a_full_disk_does_not_stop_traffic(self):
        proxy = self.started('output: "/dev/full"')
        with Connection(proxy.port) as client:
            for _ in range(100):
                self.assertEqual(200, client.request("GET", "/").status)
