"""A rough reading of C++: enough to find includes, functions and words outside comments and strings. No parser."""

import re
from typing import Iterator, NamedTuple

_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/                                   # comments
      |R"(?P<delimiter>[^()\\\s]*)\(.*?\)(?P=delimiter)"      # raw strings
      |"(?:\\.|[^"\\\n])*"                                   # strings
      |(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'                    # characters, but not the ' of 1'000
    """,
    re.VERBOSE | re.DOTALL,
)
_NOT_A_FUNCTION = re.compile(
    r"^(template\s*<[^{]*>\s*)?(inline\s+)?(namespace|class|struct|enum|union|extern|if|for|while|switch|do|else)\b"
)


class Function(NamedTuple):
    line: int
    length: int


def code_only(text: str) -> str:
    """The text with comments, strings and characters blanked; every line keeps its number."""
    return _TOKEN.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def includes(text: str) -> Iterator[tuple[int, str]]:
    """Line and path of each `#include "..."`."""
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if match:
            yield number, match.group(1)


def functions(code: str) -> Iterator[Function]:
    """Outermost function bodies of a text without comments, by counting braces. What stands before a body decides
    whether it is one: a parameter list, or the end of a constructor's initialisers."""
    stack: list[int] = []  # for each open brace the line of the function that it opens, or 0
    head_start = 0
    for match in re.finditer(r"[{};]", code):
        position, brace = match.start(), match.group()
        if brace == "{":
            inside = any(stack)
            head = re.sub(r"^\s*#.*$", "", code[head_start:position], flags=re.MULTILINE).strip()
            stack.append(0 if inside or not _opens_function(head) else _line_of_head(code, head_start, position))
        elif brace == "}" and stack:
            start = stack.pop()
            if start:
                yield Function(start, code.count("\n", 0, position) + 1 - start + 1)
        head_start = position + 1


def _opens_function(head: str) -> bool:
    if _NOT_A_FUNCTION.match(head) or head.endswith(("=", "return", "(")):
        return False
    return "(" in head or head in ("", ",") or head.startswith(",")


def _line_of_head(code: str, start: int, end: int) -> int:
    leading = len(code[start:end]) - len(code[start:end].lstrip())
    return code.count("\n", 0, start + leading) + 1
