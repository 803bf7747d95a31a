"""Routes: which one matches, whatever their order, and what a route can do without a server."""

from clients import fetch
from harness import ProxyTest

ROUTES = """
version: 1
listeners: {{web: {{address: "LISTEN"}}}}
routes:
  - {{match: {{path: /api/*}}, to: api}}
  - {{to: web}}
  - {{match: {{path: /api/exact}}, respond: {{status: 201, body: exact, type: text/x-test}}}}
  - {{match: {{path: /api/v2/*}}, respond: {{status: 200, body: v2}}}}
  - {{match: {{path: /old}}, redirect: {{to: "https://{{host}}/new{{uri}}", status: 301}}}}
  - {{match: {{method: DELETE}}, priority: 1, respond: {{status: 403, body: no}}}}
  - {{match: {{header: {{X-Beta: "1"}}}}, respond: {{status: 200, body: beta}}}}
  - {{match: {{host: admin.test}}, respond: {{status: 200, body: admin}}}}
  - {{match: {{host: "*.shop.test"}}, respond: {{status: 200, body: shop}}}}
pools:
  api: {{servers: ["127.0.0.1:{api}"]}}
  web: {{servers: ["127.0.0.1:{web}"]}}
"""


class Routes(ProxyTest):
    def setUp(self):
        super().setUp()
        api, web = self.backend("api"), self.backend("web")
        self.proxy = self.fairlead_file(ROUTES.format(api=api.port, web=web.port))

    def body(self, target: str, method: str = "GET", **headers: str) -> bytes:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return fetch(self.proxy.port, target, method, fields).body

    def test_the_longest_path_wins_whatever_the_order(self):
        self.assertEqual(b"web", self.body("/"))
        self.assertEqual(b"api", self.body("/api/x"))
        self.assertEqual(b"api", self.body("/api"))
        self.assertEqual(b"web", self.body("/apix"))
        self.assertEqual(b"exact", self.body("/api/exact?q=1"))
        self.assertEqual(b"v2", self.body("/api/v2/x"))

    def test_hosts_exact_and_wildcard_without_port_or_case(self):
        self.assertEqual(b"admin", self.body("/", Host="ADMIN.test:80"))
        self.assertEqual(b"shop", self.body("/", Host="eu.shop.test"))
        self.assertEqual(b"web", self.body("/", Host="shop.test"))

    def test_method_and_header(self):
        self.assertEqual(b"no", self.body("/", "DELETE"))
        self.assertEqual(b"beta", self.body("/", X_Beta="1"))
        self.assertEqual(b"web", self.body("/", X_Beta="2"))

    def test_respond_has_its_status_and_type(self):
        response = fetch(self.proxy.port, "/api/exact")
        self.assertEqual((201, "text/x-test"), (response.status, response.get("Content-Type")))

    def test_redirect_fills_its_placeholders(self):
        response = fetch(self.proxy.port, "/old?a=1")
        self.assertEqual((301, "https://example.test/new/old?a=1"), (response.status, response.get("Location")))

    def test_no_route_is_404(self):
        server = self.backend()
        proxy = self.fairlead_file(f"""
version: 1
listeners: {{web: {{address: "LISTEN"}}}}
routes: [{{match: {{host: only.test}}, to: app}}]
pools: {{app: {{servers: ["127.0.0.1:{server.port}"]}}}}
""")
        self.assertEqual(404, fetch(proxy.port, "/x").status)
        self.assertEqual("no_route", proxy.logged("/x")["reason"])
