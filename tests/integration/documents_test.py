"""What we tell people: the examples, the schema, the demo, and the README's commands, which are run as written.

In the README every block fenced as ```console is run: each line that begins with `$ ` is a command, the lines below it
are what it prints, where `...` stands for anything. A comment before a block says how to run it:

    <!-- servers: 3001 3002 -->                 toy servers listen on these ports meanwhile
    <!-- serves: http://127.0.0.1:8080/ -->     the command goes on running; the test waits until this answers, then stops it
    <!-- not run: the reason -->                for what only makes sense on another machine, or would run this very test
"""

import json
import os
import re
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

import jsonschema
import yaml

from backends import Backend
from clients import fetch
from harness import FAIRLEAD, PATIENCE, ROOT, ProxyTest, listens, wait_until

README = ROOT / "README.md"
# Only these may go unrun.
MAY_BE_LEFT_OUT = re.compile(r"^(git clone|cd |\./dev (test|bench|check|fuzz)|sudo |docker |systemctl )")


class Examples(ProxyTest):
    def examples(self) -> list[Path]:
        found = sorted((ROOT / "examples").glob("*.yaml"))
        self.assertTrue(found, "there are examples")
        return found

    def test_every_example_is_valid(self):
        for example in self.examples():
            with self.subTest(example.name):
                result = self.run_fairlead("check", str(example))
                self.assertEqual(0, result.returncode, result.stdout + result.stderr)

    def test_every_example_fits_the_schema(self):
        schema = json.loads(self.run_fairlead("schema").stdout)
        jsonschema.Draft7Validator.check_schema(schema)
        for example in self.examples():
            with self.subTest(example.name):
                jsonschema.validate(yaml.safe_load(example.read_text()), schema)

    def test_the_schema_refuses_what_check_refuses(self):
        schema = json.loads(self.run_fairlead("schema").stdout)
        for bad in ({"lisen": ":80"}, {"workers": "many"}, {"pools": {"a": {"algorithm": "fastest"}}}):
            with self.assertRaises(jsonschema.ValidationError, msg=str(bad)):
                jsonschema.validate(bad, schema)

    def test_the_samples_of_nginx_and_haproxy_serve(self):
        for name in ("nginx-round-robin.yaml", "haproxy-http-with-stats.yaml"):
            with self.subTest(name):
                config = yaml.safe_load((ROOT / "examples" / name).read_text())
                servers = self.move_to_loopback(config)
                proxy = self.fairlead_file(yaml.safe_dump(config))
                wait_until(lambda: all(self.is_served_by(proxy.port, server) for server in servers),
                           f"a 200 of each server: {proxy.stderr}")

    def move_to_loopback(self, config: dict) -> list[Backend]:
        """Puts a free address for the one listener and servers of our own for all others; nothing else changes."""
        if "listen" in config:
            config["listen"] = "LISTEN"
        else:
            (listener,) = config["listeners"].values()
            listener["address"] = "LISTEN"
        backends = []
        for pool in config["pools"].values():
            for index, server in enumerate(pool["servers"]):
                backends.append(self.backend(f"server-{index}"))
                address = f"127.0.0.1:{backends[-1].port}"
                pool["servers"][index] = {**server, "address": address} if isinstance(server, dict) else address
        return backends

    def is_served_by(self, port: int, server: Backend) -> bool:
        answer = fetch(port, "/")
        self.assertEqual(200, answer.status)
        return answer.body == server.name.encode()


LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.M)


def anchors(text: str) -> set[str]:
    """As readers of Markdown derive them from headings."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in HEADING.findall(text)}


class Links(unittest.TestCase):
    def test_every_link_of_the_documents_leads_somewhere(self):
        pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/**/*.md")]
        self.assertGreater(len(pages), 10)
        for page in pages:
            for link in LINK.findall(page.read_text()):
                if "://" in link:
                    continue
                with self.subTest(page=page.relative_to(ROOT), link=link):
                    path, _, anchor = link.partition("#")
                    target = (page.parent / path).resolve() if path else page
                    self.assertTrue(target.exists(), "no such file")
                    if anchor:
                        self.assertIn(anchor, anchors(target.read_text()))


class Demo(ProxyTest):
    def test_a_crash_in_the_demo_costs_no_client_an_error(self):
        result = self.run_fairlead("demo", "--no-browser", "--duration", "30s", "--json", seconds=90)
        self.assertEqual(0, result.returncode, result.stderr)
        last = json.loads(result.stdout.strip().splitlines()[-1])
        self.assertEqual(0, last["client_errors"])
        self.assertGreater(last["requests"], 500)
        self.assertGreater(last["retries"], 0, "the crash must have been met")


class Block:
    """One ```console block of a document with its directives."""

    def __init__(self, text: str, directives: dict[str, str], line: int):
        self.line = line
        self.directives = directives
        self.steps: list[tuple[str, list[str]]] = []
        for entry in text.splitlines():
            if entry.startswith("$ "):
                self.steps.append((entry[2:], []))
            elif self.steps and entry.strip():
                self.steps[-1][1].append(entry)


def blocks(document: Path) -> list[Block]:
    found, directives, inside, collected, start = [], {}, False, [], 0
    for number, line in enumerate(document.read_text().splitlines(), 1):
        if inside:
            if line.startswith("```"):
                found.append(Block("\n".join(collected), directives, start))
                inside, collected, directives = False, [], {}
            else:
                collected.append(line)
        elif match := re.match(r"<!-- (servers|serves|not run): (.*) -->$", line):
            directives[match.group(1)] = match.group(2)
        elif line.startswith("```console"):
            inside, start = True, number
        elif line.strip():
            directives = {}
    return found


class ReadmeCommands(ProxyTest):
    def setUp(self):
        super().setUp()
        # The reader stands in the clone and has installed the program; the test stands in a folder that looks like it.
        (self.folder / "dev").write_text(f'#!/bin/sh\nexec "{ROOT}/dev" "$@"\n')
        (self.folder / "dev").chmod(0o755)
        (self.folder / "examples").symlink_to(ROOT / "examples")
        binaries = self.folder / "bin"
        binaries.mkdir()
        (binaries / "fairlead").symlink_to(FAIRLEAD)
        self.environment = {"PATH": f"{binaries}:{os.environ['PATH']}"}

    def test_every_command_does_what_the_readme_says(self):
        found = blocks(README)
        self.assertTrue(found, "the README shows commands")
        for block in found:
            with self.subTest(f"README.md:{block.line}"):
                self.run_block(block)

    def run_block(self, block: Block):
        if "not run" in block.directives:
            for command, _ in block.steps:
                self.assertRegex(command, MAY_BE_LEFT_OUT)
            return
        servers = [self.backend(port, int(port)) for port in block.directives.get("servers", "").split()]
        for command, expected in block.steps:
            if "serves" in block.directives and command == block.steps[0][0]:
                self.run_server(command, block.directives["serves"])
            else:
                self.run_command(command, expected)
        for server in servers:
            server.close()

    def run_server(self, command: str, url: str):
        port, target = re.match(r"http://[^/:]+:(\d+)(/.*)$", url).groups()
        process = self.process(["bash", "-c", f"exec {command}"], env=self.environment)

        def answers() -> bool:
            self.assertTrue(process.running(), process.stderr)
            return listens(int(port)) and fetch(int(port), target).status == 200

        wait_until(answers, f"{url} to answer 200")
        process.signal(signal.SIGTERM)
        self.assertEqual(0, process.wait(PATIENCE))

    def run_command(self, command: str, expected: list[str]):
        result = subprocess.run(["bash", "-c", command], cwd=self.folder, capture_output=True, text=True, timeout=300,
                                stdin=subprocess.DEVNULL, env={**os.environ, **self.environment})
        self.assertEqual(0, result.returncode, f"{command}\n{result.stdout}{result.stderr}")
        said = (result.stdout + result.stderr).splitlines()
        for line in expected:
            pattern = ".*".join(re.escape(part) for part in line.strip().split("..."))
            self.assertTrue(any(re.search(pattern, heard) for heard in said), f"{command} did not print {line!r}: {said}")


class BlocksOfADocument(unittest.TestCase):
    def test_directives_commands_and_output(self):
        with tempfile.TemporaryDirectory() as folder:
            document = Path(folder) / "a.md"
            document.write_text("# A\n<!-- servers: 1 2 -->\n```console\n$ a b\nsays ...\n$ c\n```\ntext\n```console\n$ d\n```\n")
            first, second = blocks(document)
        self.assertEqual(({"servers": "1 2"}, [("a b", ["says ..."]), ("c", [])]), (first.directives, first.steps))
        self.assertEqual(({}, [("d", [])]), (second.directives, second.steps))

