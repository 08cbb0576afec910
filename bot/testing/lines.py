"""Lines of a transcript, as tests write and compare them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import TypeAlias

import msgspec

from bot.rows import Message
from bot.runtime.wire import load_choices


class Line(msgspec.Struct, frozen=True):
    """One line of a transcript as a test sees it. A plain text stands for `Line(text)`."""

    text: str
    kind: str = "bot"
    """`bot`, `note` (a run speaks), `user`, or `agent`."""
    choices: tuple[str, ...] | None = None
    """Labels of the buttons; None: they do not matter."""

    def matches(self, heard: Line) -> bool:
        """Whether `heard` is this line."""
        return (self.text, self.kind) == (heard.text, heard.kind) and self.choices in (None, heard.choices)

    def __str__(self) -> str:
        buttons = "".join(f" [{label}]" for label in self.choices or ())
        return f"{self.kind:<5} {self.text}{buttons}"


Expected: TypeAlias = "str | Line"


def note(text: str) -> Line:
    """A line that a run posts by *Add Live Chat Message*."""
    return Line(text, "note")


def question(text: str, *labels: str) -> Line:
    """A question with exactly these buttons."""
    return Line(text, "bot", labels)


def user(text: str) -> Line:
    """The person's own line; in `transcript` only."""
    return Line(text, "user")


def line_of(message: Message) -> Line:
    """A row of the transcript as a test sees it."""
    kind = "note" if message.kind == "note" else message.sender
    labels = tuple(choice.label for choice in load_choices(message.choices))
    return Line(message.text, kind, labels)


def compared(expected: Sequence[Line], heard: Sequence[Line]) -> str:
    """Both sides, line by line; what differs is marked."""
    rows = []
    for one, other in zip_longest(expected, heard):
        same = one is not None and other is not None and one.matches(other)
        if same:
            rows.append(f"    {other}")
            continue
        rows += [f"  - {one}"] if one is not None else []
        rows += [f"  + {other}"] if other is not None else []
    return "\n".join(["  (- expected, + heard)", *rows])
