"""Files with marks: `⟦E103⟧` stands where a finding with that code must point."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import TypeVar

from flows.loader import read_project, read_tests
from flows.problems import Problem

T = TypeVar("T")
MARK = re.compile(r"⟦([EW]\d{3})⟧")
Found = tuple[str, int, int, str]
"""(path, line, column, code)."""


def unmarked(text: str) -> tuple[str, list[tuple[int, int, str]]]:
    """The text without its marks, and (line, column, code) of each."""
    lines, marks = [], []
    for number, marked in enumerate(text.split("\n"), 1):
        line = marked
        while (mark := MARK.search(line)) is not None:
            marks.append((number, mark.start() + 1, mark[1]))
            line = line[: mark.start()] + line[mark.end() :]
        lines.append(line)
    return "\n".join(lines), marks


def write(root: Path, files: dict[str, str]) -> list[Found]:
    """Write marked files; what must be found in them."""
    expected: list[Found] = []
    for name, text in files.items():
        plain, marks = unmarked(dedent(text).lstrip("\n"))
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(plain, "utf-8")
        expected += [(name, *mark) for mark in marks]
    return sorted(expected)


def places(problems: list[Problem]) -> list[Found]:
    """What was found, to be compared."""
    return sorted((found.path, found.line, found.col, found.code) for found in problems)


def findings(root: Path) -> list[Problem]:
    """Everything that is wrong in a project and its tests."""
    project, problems = read_project(root)
    _, of_tests = read_tests(root, project)
    return [*problems, *of_tests]


def timed(work: Callable[[], T], tries: int = 3) -> tuple[T, float]:
    """What it gives, and the seconds of processor it took; tried again if it is
    long, for the machine may be busy with other things."""
    while True:
        tries -= 1
        began = time.process_time()
        result = work()
        took = time.process_time() - began
        if took < 0.9 or tries == 0:
            return result, took
