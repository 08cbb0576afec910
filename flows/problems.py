"""What is wrong in a project's files, and how it is shown.

`file:line:col: CODE message` is what editors, CI annotations and people read. Lines and
columns count from 1, in characters, as editors do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal
from unicodedata import combining, east_asian_width

Severity = Literal["error", "warning"]
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_WIDEST: Final = 110


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `hint` says what to do and reads on after the message."""

    code: str
    severity: Severity
    path: str
    line: int
    col: int
    message: str
    hint: str = ""
    excerpt: str = ""
    """The line of the file, for the picture under the message."""

    @property
    def sentence(self) -> str:
        """Message and hint in one line; nothing in it can move a terminal's cursor."""
        return visible(f"{self.message}, {self.hint}" if self.hint else self.message)

    @property
    def place(self) -> str:
        """`path:line:col`."""
        return f"{visible(self.path)}:{self.line}:{self.col}"


def visible(text: str) -> str:
    """Text for a terminal or a log: what is not seen, or turns the writing round, is shown
    as `·`; a tab is one space, so that columns stay right."""
    return _UNSEEN.sub(lambda found: " " if found[0] == "\t" else "·", text)


def render(problem: Problem) -> str:
    """The finding as people read it: place, code, sentence, then the line and a caret."""
    head = f"{problem.place}: {problem.code} {problem.sentence}"
    if not problem.excerpt:
        return head
    line, before = _window(visible(problem.excerpt.rstrip("\r\n")), problem.col - 1)
    number = f"{problem.line:>5}"
    return f"{head}\n{number} | {line}\n{' ' * len(number)} | {_blank(before)}^"


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """By file and place; each finding once."""
    return sorted(
        dict.fromkeys(problems),
        key=lambda found: (found.path, found.line, found.col, found.code, found.message),
    )


def _window(line: str, column: int) -> tuple[str, str]:
    """The part of a long line around a column, and what stands before the column in it."""
    begin = 0 if len(line) <= _WIDEST else max(0, min(column - _WIDEST // 2, len(line) - _WIDEST))
    shown = line[begin : begin + _WIDEST]
    head = "…" if begin else ""
    tail = "…" if begin + _WIDEST < len(line) else ""
    return head + shown + tail, head + line[begin:column]


def _blank(text: str) -> str:
    """As many cells of space as `text` is wide."""
    return " " * sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)
