"""Our HTTP/1 codec and llhttp, Node's parser, must agree but for what http1_against_node.mjs explains."""

import os
import subprocess
import unittest
from pathlib import Path

HERE = Path(__file__).parent


class Http1AgainstNode(unittest.TestCase):
    def test_every_disagreement_is_explained(self):
        verdict = Path(os.environ["FAIRLEAD_BIN"]).with_name("fairlead_http1_verdict")
        seed = os.environ.get("FAIRLEAD_SEED", "1")
        driver = ["node", "--no-deprecation", str(HERE / "http1_against_node.mjs"), str(verdict), seed, "300"]
        run = subprocess.run(driver, capture_output=True, text=True, timeout=120)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)


if __name__ == "__main__":
    unittest.main()
