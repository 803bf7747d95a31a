"""Which files lint.py reads as one."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import lint


class Groups(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def entry(self, name: str, text: str, flags: str = "-O1") -> dict:
        path = self.folder / name
        path.write_text(text)
        return {"file": str(path), "directory": str(self.folder), "command": f"c++ {flags} -o {name}.o -c {path}"}

    def groups(self, *entries: dict) -> list[list[str]]:
        return [[Path(entry["file"]).name for entry in group] for group in lint.grouped(list(entries))]

    def test_files_without_a_common_name_are_read_as_one(self):
        one = self.entry("a.cc", "constexpr int kA = 1;\nint A::size() {\n  return 1;\n}\n")
        other = self.entry("b.cc", "constexpr int kB = 1;\nint B::size() {\n  return 1;\n}\n")
        self.assertEqual([["a.cc", "b.cc"]], self.groups(one, other))

    def test_files_that_name_the_same_are_not(self):
        for text in ("constexpr int kSize = 1;\n", "class Ear {\n};\n", "int main() {\n}\n", "using Map = int;\n", "using a::b;\n"):
            self.assertEqual([["a.cc"], ["b.cc"]], self.groups(self.entry("a.cc", text), self.entry("b.cc", text)))

    def test_a_file_that_defines_a_macro_is_read_alone(self):
        files = (self.entry("a.cc", "#define A 1\n"), self.entry("b.cc", ""), self.entry("c.cc", ""))
        self.assertEqual([["a.cc"], ["b.cc", "c.cc"]], self.groups(*files))

    def test_one_command_for_all(self):
        files = (self.entry("a.cc", ""), self.entry("b.cc", "", flags="-O2"))
        self.assertEqual([["a.cc"], ["b.cc"]], self.groups(*files))

    def test_groups_have_a_bound(self):
        files = [self.entry(f"{number}.cc", "") for number in range(lint.MAX_GROUP + 1)]
        self.assertEqual([lint.MAX_GROUP, 1], [len(group) for group in self.groups(*files)])


if __name__ == "__main__":
    unittest.main()
