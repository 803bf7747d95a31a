"""Hashing: requests with one key meet one server, in every worker and after a restart."""

from clients import fetch
from harness import ProxyTest, wait_until

CONFIG = """
version: 1
workers: 2
listeners: {{web: {{address: "LISTEN"}}}}
routes: [{{to: app}}]
pools:
  app:
    servers: [{servers}]
    algorithm: hash
    hash: {{key: "{key}"}}
    warmup: 0s
    health: {{path: /health, every: 100ms, fall: 2, rise: 1}}
"""
KEYS = [f"user-{number}" for number in range(40)]


class Hashing(ProxyTest):
    def hashing(self, key: str):
        self.names = {name.encode() for name in "abc"}
        backends = [self.backend(name) for name in "abc"]
        servers = ", ".join(f'{{name: "{b.name}", address: "127.0.0.1:{b.port}"}}' for b in backends)
        proxy = self.fairlead_file(CONFIG.format(servers=servers, key=key))
        return self.serving(proxy)

    def serving(self, proxy):
        wait_until(lambda: {fetch(proxy.port, f"/{key}").body for key in KEYS} == self.names, "every server to serve")
        return proxy

    def test_a_header_decides_in_every_worker_and_after_a_restart(self):
        proxy = self.hashing("header:x-user")
        homes = {key: fetch(proxy.port, headers={"X-User": key}).body for key in KEYS}
        self.assertEqual(self.names, set(homes.values()))
        for _ in range(3):
            self.assertEqual(homes, {key: fetch(proxy.port, headers={"X-User": key}).body for key in KEYS})
        proxy.signal(15)
        proxy.wait()
        proxy = self.serving(self.start(["run", "-c", str(self.config)], proxy.port))
        self.assertEqual(homes, {key: fetch(proxy.port, headers={"X-User": key}).body for key in KEYS})

    def test_a_path_decides_in_its_normal_form(self):
        proxy = self.hashing("path")
        for key in KEYS[:10]:
            answers = {fetch(proxy.port, path).body for path in (f"/{key}", f"/x/../{key}?a=1", f"/./{key}")}
            self.assertEqual(1, len(answers), key)
