#!/usr/bin/env python3
"""Puts the instrumented program through the benchmark's rows: `./dev profile` (see profile/README.md).

usage: train.py FOLDER: each process leaves what it counted there.
"""

import contextlib
import os
import resource
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from bench import measure_all, start_servers
from proxies import ROOT, Fairlead, Program
from rows import ROWS, Site

RATE = 5000  # requests a second where they come at fixed times
SECONDS_TO_END = 20


class Counting(Program):
    """Writes down what it counted when it ends, so it has to end by itself."""

    def stop(self):
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        try:
            self.popen.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            super().stop()
            sys.exit("the instrumented program did not end within its time: nothing of what it counted is kept")


class Instrumented(Fairlead):
    BINARY = ROOT / "build/profile/fairlead"
    PROGRAM = Counting


def main() -> int:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    os.environ["LLVM_PROFILE_FILE"] = str(Path(sys.argv[1]).resolve() / "%p.profraw")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory(prefix="fairlead-train-") as folder:
        servers_program, servers, many = start_servers(Path(folder))
        try:
            measure_all(list(ROWS), [Instrumented("fairlead", Path(folder))], Site(servers, many, 1.0, lambda: RATE), 1)
        finally:
            servers_program.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
