"""Fairlead, nginx and HAProxy on the same odd requests: every disagreement is explained, in docs/reference/strictness.md.

The page is made from what the three do: `python3 tests/differential/http1_against_proxies_test.py --write`.
"""

import concurrent.futures
import sys
import tempfile
import unittest
from pathlib import Path

from odd_requests import CASES
from proxies import Proxy
from recorder import Forwarded
from strictness import REASONS, page

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/reference/strictness.md"
CORPUS = ROOT / "tests/fuzz/corpus/http1"
NAMES = ("Fairlead", "nginx", "HAProxy")
TWO_REQUESTS = {"two requests, pipelined", "a length named with an underscore", "`get_pipelined`",
                "`chunked_then_request`"}


def cases() -> dict[str, bytes]:
    """The written ones, and the requests of the fuzzer's corpus by the names of their files."""
    corpus = {f"`{path.name}`": path.read_bytes() for path in sorted(CORPUS.iterdir())}
    return CASES | {name: data for name, data in corpus.items() if b" HTTP/" in data and not data.startswith(b"HTTP/")}


def status_of(answer: bytes) -> str:
    """Of the first final answer; `closed` where there is none."""
    while answer.startswith(b"HTTP/1.1 1"):
        answer = answer.partition(b"\r\n\r\n")[2]
    return answer[9:12].decode() if answer.startswith(b"HTTP/1.") else "closed"


def words(answer: bytes, forwarded: list[Forwarded]) -> str:
    """What a proxy made of a request: `refuses 400`, or what reached the server."""
    if not forwarded:
        return f"refuses ({status_of(answer)})"
    return "; ".join(f"{request.method} {shortened(request.target)}, body {len(request.body)}" for request in forwarded)


def shortened(target: str) -> str:
    return target if len(target) <= 40 else f"{target[:10]}… ({len(target)} bytes)"


def ask(proxy: Proxy) -> dict[str, tuple[str, list[Forwarded]]]:
    results = {}
    for name, data in cases().items():
        answer, forwarded = proxy.send(data)
        results[name] = (words(answer, forwarded), forwarded)
    return results


def verdicts() -> dict[str, dict[str, tuple[str, list[Forwarded]]]]:
    """By program, then by case."""
    with tempfile.TemporaryDirectory(prefix="fairlead-differential-") as home:
        with Proxy("Fairlead", Path(home)) as ours, Proxy("nginx", Path(home)) as nginx, \
                Proxy("HAProxy", Path(home)) as haproxy, concurrent.futures.ThreadPoolExecutor() as pool:
            return dict(zip(NAMES, pool.map(ask, (ours, nginx, haproxy))))


def outcome(text: str) -> str:
    """What has to agree: refusals do, whatever their status."""
    return "refuses" if text.startswith("refuses") else text


def disagreements(found) -> dict[str, dict[str, str]]:
    rows = {case: {name: found[name][case][0] for name in NAMES} for case in found["Fairlead"]}
    return {case: row for case, row in rows.items() if len({outcome(text) for text in row.values()}) > 1}


class Http1AgainstProxies(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.found = verdicts()

    def test_every_disagreement_is_explained_and_every_explanation_is_needed(self):
        self.assertEqual(set(REASONS), set(disagreements(self.found)))

    def test_the_page_says_what_the_three_do(self):
        self.assertEqual(PAGE.read_text(), page(disagreements(self.found), len(cases())),
                         f"run {Path(__file__).name} --write")

    def test_what_we_pass_on_has_one_reading(self):
        for case, (_, forwarded) in self.found["Fairlead"].items():
            for request in forwarded:
                with self.subTest(case=case):
                    self.assertEqual(b"", request.extra)
                    self.assertEqual(1, len(request.fields.get("host", [])))
                    framing = request.fields.get("content-length", []) + request.fields.get("transfer-encoding", [])
                    self.assertLessEqual(len(framing), 1)
                    self.assertFalse({"http2-settings", "content_length"} & set(request.fields))
                    self.assertIn(request.fields.get("upgrade", ["websocket"]), [["websocket"]])

    def test_we_forward_no_more_requests_than_were_sent(self):
        for case, (_, forwarded) in self.found["Fairlead"].items():
            self.assertLessEqual(len(forwarded), 2 if case in TWO_REQUESTS else 1, case)


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        rows = disagreements(verdicts())
        PAGE.write_text(page(rows, len(cases())))
        for case in sorted(set(rows) ^ set(REASONS)):
            print(f"{'not explained' if case in rows else 'not needed'}: {case}: {rows.get(case)}")
    else:
        unittest.main()
