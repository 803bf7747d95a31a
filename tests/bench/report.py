"""What the benchmark prints and writes of its results: tables, bars that are met or not, and one JSON file."""

import json
import os
import statistics
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from proxies import ROOT
from rows import Bar, Row

PEERS = ("nginx", "haproxy")
# Shown where a row knows them: key, title, format, and how the rounds become one figure.
COLUMNS = (
    ("base", "base", "9.2f", statistics.median),
    ("ratio", "ratio", "7.2f", statistics.median),
    ("rate", "req/s", "8.0f", statistics.median),
    ("p50_us", "p50 us", "8.0f", statistics.median),
    ("p99_us", "p99 us", "8.0f", statistics.median),
    ("p999_us", "p99.9 us", "9.0f", statistics.median),
    ("errors", "errors", "7d", sum),
)

Results = dict[str, list[dict]]  # by program, one for each round


class Verdict(NamedTuple):
    bar: Bar
    reached: float

    @property
    def is_met(self) -> bool:
        return self.reached <= self.bar.limit

    def __str__(self) -> str:
        # Three digits: 0.604 is not 0.60.
        figure = f"{self.reached:.3f}" if self.reached < 10 else f"{self.reached:.0f}"
        of_what = " of the better peer" if self.bar.of_peers else ""
        key = "" if self.bar.key == "value" else f"{self.bar.key.removesuffix('_us')} "
        return f"{'met' if self.is_met else 'NOT MET'}: {key}{figure}{of_what}, at most {self.bar.limit:g}"


def median(results: list[dict], key: str = "value") -> float:
    return statistics.median(result[key] for result in results)


def ratio(results: Results, peer: str, key: str = "value", name: str = "fairlead") -> float:
    """To a peer's, round by round: the machine is faster in some rounds than in others."""
    return statistics.median(own[key] / other[key] for own, other in zip(results[name], results[peer]))


def verdicts(row: Row, results: Results) -> list[Verdict]:
    """None of what the programs that ran cannot tell."""
    found = []
    for bar in row.bars:
        if "fairlead" not in results:
            continue
        if not bar.of_peers:
            found.append(Verdict(bar, median(results["fairlead"], bar.key)))
        elif all(name in results for name in PEERS):
            # The better peer is the one to which the ratio is larger.
            found.append(Verdict(bar, max(ratio(results, peer, bar.key) for peer in PEERS)))
    return found


def table(row: Row, results: Results) -> str:
    peers = [name for name in PEERS if name in results]
    known = [column for column in COLUMNS if column[0] in next(iter(results.values()))[0]]
    lines = ["", f"{row.name}: {row.title} ({row.unit})",
             f"  {'':9}{'median':>9}{'min':>9}{'max':>9}" + "".join(f"{'/' + peer:>9}" for peer in peers)
             + "".join(f"{title:>{int(form[:-1].split('.')[0]) + 1}}" for _, title, form, _ in known)]
    for name, runs in results.items():
        values = [run["value"] for run in runs]
        line = f"  {name:9}{median(runs):9.2f}{min(values):9.2f}{max(values):9.2f}"
        line += "".join(f"{ratio(results, peer, name=name):9.2f}" for peer in peers)
        lines.append(line + "".join(f" {merge(run[key] for run in runs):{form}}" for key, _, form, merge in known))
    return "\n".join(lines + [f"  {verdict}" for verdict in verdicts(row, results)])


def machine() -> dict:
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), "unknown")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return {"cpu": model, "cores": os.cpu_count(), "kernel": os.uname().release, "commit": commit.stdout.strip(),
            "time": datetime.now(timezone.utc).isoformat(timespec="seconds")}


def write_json(rows: list[Row], results: dict[str, Results], path: Path | None) -> Path:
    """Every round of every row; by default to build/bench."""
    facts = machine()
    if path is None:
        path = ROOT / "build/bench" / f"{facts['time'].replace(':', '')}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
    document = {"schema": "fairlead.bench/v2", "machine": facts, "rows": [
        {"name": row.name, "title": row.title, "unit": row.unit, "rounds": results[row.name],
         "bars": [{**verdict.bar._asdict(), "reached": verdict.reached, "met": verdict.is_met}
                  for verdict in verdicts(row, results[row.name])]} for row in rows]}
    path.write_text(json.dumps(document, indent=1))
    return path
