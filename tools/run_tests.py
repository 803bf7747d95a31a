#!/usr/bin/env python3
"""Runs the Python tests of a folder: usage run_tests.py FOLDER [NAME], where NAME is a part of the tests' names.

Says `ok NAME` or `FAIL NAME` for each test as it ends, so that `./dev test` can count them and a reader can follow. A test
that hangs fails after its time limit, and what it started ends with it.
"""

import os
import signal
import sys
import time
import unittest
from pathlib import Path

SECONDS_PER_TEST = 180


class OneLinePerTest(unittest.TestResult):
    def startTest(self, test):
        super().startTest(test)
        self._start = time.monotonic()
        self._reports: list[str] = []
        signal.alarm(SECONDS_PER_TEST)

    def addError(self, test, err):
        self._reports.append(self._exc_info_to_string(err, test))

    def addFailure(self, test, err):
        self._reports.append(self._exc_info_to_string(err, test))

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self._reports.append(f"{subtest}\n{self._exc_info_to_string(err, test)}")

    def addSkip(self, test, reason):
        # A test that cannot run here has shown nothing, and nobody reads about it: it counts as failed.
        self._reports.append(f"skipped: {reason}\n")

    def stopTest(self, test):
        signal.alarm(0)
        super().stopTest(test)
        for report in self._reports:
            print(report)
        word = "FAIL" if self._reports else "ok  "
        self.failed = getattr(self, "failed", False) or bool(self._reports)
        print(f"{word} {test.id()} ({time.monotonic() - self._start:.1f}s)", flush=True)


def hung(*_):
    raise TimeoutError(f"the test ran for {SECONDS_PER_TEST} s")


def chosen(suite: unittest.TestSuite, part: str) -> list[unittest.TestCase]:
    found = []
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            found += chosen(test, part)
        elif part in test.id() or "_FailedTest" in test.id():
            found.append(test)
    return found


def main() -> int:
    folder, part = Path(sys.argv[1]), (sys.argv[2:] or [""])[0]
    signal.signal(signal.SIGALRM, hung)
    tests = chosen(unittest.defaultTestLoader.discover(str(folder), pattern="*_test.py"), part)
    result = OneLinePerTest()
    unittest.TestSuite(tests).run(result)
    return 1 if getattr(result, "failed", False) else 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # a server's thread that still waits must not keep us
