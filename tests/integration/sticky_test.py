"""Stickiness: the cookie that Fairlead sets, and what becomes of clients whose server fails."""

from clients import Connection, Response, encode, fetch
from harness import ProxyTest, wait_until

CONFIG = """
version: 1
workers: {workers}
listeners: {{web: {{address: "LISTEN"}}}}
routes: [{{to: app}}]
log: {{access: {{output: stdout}}}}
pools:
  app:
    servers: [{servers}]
    algorithm: round_robin
    warmup: 0s
    sticky: {sticky}
    health: {{path: /health, every: 100ms, fall: 2, rise: 1}}
    limits: {{max_inflight: {limit}}}
"""


def cookie_of(response: Response) -> str | None:
    """The `name=value` that the response sets, if it sets ours."""
    ours = [value for value in response.all("Set-Cookie") if value.startswith("fairlead=")]
    assert len(ours) <= 1, ours
    return ours[0].split(";")[0] if ours else None


class Stickiness(ProxyTest):
    def sticky(self, *backends, sticky: str = "cookie", limit: str = "off", workers: int = 2):
        self.backends = {backend.name.encode(): backend for backend in backends}
        servers = ", ".join(f'"127.0.0.1:{backend.port}"' for backend in backends)
        proxy = self.fairlead_file(CONFIG.format(servers=servers, sticky=sticky, limit=limit, workers=workers))
        wait_until(lambda: {fetch(proxy.port).body for _ in backends} == set(self.backends), "every server to serve")
        return proxy

    def test_a_client_stays_on_its_server_and_gets_no_second_cookie(self):
        proxy = self.sticky(*(self.backend(name) for name in "abc"))
        for _ in range(3):
            first = fetch(proxy.port)
            cookie = cookie_of(first)
            for _ in range(5):
                response = fetch(proxy.port, headers={"Cookie": f"x=1; {cookie}"})
                self.assertEqual((first.body, None), (response.body, cookie_of(response)))
            self.assertEqual(["x=1"], self.backends[first.body].last("/").all("Cookie"))

    def test_the_flag_does_it_and_is_saved(self):
        saved = self.folder / "saved.yaml"
        proxy = self.fairlead(self.backend("a"), self.backend("b"), flags=("--sticky", "cookie", "--save", str(saved)))
        first = fetch(proxy.port)
        headers = {"Cookie": cookie_of(first)}
        self.assertEqual([first.body] * 6, [fetch(proxy.port, headers=headers).body for _ in range(6)])
        self.assertIn("sticky", saved.read_text())

    def test_a_forged_cookie_is_replaced(self):
        proxy = self.sticky(self.backend("a"), self.backend("b"))
        cookie = cookie_of(fetch(proxy.port))
        forged = cookie[:-5] + ("AAAAA" if not cookie.endswith("AAAAA") else "BBBBB")
        for wrong in (forged, "fairlead=", "fairlead=" + "x" * 43):
            response = fetch(proxy.port, headers={"Cookie": wrong})
            self.assertEqual(200, response.status)
            self.assertIsNotNone(cookie_of(response))

    def test_a_header_sticks_and_no_cookie_is_set(self):
        proxy = self.sticky(*(self.backend(name) for name in "abc"), sticky="{header: X-User}", workers=1)
        for user in ("ann", "bob", "eve"):
            first = fetch(proxy.port, headers={"X-User": user})
            self.assertIsNone(cookie_of(first))
            same = {fetch(proxy.port, headers={"X-User": user}).body for _ in range(6)}
            self.assertEqual({first.body}, same)
        self.assertEqual(3, len({fetch(proxy.port).body for _ in range(6)}))

    def test_the_apps_own_cookie_is_learned(self):
        proxy = self.sticky(*(self.backend(name) for name in "abc"), sticky="{learn: session}")
        fetch(proxy.port, "/cookies")  # begins `session=1` on some server
        home = fetch(proxy.port, headers={"Cookie": "a=b; session=1"}).body
        self.assertEqual(["/cookies"], [path for path in self.backends[home].paths() if path == "/cookies"])
        self.assertEqual({home}, {fetch(proxy.port, headers={"Cookie": "session=1"}).body for _ in range(9)})
        self.assertEqual(["session=1"], self.backends[home].last("/").all("Cookie"))

    def test_a_learned_session_moves_when_its_server_is_down_and_stays_there(self):
        proxy = self.sticky(*(self.backend(name) for name in "ab"), sticky="{header: X-User}")
        home = self.backends[fetch(proxy.port, headers={"X-User": "ann"}).body]
        home.healthy = False
        wait_until(lambda: fetch(proxy.port, headers={"X-User": "ann"}).body != home.name.encode(), "the move")
        home.healthy = True
        wait_until(lambda: len({fetch(proxy.port).body for _ in range(4)}) == 2, "both servers to serve")
        self.assertEqual(1, len({fetch(proxy.port, headers={"X-User": "ann"}).body for _ in range(8)}))

    def test_the_cookie_outlives_a_restart(self):
        proxy = self.sticky(*(self.backend(name) for name in "abc"))
        first = fetch(proxy.port)
        proxy.signal(15)
        proxy.wait()
        again = self.start(["run", "-c", str(self.config)], proxy.port)
        response = fetch(again.port, headers={"Cookie": cookie_of(first)})
        self.assertEqual((first.body, None), (response.body, cookie_of(response)))

    def test_the_apps_own_cookies_are_left_alone(self):
        proxy = self.sticky(self.backend("a"))
        response = fetch(proxy.port, "/cookies")
        self.assertEqual(["session=1; Path=/", "theme=dark"], response.all("Set-Cookie")[:2])
        self.assertEqual(3, len(response.all("Set-Cookie")))

    def test_move_gives_a_client_another_server_and_another_cookie(self):
        proxy = self.sticky(self.backend("a"), self.backend("b"))
        first = fetch(proxy.port)
        self.backends[first.body].healthy = False
        proxy.wait_event('"to":"down"')
        moved = fetch(proxy.port, headers={"Cookie": cookie_of(first)})
        self.assertEqual(200, moved.status)
        self.assertNotEqual(first.body, moved.body)
        self.backends[first.body].healthy = True
        proxy.wait_event('"to":"up"', after=proxy.stderr.index('"to":"down"'))
        stays = fetch(proxy.port, headers={"Cookie": cookie_of(moved)})
        self.assertEqual(moved.body, stays.body)

    def test_a_server_that_dies_unnoticed_is_left_with_the_retry(self):
        proxy = self.sticky(self.backend("a"), self.backend("b"))
        first = fetch(proxy.port)
        self.backends[first.body].close()
        moved = fetch(proxy.port, headers={"Cookie": cookie_of(first)})
        self.assertEqual(200, moved.status)
        self.assertIsNotNone(cookie_of(moved))

    def test_fail_answers_503_while_the_server_is_down(self):
        proxy = self.sticky(self.backend("a"), self.backend("b"), sticky="{on_down: fail}")
        first = fetch(proxy.port)
        cookie = {"Cookie": cookie_of(first)}
        self.backends[first.body].healthy = False
        wait_until(lambda: fetch(proxy.port, headers=cookie).status == 503, "503")
        self.assertEqual(200, fetch(proxy.port).status)
        self.backends[first.body].healthy = True
        wait_until(lambda: fetch(proxy.port, headers=cookie).status == 200, "the server to be back")
        self.assertEqual(first.body, fetch(proxy.port, headers=cookie).body)

    def test_a_full_server_lends_its_client_to_another_for_one_request(self):
        proxy = self.sticky(self.backend("a"), self.backend("b"), limit="1", workers=1)
        first = fetch(proxy.port)
        cookie = {"Cookie": cookie_of(first)}
        self.hold(proxy, cookie, self.backends[first.body])
        elsewhere = fetch(proxy.port, headers=cookie)
        self.assertEqual((200, None), (elsewhere.status, cookie_of(elsewhere)))
        self.assertNotEqual(first.body, elsewhere.body)

    def hold(self, proxy, cookie: dict, backend):
        connection = Connection(proxy.port)
        self.addCleanup(connection.close)
        connection.send(encode("GET", "/hold", cookie, None))
        backend.arrived.wait(20)
