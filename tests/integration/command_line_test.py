"""The command line: exit codes, messages that say what to type, and `check` with every fault at its place."""

import json
import os
import shutil
import socket
import subprocess
import unittest
from pathlib import Path

from harness import FAIRLEAD, ProxyTest, free_port

FAULTY = """\
version: 1
listeners:
  web: {address: ":8080"}
routes:
  - match: {path: /*}
    to: wep
    timeouts:
      first_byte: 30
pools:
  web:
    servers: ["127.0.0.1:3001"]
    algoritm: round_robin
"""
VALID = """\
version: 1
listeners: {web: {address: "127.0.0.1:8080"}}
routes: [{to: web}, {match: {path: /old}, redirect: {to: "/new"}}]
pools: {web: {servers: ["127.0.0.1:3001", "127.0.0.1:3002"], health: /health}}
"""


class Check(ProxyTest):
    def check(self, text: str, *flags: str):
        (self.folder / "fairlead.yaml").write_text(text)
        return self.run_fairlead("check", "fairlead.yaml", *flags)

    def test_a_valid_file(self):
        result = self.check(VALID)
        self.assertEqual(0, result.returncode, result.stderr)
        self.assertIn("fairlead.yaml is valid: 1 listener, 2 routes, 1 pool, 2 servers", result.stdout)

    def test_every_fault_in_one_run_at_its_place(self):
        result = self.check(FAULTY)
        self.assertEqual(3, result.returncode)
        said = result.stdout + result.stderr
        for place in ("fairlead.yaml:6:9", "fairlead.yaml:8:19", "fairlead.yaml:12:5"):
            self.assertIn(f"--> {place}", said)
        self.assertIn("error[F1004]", said)
        self.assertIn("error[F0203]", said)
        self.assertIn("did you mean `web`?", said)
        self.assertIn("did you mean `algorithm`?", said)
        self.assertIn("3 errors", said)

    def test_json_has_the_same_faults(self):
        result = self.check(FAULTY, "--format", "json")
        self.assertEqual(3, result.returncode)
        document = json.loads(result.stdout)
        faults = document if isinstance(document, list) else document["diagnostics"]
        errors = [(fault["line"], fault["column"]) for fault in faults if fault["severity"] == "error"]
        self.assertEqual([(6, 9), (8, 19), (12, 5)], sorted(errors))
        for fault in faults:
            self.assertLessEqual({"code", "severity", "message", "file", "line", "column"}, fault.keys())

    def test_github_annotations(self):
        said = self.check(FAULTY, "--format", "github").stdout
        self.assertIn("::error file=fairlead.yaml,line=6,col=9", said.replace("column=", "col="))

    def test_a_name_that_does_not_resolve_is_a_warning(self):
        result = self.check(VALID.replace("127.0.0.1:3002", "no-such-host.invalid:3002"))
        self.assertEqual(0, result.returncode, result.stdout + result.stderr)
        self.assertIn("no-such-host.invalid", result.stdout + result.stderr)

    def test_what_is_not_there_yet_is_refused_by_name_and_line(self):
        result = self.check(VALID + "tracing: {sample: 1%}\n")
        self.assertEqual(3, result.returncode)
        self.assertIn("not supported yet", result.stdout + result.stderr)
        self.assertIn("fairlead.yaml:5:1", result.stdout + result.stderr)

    def test_a_file_that_is_not_there(self):
        result = self.run_fairlead("check", "nowhere.yaml")
        self.assertEqual(3, result.returncode)
        self.assertIn("nowhere.yaml", result.stdout + result.stderr)

    def test_run_with_a_faulty_file_starts_nothing(self):
        (self.folder / "fairlead.yaml").write_text(FAULTY)
        result = self.run_fairlead("run", "-c", "fairlead.yaml")
        self.assertEqual(3, result.returncode)
        self.assertIn("fairlead.yaml:6:9", result.stderr)


class CommandLine(ProxyTest):
    def assert_refused(self, code: int, words: list[str], *arguments: str):
        result = self.run_fairlead(*arguments)
        self.assertEqual(code, result.returncode, result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)

    def test_a_bad_command_line_is_2_and_says_what_to_type(self):
        self.assert_refused(2, ["error: `127.0.0.1` has no port", "--to 127.0.0.1:3000"], "run", "--to", "127.0.0.1")
        self.assert_refused(2, ["no servers", "fairlead demo"], "run")
        self.assert_refused(2, ["no command `rnu`", "Did you mean `run`?"], "rnu")
        self.assert_refused(2, ["--lisen", "--listen"], "run", "--lisen", ":8080")

    def test_a_port_in_use_is_1_and_names_the_user_of_it(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.assert_refused(1, [f"port {port} is used by", str(os.getpid())],
                                "run", "--listen", f"127.0.0.1:{port}", "--to", "127.0.0.1:3001")

    def test_our_own_listener_as_a_server_is_3(self):
        address = f"127.0.0.1:{free_port()}"
        self.assert_refused(3, ["F2201", address], "run", "--listen", address, "--to", address)

    def test_a_privileged_port_is_8_and_says_how(self):
        if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) == 0:
            raise unittest.SkipTest("this machine has no privileged ports")
        command = [FAIRLEAD]
        if os.geteuid() == 0:  # as nobody, who may not enter every folder
            self.folder.chmod(0o755)
            shutil.copy(FAIRLEAD, self.folder / "fairlead")
            command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all",
                       str(self.folder / "fairlead")]
        result = subprocess.run([*command, "run", "--listen", "127.0.0.1:80", "--to", "127.0.0.1:3001"], text=True,
                                cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
        self.assertEqual(8, result.returncode, result.stderr)
        self.assertIn("port 80 needs permission", result.stderr)

    def test_version(self):
        result = self.run_fairlead("version")
        self.assertEqual(0, result.returncode)
        self.assertRegex(result.stdout, r"\b\d+\.\d+\.\d+\b")
        self.assertIn("version", json.loads(self.run_fairlead("version", "--json").stdout))

    def test_explain_knows_the_codes_of_check(self):
        result = self.run_fairlead("explain", "F0203")
        self.assertEqual(0, result.returncode)
        self.assertIn("unit", result.stdout)
        self.assertEqual(2, self.run_fairlead("explain", "F9999").returncode)

    def test_completion_for_each_shell(self):
        for shell in ("bash", "zsh", "fish"):
            result = self.run_fairlead("completion", shell)
            self.assertEqual(0, result.returncode)
            self.assertIn("check", result.stdout)

    def test_saved_flags_are_a_file_that_does_the_same(self):
        server = self.backend("a")
        saved = self.folder / "saved.yaml"
        proxy = self.fairlead(server, flags=("--save", str(saved)))
        self.assertTrue(proxy.running())
        self.assertEqual(0, self.run_fairlead("check", str(saved)).returncode)
        self.assertIn(str(server.port), saved.read_text())
