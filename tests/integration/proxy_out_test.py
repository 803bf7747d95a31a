"""The PROXY protocol towards servers, with real nginx and HAProxy as the servers that ask for it."""

import socket

from clients import Connection, fetch
from harness import ProxyTest, free_port, listens, wait_until

CONFIG = """
version: 1
workers: 1
listeners: {{web: {{address: "LISTEN", trusted_proxies: [127.0.0.0/8], proxy_protocol: accept}}}}
routes: [{{to: app}}]
pools: {{app: {{servers: ["127.0.0.1:{port}"], proxy_protocol: {version}, last_resort: fail, warmup: 0s, health: {health}}}}}
"""
HAPROXY = """
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend web
  bind 127.0.0.1:{port} accept-proxy
  http-request return status 200 content-type text/plain lf-string "%[src] %[src_port]"
"""
CHECK = "{path: /health, every: 100ms, expect: 200}"


class ProxyOut(ProxyTest):
    def nginx_with_proxy_protocol(self) -> int:
        port = free_port()
        plain = free_port()
        self.nginx("behind", plain, f'''
  }}
  server {{
    listen 127.0.0.1:{port} proxy_protocol;
    keepalive_requests 1000;
    location / {{ return 200 "$proxy_protocol_addr $proxy_protocol_port $connection"; }}''')
        return port

    def haproxy_with_accept_proxy(self) -> int:
        port = free_port()
        config = self.folder / "haproxy.cfg"
        config.write_text(HAPROXY.format(port=port))
        self.process(["haproxy", "-f", str(config)])
        wait_until(lambda: listens(port), "haproxy")
        return port

    def proxy_to(self, port: int, version: str):
        proxy = self.fairlead_file(CONFIG.format(port=port, version=version, health=CHECK))
        # With `last_resort: fail`, an answer means that the checks pass too.
        wait_until(lambda: fetch(proxy.port).status == 200, "the server to be up")
        return proxy

    def check_client_is_named(self, port: int):
        for version in ("v1", "v2"):
            with self.subTest(version=version):
                proxy = self.proxy_to(port, version)
                with Connection(proxy.port) as client:
                    local = client.socket.getsockname()
                    for _ in range(3):
                        seen = client.request("GET", "/").body.decode().split()
                        self.assertEqual([local[0], str(local[1])], seen[:2])
                self.end(proxy)

    def test_nginx_sees_the_client(self):
        self.check_client_is_named(self.nginx_with_proxy_protocol())

    def test_haproxy_sees_the_client(self):
        self.check_client_is_named(self.haproxy_with_accept_proxy())

    def test_a_header_that_came_in_is_passed_on(self):
        for port in (self.nginx_with_proxy_protocol(), self.haproxy_with_accept_proxy()):
            for version in ("v1", "v2"):
                proxy = self.proxy_to(port, version)
                for address, family in (("192.0.2.7", "TCP4"), ("2001:db8::7", "TCP6")):
                    here = "127.0.0.1" if family == "TCP4" else "::1"
                    with Connection(proxy.port) as client:
                        client.send(f"PROXY {family} {address} {here} 5000 443\r\n".encode())
                        self.assertEqual([address, "5000"], client.request("GET", "/").body.decode().split()[:2])
                self.end(proxy)

    def test_a_connection_serves_one_client_only_and_that_one_again(self):
        proxy = self.proxy_to(self.nginx_with_proxy_protocol(), "v2")
        with Connection(proxy.port) as first, Connection(proxy.port) as second:
            connections = [client.request("GET", "/").body.split()[2] for client in (first, second, first, second)]
        self.assertEqual(connections[:2], connections[2:])
        self.assertNotEqual(connections[0], connections[1])

    def test_checks_by_connecting_say_who_they_are_too(self):
        received = []
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(20)
            self.fairlead_file(CONFIG.format(port=server.getsockname()[1], version="v1", health="{every: 100ms}"))
            connection, _ = server.accept()
            with connection:
                connection.settimeout(20)
                received.append(connection.recv(100))
        self.assertEqual([b"PROXY UNKNOWN\r\n"], received)
