#!/usr/bin/env python3
"""Runs clang-tidy on what changed: usage lint.py BUILD_FOLDER (which holds compile_commands.json).

clang-tidy takes seconds for a file, most of them for the headers of the libraries, and knows no cache. So files are read
as one, where no name of theirs stands in the way, and a file that passed leaves a stamp, named by a hash of all that its
result depends on: its own text, the headers of ours that it reaches, the checks and the compile command.
"""

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import cpp_text

ROOT = Path(__file__).resolve().parent.parent
TIDY = "clang-tidy-19"
MAX_GROUP = 24
# The analyzer gives up on a function after this many steps: without a bound, a few functions take nine tenths of its
# time. What only lies deeper is for the sanitizers.
ANALYZER = ["--extra-arg=-Xclang", "--extra-arg=-analyzer-config", "--extra-arg=-Xclang", "--extra-arg=max-nodes=20000"]
# It follows every path through the macros of googletest: three quarters of the time, and no finding worth it.
# And it finds fault with CLI11.
NOT_ANALYZED = ("_test.cc", "cli/command_line.cc")


@lru_cache(maxsize=None)
def direct_includes(path: Path) -> tuple[Path, ...]:
    found = []
    for _, include in cpp_text.includes(path.read_text()):
        for folder in (ROOT / "src", path.parent, ROOT):
            if (folder / include).is_file():
                found.append((folder / include).resolve())
                break
    return tuple(found)


def reached(source: Path) -> list[Path]:
    seen, queue = {source}, [source]
    while queue:
        for include in direct_includes(queue.pop()):
            if include not in seen:
                seen.add(include)
                queue.append(include)
    return sorted(seen)


def stamp_of(entry: dict) -> str:
    digest = hashlib.sha256((ROOT / ".clang-tidy").read_bytes())
    digest.update(entry["command"].encode())
    for path in reached(Path(entry["file"])):
        digest.update(path.read_bytes())
    return digest.hexdigest()


# --- groups ---

_NAME = re.compile(r"[^({=;\[]*?(?<![:\w~])(\w+)\s*[({=;\[]")
_USING = re.compile(r"^using (?!namespace)(?:[\w:]*::)?(\w+)")
_TYPE = re.compile(r"^(?:template\s*<.*>\s*)?(?:class|struct|union|enum(?:\s+class)?)\s+(\w+)")


def own_names(code: str) -> set[str]:
    """What a source names at its outermost level, roughly: two files of a group may not name the same. Names that it
    takes from elsewhere count: whether one of two is unused could not be seen."""
    names = set()
    for line in code.splitlines():
        if line[:1] in ("", " ", "#", "}") or line.startswith(("namespace", "using namespace", "extern")):
            continue
        match = _USING.match(line) or _TYPE.match(line) or _NAME.match(line)
        if match:
            names.add(match.group(1))
    return names - {"TEST", "TEST_F", "TEST_P", "TYPED_TEST", "INSTANTIATE_TEST_SUITE_P"}


def flags_of(entry: dict) -> tuple[str, ...]:
    """The compile command without the compiler and the names of its files."""
    words = shlex.split(entry["command"])[1:]
    return tuple(words[: words.index("-o")])


def grouped(entries: list[dict]) -> list[list[dict]]:
    """Files that can be read as one: of src/, or of one folder of tests/, and of one compile command."""
    open_groups: dict[tuple, list[tuple[list[dict], set[str]]]] = {}
    for entry in entries:
        path = Path(entry["file"])
        text = path.read_text()
        names = own_names(cpp_text.code_only(text))
        analyzed = not entry["file"].endswith(NOT_ANALYZED)
        # A macro would be seen by the files that follow.
        alone = path if re.search(r"^\s*#\s*define", text, re.MULTILINE) else None
        folder = ROOT / "src" if ROOT / "src" in path.parents else path.parent
        of_kind = open_groups.setdefault((alone, folder, flags_of(entry), analyzed), [])
        for group, taken in of_kind:
            if len(group) < MAX_GROUP and taken.isdisjoint(names):
                group.append(entry)
                taken |= names
                break
        else:
            of_kind.append(([entry], names))
    return [group for of_kind in open_groups.values() for group, _ in of_kind]


# --- runs ---


def tidy(source: Path, entry: dict) -> str:
    command = [TIDY, "--quiet", str(source), *ANALYZER]
    if entry["file"].endswith(NOT_ANALYZED):
        command.append("--checks=-clang-analyzer-*")
    # The compiler's own warnings are the build's business.
    command += ["--", *flags_of(entry), "-w"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=entry["directory"])
    return "" if result.returncode == 0 else result.stdout + result.stderr


def lint(group: list[dict], folder: Path) -> str:
    """The findings of a group; empty if there are none."""
    if len(group) == 1:
        return tidy(Path(group[0]["file"]), group[0])
    with tempfile.NamedTemporaryFile("w", suffix=".cc", dir=folder) as together:
        for entry in group:
            together.write(f'#line 1 "{entry["file"]}"\n{Path(entry["file"]).read_text()}\n')
        together.flush()
        findings = tidy(Path(together.name), group[0])
    if not findings:
        return ""
    # Perhaps two files only stand in each other's way; alone they have their true findings.
    middle = len(group) // 2
    return lint(group[:middle], folder) + lint(group[middle:], folder)


def main() -> int:
    build = Path(sys.argv[1]).resolve()
    stamps = build / "clang-tidy"
    stamps.mkdir(exist_ok=True)
    entries = {entry["file"]: entry for entry in json.loads((build / "compile_commands.json").read_text())}
    stamp = {file: stamp_of(entry) for file, entry in entries.items()}
    todo = [entry for file, entry in sorted(entries.items()) if not (stamps / stamp[file]).exists()]
    start, failed = time.monotonic(), 0
    groups = sorted(grouped(todo), key=len, reverse=True)  # the long ones first, so that no core ends alone
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for group, findings in zip(groups, pool.map(lambda group: lint(group, stamps), groups)):
            if findings:
                failed += 1
                print(findings)
                continue
            for entry in group:
                (stamps / stamp[entry["file"]]).touch()
    for old in stamps.iterdir():
        if old.name not in stamp.values():
            old.unlink()
    print(
        f"clang-tidy: {len(todo)} of {len(entries)} files in {len(groups)} groups in {time.monotonic() - start:.0f} s, "
        f"{failed} groups with findings"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
