#!/usr/bin/env python3
"""Runs clang-tidy on what changed: usage lint.py BUILD_FOLDER (which holds compile_commands.json).

clang-tidy takes seconds for a file and knows no cache. A file that passed leaves a stamp, named by a hash of all that
its result depends on: its own text, the headers of ours that it reaches, the checks and the compile command.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import cpp_text

ROOT = Path(__file__).resolve().parent.parent
TIDY = "clang-tidy-19"


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


def lint(entry: dict, build: Path) -> str:
    """The findings of one file; empty if there are none."""
    command = [TIDY, "--quiet", "-p", build, entry["file"]]
    if entry["file"].endswith(("_test.cc", "cli/command_line.cc")):
        # It follows every path through the macros of googletest: three quarters of the time, and no finding worth it.
        # And it finds fault with CLI11.
        command.append("--checks=-clang-analyzer-*")
    result = subprocess.run(command, capture_output=True, text=True)
    return "" if result.returncode == 0 else result.stdout + result.stderr


def main() -> int:
    build = Path(sys.argv[1])
    stamps = build / "clang-tidy"
    stamps.mkdir(exist_ok=True)
    entries = json.loads((build / "compile_commands.json").read_text())
    wanted = {entry["file"]: (stamp_of(entry), entry) for entry in entries}
    todo = [(stamp, entry) for stamp, entry in wanted.values() if not (stamps / stamp).exists()]
    start, failed = time.monotonic(), 0
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for (stamp, entry), findings in zip(todo, pool.map(lambda item: lint(item[1], build), todo)):
            if findings:
                failed += 1
                print(findings)
            else:
                (stamps / stamp).touch()
    keep = {stamp for stamp, _ in wanted.values()}
    for old in stamps.iterdir():
        if old.name not in keep:
            old.unlink()
    print(f"clang-tidy: {len(todo)} of {len(wanted)} files in {time.monotonic() - start:.0f} s, {failed} with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
