#!/usr/bin/env python3
"""The rules of the project that neither the compiler nor clang-tidy knows.

Run from anywhere; prints `path:line: rule: what to do` for each finding and ends with 1 if there is one.
A rule is a function from a `Tree` to findings, listed in `RULES`. tidy_test.py shows what each one catches.
"""

import re
import sys
from functools import cached_property
from pathlib import Path
from typing import Callable, Iterator, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))
import cpp_text

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 60
CPP = (".cc", ".h")
SCRIPTS = (".py", ".sh")


class Finding(NamedTuple):
    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


class File:
    def __init__(self, root: Path, path: Path):
        self.path = path.relative_to(root).as_posix()
        self.suffix = path.suffix
        self.text = path.read_text(encoding="utf-8", errors="replace")

    @cached_property
    def code(self) -> str:
        return cpp_text.code_only(self.text)

    @property
    def is_test(self) -> bool:
        return self.path.startswith("tests/") or self.path.endswith(("_test.cc", "_test.py"))

    def finding(self, line: int, rule: str, message: str) -> Finding:
        return Finding(self.path, line, rule, message)


class Tree:
    def __init__(self, root: Path):
        self.root = root
        folders = ("src", "tests", "tools", "examples")
        paths = (path for folder in folders for path in sorted((root / folder).rglob("*")))
        self.files = [File(root, path) for path in paths if path.suffix in (*CPP, *SCRIPTS, ".yaml") and path.is_file()]
        self.cpp = [file for file in self.files if file.suffix in CPP]
        self.product = [file for file in self.cpp if file.path.startswith("src/") and not file.is_test]


# --- what may include what ---


def read_layers(text: str) -> dict[str, set[str]]:
    layers = {}
    for line in text.splitlines():
        room, colon, allowed = line.partition(":")
        if colon and not line.startswith("#"):
            layers[room.strip()] = {room.strip(), *allowed.split()}
    return layers


def room_of(path: str, rooms: dict[str, set[str]]) -> str | None:
    """The longest room that holds a path relative to src/; none for main.cc and unknown folders."""
    holding = [room for room in rooms if path.startswith(room + "/")]
    return max(holding, key=len, default=None)


def layers(tree: Tree) -> Iterator[Finding]:
    table = tree.root / "src" / "layers.txt"
    rooms = read_layers(table.read_text())
    for file in tree.product:
        inner = file.path.removeprefix("src/")
        room = room_of(inner, rooms)
        if room is None:
            if "/" in inner:
                yield file.finding(1, "layers", "this folder is not in src/layers.txt")
            continue
        for line, include in cpp_text.includes(file.text):
            target = room_of(include, rooms)
            if target is not None and target not in rooms[room]:
                yield file.finding(line, "layers", f"{room} may not include {target}; take an interface instead")


# --- size and shape ---


def file_length(tree: Tree) -> Iterator[Finding]:
    for file in tree.files:
        lines = file.text.count("\n")
        if lines > MAX_FILE_LINES:
            yield file.finding(lines, "long-file", f"{lines} lines; at most {MAX_FILE_LINES}. Split by purpose")


def function_length(tree: Tree) -> Iterator[Finding]:
    for file in tree.cpp:
        for function in cpp_text.functions(file.code):
            if function.length > MAX_FUNCTION_LINES:
                message = f"function of {function.length} lines; at most {MAX_FUNCTION_LINES}"
                yield file.finding(function.line, "long-function", message)


def header_comment(tree: Tree) -> Iterator[Finding]:
    """x.cc beside x.h is explained by the comment there, and x_test.cc by that of what it tests."""
    paths = {file.path for file in tree.cpp}
    for file in tree.files:
        if file.path.startswith("tests/fuzz/corpus/"):  # inputs, not sources
            continue
        subject = re.sub(r"(_test)?\.cc$", "", file.path)
        if file.suffix == ".cc" and not paths.isdisjoint({f"{subject}.h", f"{subject}.cc"} - {file.path}):
            continue
        lines = file.text.splitlines() or [""]
        first = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
        marks = ("//",) if file.suffix in CPP else ("#", '"""')
        if not first.startswith(marks):
            yield file.finding(1, "header", "begin the file with a comment: what is it for?")


def duplicate_includes(tree: Tree) -> Iterator[Finding]:
    for file in tree.cpp:
        seen = set()
        for match in re.finditer(r'^\s*#\s*include\s+([<"][^>"]+[>"])', file.text, re.MULTILINE):
            if match.group(1) in seen:
                line = file.text.count("\n", 0, match.start(1)) + 1
                yield file.finding(line, "duplicate-include", f"{match.group(1)} is included above")
            seen.add(match.group(1))


# A promise without an issue is forgotten.
_PROMISE = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b(?!\(#\d+\)| #\d+)")


def promises(tree: Tree) -> Iterator[Finding]:
    for file in tree.files:
        for number, line in enumerate(file.text.splitlines(), 1):
            if _PROMISE.search(line):
                yield file.finding(number, "todo", "name the issue: (#123)")


# --- calls that have a room of their own ---


class Ban(NamedTuple):
    rule: str
    pattern: str
    rooms: tuple[str, ...]  # prefixes of paths below src/ that may
    message: str
    in_tests: bool = False


BANS = (
    Ban("clock", r"(steady|system|high_resolution)_clock\s*::\s*now|\b(clock_gettime|gettimeofday)\s*\(|std::time\s*\(",
        ("runtime/", "app/", "cli/"), "take a Clock"),
    Ban("socket", r"(?<![\w>])::(socket|accept4?|connect|bind|listen|recv(from|msg)?|send(to|msg)?)\s*\("
        r"|(?<![\w.>])(socket|accept4|epoll_(create1|ctl|wait|pwait2?)|getaddrinfo)\s*\(",
        ("runtime/", "net/"), "take a Network or a Resolver"),
    Ban("random", r"\b(random_device|mt19937(_64)?|getrandom|getentropy|arc4random)\b|(?<![\w.>])s?rand\s*\(",
        ("base/random", "app/", "cli/"), "take a Random"),
    Ban("sleep", r"\b(sleep_for|sleep_until|usleep|nanosleep)\b|(?<![\w>])::sleep\s*\(", (),
        "wait for the event itself, or for a Deadline", in_tests=True),
    # CLI11 has no other way to say what is wrong.
    Ban("throw", r"\b(throw|try|catch)\b(?!_)", ("cli/command_line.cc",), "return a Result"),
    Ban("new", r"(?<!operator )\bnew\b|(?<!= )(?<!=)(?<!operator )\bdelete\b", ("runtime/",),
        "let a container or a smart pointer own it"),
)


def banned_calls(tree: Tree) -> Iterator[Finding]:
    for ban in BANS:
        pattern = re.compile(ban.pattern)
        for file in tree.cpp if ban.in_tests else tree.product:
            # The benchmark measures with real time and real sockets.
            if file.path.startswith("tests/bench/") or file.path.removeprefix("src/").startswith(ban.rooms):
                continue
            for match in pattern.finditer(file.code):
                line = file.code.count("\n", 0, match.start()) + 1
                yield file.finding(line, ban.rule, f"`{match.group().strip()}` has no place here; {ban.message}")


# --- catalogs and options ---


def catalogs(tree: Tree) -> Iterator[Finding]:
    """Beside a catalog.cc every other .cc that has no header is an entry of it: nothing else can reach it. An entry bears
    the name of its file, perhaps with a word before it or after it."""
    listed = {Path(file.path).parent: file.code for file in tree.product if file.path.endswith("/catalog.cc")}
    headers = {file.path for file in tree.product if file.suffix == ".h"}
    for file in tree.product:
        path = Path(file.path)
        catalog = listed.get(path.parent)
        if catalog is None or path.suffix != ".cc" or path.stem == "catalog" or path.with_suffix(".h").as_posix() in headers:
            continue
        if not re.search(rf"\b(\w+_)?{path.stem}(_\w+)?\b", catalog):
            yield file.finding(1, "catalog", f"`{path.stem}` is missing from {path.parent}/catalog.cc")


def untested_options(tree: Tree) -> Iterator[Finding]:
    """A `field("name", ...)` is set by some test or example: `name:` in YAML, or `name =` in code."""
    corpus = "\n".join(file.text for file in tree.files if file.is_test or file.path.startswith("examples/"))
    tested = set(re.findall(r"\b([a-z_]+)\\?[\"']?\s*[:=]", corpus))
    for file in tree.product:
        for match in re.finditer(r'\bfield\(\s*"([a-z_]+)"', file.text):
            if match.group(1) not in tested:
                line = file.text.count("\n", 0, match.start()) + 1
                yield file.finding(line, "untested-option", f"no test sets `{match.group(1)}`")


Rule = Callable[[Tree], Iterator[Finding]]
RULES: tuple[Rule, ...] = (
    layers, file_length, function_length, header_comment, duplicate_includes, promises, banned_calls, catalogs,
    untested_options,
)


def check(root: Path) -> list[Finding]:
    tree = Tree(root)
    return sorted(finding for rule in RULES for finding in rule(tree))


def main() -> int:
    findings = check(Path(__file__).resolve().parent.parent)
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
