"""Odd requests, each with what is odd about it: the written part of what the three proxies are compared on."""

HOST = "Host: a.test\r\n"


def get(fields: str = "", target: str = "/", version: str = "HTTP/1.1", host: str = HOST) -> bytes:
    return f"GET {target} {version}\r\n{host}{fields}\r\n".encode("latin-1")


def post(fields: str, body: str = "") -> bytes:
    return f"POST / HTTP/1.1\r\n{HOST}{fields}\r\n{body}".encode("latin-1")


def chunked(body: str) -> bytes:
    return post("Transfer-Encoding: chunked\r\n", body)


CHUNK = "5\r\nhello\r\n0\r\n\r\n"
SECOND = "GET /second HTTP/1.1\r\nHost: a.test\r\n\r\n"

CASES: dict[str, bytes] = {
    # As it should be.
    "a plain GET": get(),
    "a POST with a length": post("Content-Length: 5\r\n", "hello"),
    "a POST in chunks": chunked(CHUNK),
    "two requests, pipelined": get() + SECOND.encode(),
    # Lengths and encodings.
    "Content-Length and Transfer-Encoding": post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", CHUNK),
    "Transfer-Encoding and Content-Length": post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", CHUNK),
    "two equal lengths": post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"),
    "two different lengths": post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!"),
    "a list of equal lengths": post("Content-Length: 5, 5\r\n", "hello"),
    "a length with a sign": post("Content-Length: +5\r\n", "hello"),
    "a negative length": post("Content-Length: -5\r\n", "hello"),
    "a length in hexadecimal": post("Content-Length: 0x5\r\n", "hello"),
    "an empty length": post("Content-Length:\r\n", "hello"),
    "a length with a leading zero": post("Content-Length: 05\r\n", "hello"),
    "a length beyond 64 bits": post("Content-Length: 18446744073709551621\r\n", "hello"),
    "a length with a space within": post("Content-Length: 5 5\r\n", "hello"),
    "a length named with an underscore": post("Content_Length: 5\r\n", SECOND),
    "Transfer-Encoding: identity": post("Transfer-Encoding: identity\r\nContent-Length: 5\r\n", "hello"),
    "Transfer-Encoding: gzip, chunked": post("Transfer-Encoding: gzip, chunked\r\n", CHUNK),
    "Transfer-Encoding: chunked, chunked": post("Transfer-Encoding: chunked, chunked\r\n", CHUNK),
    "Transfer-Encoding: chunked, identity": post("Transfer-Encoding: chunked, identity\r\n", CHUNK),
    "Transfer-Encoding twice": post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", CHUNK),
    "Transfer-Encoding: xchunked": post("Transfer-Encoding: xchunked\r\n", CHUNK),
    "Transfer-Encoding in quotes": post("Transfer-Encoding: \"chunked\"\r\n", CHUNK),
    "Transfer-Encoding with a vertical tab": post("Transfer-Encoding: \x0bchunked\r\n", CHUNK),
    "Transfer-Encoding: CHUNKED": post("Transfer-Encoding: CHUNKED\r\n", CHUNK),
    "an empty Transfer-Encoding": post("Transfer-Encoding:\r\n", ""),
    "a space before the colon of Transfer-Encoding": post("Transfer-Encoding : chunked\r\n", CHUNK),
    "Transfer-Encoding behind a folded line": post("X: y\r\n Transfer-Encoding: chunked\r\n", ""),
    "Transfer-Encoding on HTTP/1.0": f"POST / HTTP/1.0\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n{CHUNK}".encode(),
    "a GET with a body": get("Content-Length: 5\r\n") + b"hello",
    # Chunks.
    "a chunk size with a sign": chunked("+5\r\nhello\r\n0\r\n\r\n"),
    "a chunk size with 0x": chunked("0x5\r\nhello\r\n0\r\n\r\n"),
    "a chunk size with a space behind": chunked("5 \r\nhello\r\n0\r\n\r\n"),
    "a chunk size with a space before": chunked(" 5\r\nhello\r\n0\r\n\r\n"),
    "a chunk size beyond 64 bits": chunked("10000000000000005\r\nhello\r\n0\r\n\r\n"),
    "a chunk size with junk": chunked("5z\r\nhello\r\n0\r\n\r\n"),
    "no chunk size": chunked("\r\nhello\r\n0\r\n\r\n"),
    "a chunk that is longer than its size": chunked("3\r\nhello\r\n0\r\n\r\n"),
    "a chunk line that ends in LF": chunked("5\nhello\r\n0\r\n\r\n"),
    "chunk data followed by LF": chunked("5\r\nhello\n0\r\n\r\n"),
    "a chunk extension": chunked("5;a=b\r\nhello\r\n0\r\n\r\n"),
    "a chunk extension with a bare LF": chunked("5;a\nhello\r\n0\r\n\r\n"),
    "a chunk extension with a bare CR": chunked("5;a\rb\r\nhello\r\n0\r\n\r\n"),
    "a chunk extension of 5,000 bytes": chunked("5;" + "a" * 5000 + "\r\nhello\r\n0\r\n\r\n"),
    "a trailer": chunked("5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n"),
    "a trailer that is a length": chunked("5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n"),
    "a trailer that is Host": chunked("5\r\nhello\r\n0\r\nHost: evil\r\n\r\n"),
    "a trailer that is no field": chunked("5\r\nhello\r\n0\r\nnonsense\r\n\r\n"),
    "100 trailers": chunked("5\r\nhello\r\n0\r\n" + "X-T: 1\r\n" * 100 + "\r\n"),
    # Lines.
    "lines that end in LF": get().replace(b"\r\n", b"\n"),
    "one line that ends in LF": f"GET / HTTP/1.1\r\nX: y\n{HOST}\r\n".encode(),
    "a bare CR in a value": get("X: a\rb\r\n"),
    "a bare CR as a line end": f"GET / HTTP/1.1\r\n{HOST}X: y\rZ: w\r\n\r\n".encode(),
    "a folded line": get("X: a\r\n b\r\n"),
    "a folded first field": f"GET / HTTP/1.1\r\n X: y\r\n{HOST}\r\n".encode(),
    "NUL in a value": get("X: a\0b\r\n"),
    "NUL in a name": get("X\0: a\r\n"),
    "a control byte in a value": get("X: a\x01b\r\n"),
    "DEL in a value": get("X: a\x7fb\r\n"),
    "a byte above 127 in a value": get("X: \xe9\r\n"),
    "a space in a name": get("X Y: a\r\n"),
    "a space before a colon": get("X : a\r\n"),
    "an empty name": get(": a\r\n"),
    "a line without a colon": get("nonsense\r\n"),
    "a slash in a name": get("X/Y: a\r\n"),
    "a byte above 127 in a name": get("X\xe9: a\r\n"),
    "an empty line before the request": b"\r\n" + get(),
    "two empty lines before the request": b"\r\n\r\n" + get(),
    "a space before the method": b" " + get(),
    # Host.
    "no Host": get(host=""),
    "an empty Host": get(host="Host:\r\n"),
    "two equal Hosts": get(host=HOST + HOST),
    "two different Hosts": get(host=HOST + "Host: b.test\r\n"),
    "a Host with a user": get(host="Host: user@a.test\r\n"),
    "a Host with a path": get(host="Host: a.test/x\r\n"),
    "a Host with a space": get(host="Host: a.test b.test\r\n"),
    "a Host with a bad port": get(host="Host: a.test:port\r\n"),
    "a Host with a comma": get(host="Host: a.test,b.test\r\n"),
    "an absolute target that agrees with Host": get(target="http://a.test/x"),
    "an absolute target that differs from Host": get(target="http://b.test/x"),
    "an absolute target with a user": get(target="http://user@a.test/x"),
    # The request line.
    "HTTP/0.9": b"GET /\r\n",
    "HTTP/1.2": get(version="HTTP/1.2"),
    "HTTP/2.0": get(version="HTTP/2.0"),
    "http/1.1 in lower case": get(version="http/1.1"),
    "HTTP/1.10": get(version="HTTP/1.10"),
    "HTTP/01.1": get(version="HTTP/01.1"),
    "two spaces before the target": get(target=" /"),
    "two spaces before the version": b"GET /  HTTP/1.1\r\nHost: a.test\r\n\r\n",
    "a tab before the target": b"GET\t/ HTTP/1.1\r\nHost: a.test\r\n\r\n",
    "a space in the target": get(target="/a b"),
    "a fragment in the target": get(target="/a#b"),
    "a byte above 127 in the target": get(target="/\xe9"),
    "a control byte in the target": get(target="/a\x01"),
    "a quote in the target": get(target='/a"b'),
    "a target of 20,000 bytes": get(target="/" + "a" * 20_000),
    "the target *": b"OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n",
    "the target * with GET": get(target="*"),
    "a target without a slash": get(target="a"),
    "CONNECT": b"CONNECT a.test:80 HTTP/1.1\r\nHost: a.test:80\r\n\r\n",
    "an unknown method": b"BREW / HTTP/1.1\r\nHost: a.test\r\n\r\n",
    "a method in lower case": b"get / HTTP/1.1\r\nHost: a.test\r\n\r\n",
    "a method with a slash": b"GE/T / HTTP/1.1\r\nHost: a.test\r\n\r\n",
    "TRACE": b"TRACE / HTTP/1.1\r\nHost: a.test\r\n\r\n",
    # Paths.
    "dot segments": get(target="/a/../b"),
    "dot segments above the root": get(target="/../b"),
    "encoded dot segments": get(target="/a/%2e%2e/b"),
    "doubled slashes": get(target="//a//b"),
    "an encoded slash": get(target="/a%2fb"),
    "an encoded NUL": get(target="/a%00"),
    "overlong dots": get(target="/a/%c0%ae%c0%ae/b"),
    "a bad escape": get(target="/%zz"),
    "a backslash": get(target="/a\\b"),
    "an encoded letter": get(target="/%61"),
    # What connections are made of.
    "Connection that names Host": get("Connection: Host\r\n"),
    "Connection that names X-Forwarded-For": get("X-Forwarded-For: 6.6.6.6\r\nConnection: X-Forwarded-For\r\n"),
    "Upgrade: h2c": get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"),
    "Upgrade: websocket with a body": post("Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n", "hello"),
    "Upgrade: TLS/1.0": get("Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n"),
    "Expect: 200-maybe": post("Expect: 200-maybe\r\nContent-Length: 5\r\n", "hello"),
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a TLS handshake": bytes.fromhex("16030100050100000100"),
    # Sizes.
    "200 fields": get("X: y\r\n" * 200),
    "a field of 100,000 bytes": get("X: " + "y" * 100_000 + "\r\n"),
    "a field of 30,000 bytes": get("X: " + "y" * 30_000 + "\r\n"),
}
