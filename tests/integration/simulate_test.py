"""`fairlead simulate`: from a configuration and a log of real traffic to numbers, the same for the same seed."""

import json
import random
from concurrent.futures import ThreadPoolExecutor

from clients import fetch
from harness import ProxyTest, wait_until

CONFIG = """\
version: 1
listen: "LISTEN"
routes: [{to: web}]
pools:
  web: {servers: ["127.0.0.1:3001", "127.0.0.1:3002", "127.0.0.1:3003"]}
log: {access: {output: LOG, format: json}}
"""
QUICK = ("--duration", "30s", "--traffic", "synthetic:75/s")


def log_line(second: float, took: float, pool: str = "web") -> str:
    minute, rest = divmod(second, 60)
    return json.dumps({"ts": f"2026-01-15T14:{int(minute):02}:{rest:06.3f}Z", "pool": pool, "status": 200,
                       "dur": round(took, 6)})


class Simulate(ProxyTest):
    def pool_file(self) -> str:
        path = self.folder / "pool.yaml"
        path.write_text(CONFIG.replace("LISTEN", "127.0.0.1:8080").replace("LOG", "stdout"))
        return str(path)

    def document(self, *arguments: str) -> dict:
        run = self.run_fairlead("simulate", "--json", *arguments, seconds=120)
        self.assertEqual(0, run.returncode, run.stderr)
        document = json.loads(run.stdout)
        self.assertEqual("fairlead.simulate/v1", document["schema"])
        return document

    def test_every_algorithm_in_normal_times_after_a_death_and_with_a_slow_server(self):
        document = self.document("-c", self.pool_file(), *QUICK)
        self.assertEqual("web", document["pool"])
        scenarios = {result["scenario"] for result in document["results"]}
        self.assertEqual({"normal", "dies", "slows"}, scenarios)
        algorithms = {result["algorithm"] for result in document["results"]}
        self.assertLessEqual({"least_requests", "ewma", "p2c", "round_robin", "random"}, algorithms)
        for result in document["results"]:
            self.assertEqual(20, len(result["runs"]))
            mean = sum(run["p99_ms"] for run in result["runs"]) / 20
            self.assertAlmostEqual(mean, result["p99_ms"]["mean"], places=2)
        slow = {result["algorithm"]: result["p99_ms"] for result in document["results"] if result["scenario"] == "slows"}
        self.assertLess(slow["ewma"]["mean"], slow["round_robin"]["mean"])
        dead = [result for result in document["results"] if result["scenario"] == "dies"]
        self.assertEqual({0}, {result["failed_share"] for result in dead if result["algorithm"] == "least_requests"})

    def test_the_same_seed_gives_the_same_document(self):
        arguments = ("-c", self.pool_file(), "--algorithms", "ewma,least_requests", *QUICK)
        self.assertEqual(self.document(*arguments), self.document(*arguments))
        self.assertNotEqual(self.document(*arguments)["results"], self.document(*arguments, "--seed", "2")["results"])

    def test_more_servers_are_recommended_where_a_death_is_too_much(self):
        document = self.document("-c", self.pool_file(), "--servers", "2..4", "--algorithms", "least_requests",
                                 "--traffic", "synthetic:75/s", "--service-time", "p50=42ms,p99=400ms")
        self.assertEqual({"servers": 3, "algorithm": "least_requests"}, document["recommended"])
        self.assertEqual(1, document["capacity"]["may_die"])

    def test_a_log_of_ours_is_replayed(self):
        log = self.folder / "access.log"
        text = CONFIG.replace("LOG", str(log))
        for port in (3001, 3002, 3003):
            text = text.replace(str(port), str(self.backend().port))
        proxy = self.fairlead_file(text)
        with ThreadPoolExecutor(4) as clients:
            list(clients.map(lambda number: fetch(proxy.port, f"/{number}"), range(200)))
        wait_until(lambda: log.exists() and log.read_text().count("\n") >= 200, "all lines")
        run = self.run_fairlead("simulate", "-c", self.pool_file(), "--traffic", f"log:{log}", "--duration", "2s")
        self.assertEqual(0, run.returncode, run.stderr)
        self.assertIn(f"requests/s as in {log}", run.stdout)

    def test_a_log_calibrates_the_model(self):
        random.seed(1)
        times = sorted(random.uniform(0, 300) for _ in range(12000))
        log = self.folder / "access.log"
        log.write_text("\n".join(log_line(time, random.lognormvariate(-3, 0.7)) for time in times) + "\nbroken\n")
        run = self.run_fairlead("simulate", "-c", self.pool_file(), "--traffic", f"log:{log}", "--duration", "60s")
        self.assertEqual(0, run.returncode, run.stderr)
        self.assertIn("1 of 12001 lines are not of our JSON access log (the first: line 12001", run.stderr)
        self.assertIn("Calibrated against the log", run.stdout)
        self.assertIn("recommended", run.stdout)
        # One at a time is not what these servers did.
        wrong = self.run_fairlead("simulate", "-c", self.pool_file(), "--traffic", f"log:{log}", "--duration", "60s",
                                  "--concurrency", "1", "--algorithms", "random")
        self.assertIn("Nothing is recommended", wrong.stdout)

    def test_a_log_without_the_pool_is_refused(self):
        log = self.folder / "access.log"
        log.write_text("\n".join(log_line(second, 0.1, "api") for second in range(200)))
        run = self.run_fairlead("simulate", "-c", self.pool_file(), "--traffic", f"log:{log}")
        self.assertEqual(1, run.returncode)
        self.assertIn("There are requests to api", run.stderr)
        log.write_text('127.0.0.1 - - [15/Jan/2026:14:02:09 +0000] "GET / HTTP/1.1" 200 12\n' * 200)
        run = self.run_fairlead("simulate", "-c", self.pool_file(), "--traffic", f"log:{log}")
        self.assertEqual(1, run.returncode)
        self.assertIn("200 of 200 lines are not of our JSON access log", run.stderr)

    def test_faults_of_the_command_line_and_of_the_configuration(self):
        for arguments, code, text in (
                ((), 2, "no fairlead.yaml here"),
                (("--servers", "3", "--runs", "5"), 2, "--runs takes a whole number from 20 to 1000"),
                (("--servers", "3", "--arrivals", "often"), 2, "`--arrivals` takes poisson|even|bursty"),
                (("--servers", "3", "--traffic", "live:24h"), 2, "not in this version yet"),
                (("--serves", "3"), 2, "Did you mean `--servers`?"),
                (("-c", self.pool_file(), "--pool", "wbe"), 2, "no pool with servers is called `wbe`"),
                (("-c", str(self.folder / "none.yaml")), 3, "F0001")):
            with self.subTest(arguments):
                run = self.run_fairlead("simulate", *arguments)
                self.assertEqual(code, run.returncode, run.stdout + run.stderr)
                self.assertIn(text, run.stdout + run.stderr)
