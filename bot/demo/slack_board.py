"""Which rows stay and which may still change: the part of a place that a terminal can draw anew,
and what has left it. Pure.

Paper is a terminal with no room: everything leaves at once, and what changes comes again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, takewhile
from typing import NamedTuple

from rich.text import Text

from bot.demo.slack_rows import Entry

Wrap = Callable[[Text], Sequence[Text]]
"""A row as the rows that it fills on the screen."""


class Turn(NamedTuple):
    """What to print for good, and what stands below it for now."""

    stays: list[Text]
    below: list[Text]


class Board:
    """One place, as far as it was shown."""

    def __init__(self, *, paper: bool = False) -> None:
        self._paper = paper
        self._left: dict[str, str] = {}
        """The mark of what was printed for good."""

    def forget(self) -> None:
        """Show all of it again."""
        self._left.clear()

    def turn(self, entries: Sequence[Entry], room: int, wrap: Wrap) -> Turn:
        """`entries`: all that stands in the place, in order; `room`: the rows that may change."""
        drawn = [(entry, [part for row in rows for part in wrap(row)]) for entry, rows in self._new(entries)]
        height = sum(len(rows) for _, rows in drawn)
        stays: list[Text] = []
        while drawn and height > room:
            entry, rows = drawn.pop(0)
            self._left[entry.key] = entry.mark
            height -= len(rows)
            stays += rows
        return Turn(stays, [row for _, rows in drawn for row in rows])

    def _new(self, entries: Sequence[Entry]) -> list[tuple[Entry, tuple[Text, ...]]]:
        """What was not shown yet. What has changed comes after what the person did, which has
        changed it, and before what the bot says next: those two come as they like."""
        fresh = [entry for entry in entries if entry.key not in self._left]
        fresh = _answers_first(fresh) if self._paper else fresh
        changed = [entry for entry in entries if self._left.get(entry.key, entry.mark) != entry.mark]
        acts = [*takewhile(lambda entry: entry.own, fresh)]
        return [
            *((entry, entry.rows) for entry in acts),
            *((entry, entry.again) for entry in changed),
            *((entry, entry.rows) for entry in fresh[len(acts) :]),
        ]


def _answers_first(entries: Sequence[Entry]) -> list[Entry]:
    """After each act, first what is whispered about it, then what is said to all: Slack is told
    of the two by different ways, and either may be quicker."""
    acts = [*accumulate(int(entry.own) for entry in entries)]
    order = sorted(
        range(len(entries)),
        key=lambda number: (acts[number], not entries[number].own, not entries[number].whisper),
    )
    return [entries[number] for number in order]
