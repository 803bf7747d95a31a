"""`fairlead demo`, headless: what its narrator claims is measured here, and its users see no error."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import subprocess
import termios

from harness import FAIRLEAD, PATIENCE, ProxyTest, wait_until

SCHEMA = "fairlead.demo/v1"


class Demo(ProxyTest):
    def lines(self, output: str) -> list[dict]:
        lines = [json.loads(line) for line in output.splitlines()]
        self.assertEqual({SCHEMA}, {line["schema"] for line in lines})
        return lines

    def sentences(self, lines: list[dict]) -> dict[str, dict]:
        return {line["step"]: line for line in lines if line["kind"] == "sentence"}

    def states(self, lines: list[dict], server: str) -> list[str]:
        return [line["to"] for line in lines if line["kind"] == "server" and line["server"] == server]

    def test_the_whole_script_without_an_error_for_clients(self):
        run = self.run_fairlead("demo", "--duration", "15s", "--json", "--no-browser", seconds=60)
        lines = self.lines(run.stdout)
        result = lines[-1]
        self.assertEqual((0, "result", 0, {}),
                         (run.returncode, result["kind"], result["client_errors"], result["client_error_kinds"]),
                         run.stdout + run.stderr)
        self.assertEqual("script", result["ended_by"])
        self.assertEqual(result["requests"], result["answers"])
        self.assertGreater(result["requests"], 300)

        said = self.sentences(lines)
        said.pop("ejected", None)  # real traffic may be quicker than the checks
        self.assertEqual(["start", "crash", "down", "back", "drained", "end"], list(said))
        hit = int(re.search(r"(\d+) requests? hit it", said["crash"]["text"]).group(1))
        self.assertGreater(hit, 0)
        self.assertEqual(hit, said["crash"]["retries"] - said["start"]["retries"])

        states = [state for state in self.states(lines, "app-3") if state != "ejected"]
        self.assertEqual(["up", "down", "warming", "up"], states)
        self.assertEqual(["up", "draining"], self.states(lines, "app-2"))
        requests = {server["server"]: server["requests"] for server in result["servers"]}
        self.assertLess(requests["app-2"], requests["app-1"])
        since_drained = lines[lines.index(said["drained"]):]
        self.assertEqual({requests["app-2"]}, {server["requests"] for line in since_drained if "servers" in line
                                               for server in line["servers"] if server["server"] == "app-2"})

    def test_an_interrupt_ends_it_with_the_counts(self):
        demo = self.process([FAIRLEAD, "demo", "--json", "--no-browser"])
        wait_until(lambda: '"shares"' in demo.stdout, "the first shares")
        demo.signal(signal.SIGINT)
        self.assertEqual(0, demo.wait(), demo.stderr)
        result = self.lines(demo.stdout)[-1]
        self.assertEqual(("result", "signal", 0), (result["kind"], result["ended_by"], result["client_errors"]))
        self.assertEqual(result["requests"], result["answers"])

    def test_people_read_plain_lines_in_a_pipe(self):
        run = self.run_fairlead("demo", "--duration", "5s", "--servers", "2", seconds=60)
        self.assertEqual(0, run.returncode, run.stdout + run.stderr)
        self.assertNotIn("\x1b", run.stdout)
        self.assertNotIn("\r", run.stdout)
        self.assertRegex(run.stdout, r"errors seen by clients +0\n")
        self.assertEqual(3, run.stdout.count("  fairlead run "))

    def test_flags_out_of_range_are_refused(self):
        for flag, value in (("--duration", "1s"), ("--rate", "0"), ("--servers", "1"), ("--servers", "10")):
            run = self.run_fairlead("demo", flag, value)
            self.assertEqual((2, ""), (run.returncode, run.stdout))
            self.assertIn(flag, run.stderr)


class DemoOnTerminal(ProxyTest):
    """What people do with their keys."""

    def setUp(self):
        super().setUp()
        self.screen, self.terminal = pty.openpty()
        self.addCleanup(os.close, self.screen)
        self.addCleanup(os.close, self.terminal)
        self.seen = ""

    def demo(self, *flags: str) -> subprocess.Popen:
        demo = subprocess.Popen(
            [FAIRLEAD, "demo", *flags], stdin=self.terminal, stdout=self.terminal, stderr=self.terminal,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self.addCleanup(demo.wait, PATIENCE)
        self.addCleanup(demo.kill)
        return demo

    def wait_for(self, text: str):
        def is_seen() -> bool:
            while select.select([self.screen], [], [], 0)[0]:
                self.seen += os.read(self.screen, 65536).decode(errors="replace")
            return text in self.seen

        wait_until(is_seen, f"{text!r} on the terminal, which shows {self.seen!r}")
        self.seen = self.seen[self.seen.index(text) + len(text):]

    def press(self, key: str):
        os.write(self.screen, key.encode())

    def test_keys_break_things_and_the_terminal_is_given_back(self):
        before = termios.tcgetattr(self.terminal)
        demo = self.demo("--duration", "5s")
        self.wait_for("press 1, 2 or 3")
        self.press("1")
        self.wait_for("app-1 is down: connection refused")
        self.press("1")
        self.wait_for("app-1 is warming")
        self.press("+")
        self.wait_for("60 requests per second now.")
        self.press("q")
        self.wait_for("errors seen by clients")
        self.assertEqual(0, demo.wait(PATIENCE))
        self.assertEqual(before, termios.tcgetattr(self.terminal))

    def test_ctrl_c_ends_it_and_gives_the_terminal_back(self):
        before = termios.tcgetattr(self.terminal)
        demo = self.demo()
        self.wait_for("retries 0")
        self.press("\x03")
        self.wait_for("errors seen by clients")
        self.assertEqual(0, demo.wait(PATIENCE))
        self.assertEqual(before, termios.tcgetattr(self.terminal))
