"""What each rule of tidy.py catches, and what it leaves alone."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import cpp_text
import tidy

LAYERS = """# rooms
base:
http/codec: base
runtime: base
http: base http/codec runtime
pool: base http
"""


class TreeTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.write("src/layers.txt", LAYERS)

    def write(self, path: str, text: str):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def found(self) -> list[tuple[str, int, str]]:
        return [(finding.path, finding.line, finding.rule) for finding in tidy.check(self.root)]

    def assert_found(self, *expected: tuple[str, int, str]):
        self.assertEqual(sorted(expected), self.found())


class Layers(TreeTest):
    def test_a_lower_room_may_not_include_a_higher_one(self):
        self.write("src/base/a.h", '// A.\n#include "pool/b.h"\n')
        self.assert_found(("src/base/a.h", 2, "layers"))

    def test_the_longest_room_counts(self):
        self.write("src/http/codec/a.h", '// A.\n#include "runtime/b.h"\n')
        self.write("src/http/a.h", '// A.\n#include "runtime/b.h"\n#include "http/codec/a.h"\n')
        self.assert_found(("src/http/codec/a.h", 2, "layers"))

    def test_a_folder_must_be_a_room(self):
        self.write("src/misc/a.h", "// A.\n")
        self.assert_found(("src/misc/a.h", 1, "layers"))

    def test_tests_and_main_may_include_everything(self):
        self.write("src/base/a_test.cc", '// A.\n#include "pool/b.h"\n')
        self.write("src/main.cc", '// A.\n#include "pool/b.h"\n')
        self.assert_found()

    def test_a_system_header_of_the_same_name_is_not_ours(self):
        self.write("src/base/a.h", "// A.\n#include <pool/b.h>\n")
        self.assert_found()


class Shape(TreeTest):
    def test_a_file_has_at_most_500_lines(self):
        self.write("src/base/a.cc", "// A.\n" + "int a;\n" * 499)
        self.write("src/base/b.cc", "// B.\n" + "int a;\n" * 500)
        self.assert_found(("src/base/b.cc", 501, "long-file"))

    def test_a_function_has_at_most_60_lines(self):
        def function(name: str, lines: int) -> str:
            return f"int {name}() {{\n" + "  step();\n" * (lines - 2) + "}\n"

        self.write("src/base/a.cc", "// A.\nnamespace a {\n" + function("f", 60) + function("g", 61) + "}\n")
        self.assert_found(("src/base/a.cc", 63, "long-function"))

    def test_every_file_says_what_it_is_for(self):
        self.write("src/base/a.cc", "#include <vector>\n")
        self.write("tools/a.py", "#!/usr/bin/env python3\nimport os\n")
        self.write("tools/b.py", '#!/usr/bin/env python3\n"""Does b."""\n')
        self.write("examples/a.yaml", "listen: :80\n")
        self.write("src/base/b.h", "// What b is for.\n")
        self.write("src/base/b.cc", '#include "base/b.h"\n')
        self.write("src/base/b_test.cc", '#include "base/b.h"\n')
        self.assert_found(("examples/a.yaml", 1, "header"), ("src/base/a.cc", 1, "header"), ("tools/a.py", 1, "header"))

    def test_a_promise_names_its_issue(self):
        word = "TO" + "DO"
        self.write("src/base/a.cc", f"// {word}: later\n// {word}(#12): later\n")
        self.assert_found(("src/base/a.cc", 1, "todo"))

    def test_a_header_is_included_once(self):
        self.write("src/base/a.h", '// A.\n#include <string>\n#include "base/b.h"\n\n#include <string>\n')
        self.assert_found(("src/base/a.h", 5, "duplicate-include"))


class BannedCalls(TreeTest):
    def assert_banned(self, rule: str, code: str, path: str = "src/pool/a.cc"):
        self.write(path, f"// A.\n{code}\n")
        self.assertEqual([(path, 2, rule)], self.found(), code)

    def assert_allowed(self, code: str, path: str = "src/pool/a.cc"):
        self.write(path, f"// A.\n{code}\n")
        self.assertEqual([], self.found(), code)

    def test_clocks(self):
        self.assert_banned("clock", "auto t = std::chrono::steady_clock::now();")
        self.assert_banned("clock", "clock_gettime(CLOCK_MONOTONIC, &t);")
        self.assert_allowed("auto t = clock.now();")

    def test_a_room_may_do_what_it_is_for(self):
        self.assert_allowed("auto t = std::chrono::steady_clock::now();", "src/runtime/a.cc")

    def test_sockets(self):
        self.assert_banned("socket", "int fd = ::connect(fd, a, b);")
        self.assert_banned("socket", "int fd = socket(AF_INET, 0, 0);")
        self.assert_allowed("network.connect(address); upstream->send(bytes); Pool::connect(a);")

    def test_random(self):
        self.assert_banned("random", "std::random_device device;")
        self.assert_banned("random", "int a = rand();")
        self.assert_allowed("int a = random.below(3);")

    def test_sleeping_is_banned_in_tests_too(self):
        self.assert_banned("sleep", "std::this_thread::sleep_for(1s);", "src/pool/a_test.cc")

    def test_a_function_of_ours_may_bear_the_name(self):
        self.assert_allowed("void LogWriter::sleep(Duration wait) {}")

    def test_exceptions(self):
        self.assert_banned("throw", "throw 1;")
        self.assert_allowed("int try_lock(); // never throw")

    def test_owning_pointers(self):
        self.assert_banned("new", "auto* p = new int(1);")
        self.assert_banned("new", "delete p;")
        self.assert_allowed('A(const A&) = delete; auto s = "new"; int new_size = 1;')

    def test_other_things_are_free_in_tests(self):
        self.assert_allowed("throw 1;", "src/pool/a_test.cc")


class Catalogs(TreeTest):
    def test_an_entry_is_named_in_its_catalog(self):
        self.write("src/pool/balancers/catalog.cc", "// All.\nauto all = {&round_robin};\n")
        self.write("src/pool/balancers/round_robin.cc", "// A.\n")
        self.write("src/pool/balancers/random.cc", "// B.\n")
        self.write("src/pool/balancers/random_test.cc", "// B.\n")
        self.write("src/pool/balancers/table.cc", '#include "pool/balancers/table.h"\n')
        self.write("src/pool/balancers/table.h", "// A helper of the entries.\n")
        self.assert_found(("src/pool/balancers/random.cc", 1, "catalog"))

    def test_an_option_is_set_by_a_test_or_an_example(self):
        self.write("src/pool/a.cc", '// A.\nfield("fall", x);\nfield("rise", x);\nfield("every", x);\nfield("none", x);\n')
        self.write("src/pool/a_test.cc", '// A.\nauto y = "{fall: 3}"; options.rise = 2;\n')
        self.write("examples/a.yaml", "# A.\nhealth: {every: 5s}\n")
        self.assert_found(("src/pool/a.cc", 5, "untested-option"))


class CppText(unittest.TestCase):
    def test_code_only_blanks_comments_strings_and_characters(self):
        code = cpp_text.code_only("a /* x\n */ b \"{\" c '{' d 1'000 e R\"(\n{)\" f // {\ng")
        self.assertEqual(["a", "b", "c", "d", "1'000", "e", "f", "g"], code.split())
        self.assertEqual(3, code.count("\n"))

    def test_functions_are_told_from_other_braces(self):
        text = """
namespace a {
struct B : C {
  int x{1};
  B(int y)
      : x{y} {
    if (x) { y(); }
  }
  bool is() const { return [] { return true; }(); }
};
constexpr int table[] = {1, 2};
template <typename T>
auto f(T t) -> int {
  return t;
}
}  // namespace a
"""
        lengths = [function.length for function in cpp_text.functions(text)]
        self.assertIn(4, lengths)  # f with its template line
        self.assertLessEqual(max(lengths), 4)


if __name__ == "__main__":
    unittest.main()
