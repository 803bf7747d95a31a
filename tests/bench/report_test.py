"""What the benchmark makes of its figures: bars, and when a failure was detected and a server had recovered."""

import argparse
import unittest
from types import SimpleNamespace

from noticing import KINDS, kinds
from report import verdicts
from rows import ROWS, Bar, Row
from trouble import detected_after, recovered_after


def results(**values: list[float]) -> dict[str, list[dict]]:
    return {name: [{"value": value, "ratio": value} for value in found] for name, found in values.items()}


def row(bar: Bar) -> Row:
    return Row("a", "a", "us", lambda proxies, site: {}, (bar,))


class Kinds(unittest.TestCase):
    def test_are_those_that_there_are(self):
        self.assertEqual(KINDS[:2], kinds(",".join(KINDS[:2])))
        for text in ("", "no such thing", f"{KINDS[0]},"):
            with self.assertRaises(argparse.ArgumentTypeError):
                kinds(text)


class Bars(unittest.TestCase):
    def test_compares_the_median_with_that_of_the_better_peer(self):
        found = verdicts(row(Bar(0.75)), results(nginx=[10, 10, 1], haproxy=[20, 20, 20], fairlead=[7, 7.5, 100]))
        self.assertEqual([(verdict.reached, verdict.is_met) for verdict in found], [(0.75, True)])
        found = verdicts(row(Bar(0.75)), results(nginx=[10], haproxy=[20], fairlead=[7.6]))
        self.assertFalse(found[0].is_met)

    def test_compares_round_by_round(self):
        found = verdicts(row(Bar(0.75)), results(nginx=[10, 30, 20], haproxy=[20, 60, 40], fairlead=[7, 21, 16]))
        self.assertAlmostEqual(found[0].reached, 0.7)

    def test_says_nothing_of_the_better_peer_where_one_did_not_run(self):
        self.assertEqual(verdicts(row(Bar(0.75)), results(nginx=[10], fairlead=[1])), [])

    def test_a_bar_of_its_own_needs_no_peers(self):
        found = verdicts(row(Bar(1.05, of_peers=False, key="ratio")), results(fairlead=[1.0, 1.06, 1.06]))
        self.assertEqual([(verdict.reached, verdict.is_met) for verdict in found], [(1.06, False)])

    def test_every_row_has_a_bar_and_a_name_of_its_own(self):
        self.assertTrue(all(row.bars for row in ROWS))
        self.assertEqual(len({row.name for row in ROWS}), len(ROWS))


class Moments(unittest.TestCase):
    trouble = SimpleNamespace(began=100.0, ended=106.0)

    def test_a_failure_is_detected_with_the_last_request_that_felt_it(self):
        self.assertEqual(detected_after(self.trouble, [99, 101, 107], last_bad=102), 2)
        self.assertEqual(detected_after(self.trouble, [99, 107], last_bad=0), 0)

    def test_a_failure_that_is_felt_to_the_end_was_never_detected(self):
        self.assertIsNone(detected_after(self.trouble, [105.9], last_bad=0))

    def test_a_server_has_recovered_where_a_second_with_its_share_begins(self):
        others = [106 + i / 100 for i in range(1400)]
        to_server = [moment for moment in others[::3] if moment >= 109]
        self.assertAlmostEqual(recovered_after(self.trouble, to_server, others + to_server), 2.8, delta=0.11)
        self.assertIsNone(recovered_after(self.trouble, [], others))


if __name__ == "__main__":
    unittest.main()
