"""The tables as the store sees them: their columns, what a cell may hold, what is unique.

Derived from `bot.rows`; `bot.storage.models` declares the same to the database. A value
that one database would take and another refuse, alter or cut never reaches either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec

from bot import rows
from bot.ports import Cell
from bot.rows import Row

R = TypeVar("R", bound=Row)

LARGEST = 2**63 - 1
KEY_LENGTH = 256
"""Characters of a key or a searched name; platforms' ids are shorter (Standard Webhooks: 256)."""
ONE_OF = 1_000
"""Alternatives in one tuple of a condition."""

SHORT: dict[type[Row], tuple[str, ...]] = {
    rows.Chat: ("id", "platform", "address"),
    rows.Inbox: ("id", "source", "external_id", "target"),
    rows.Message: ("chat",),
    rows.Outbox: ("id", "chat"),
    rows.Run: ("id", "chat", "parent", "requester"),
    rows.Trace: ("owner",),
    rows.Timer: ("id", "target"),
    rows.Schedule: ("id",),
    rows.Definition: ("hash",),
    rows.Callback: ("id", "run"),
    rows.Card: ("id",),
    rows.Workspace: ("id",),
    rows.OneTime: ("id",),
}
"""Texts that are keys or indexed: bounded, since an index entry is."""

UNIQUE: dict[type[Row], tuple[tuple[str, ...], ...]] = {rows.Inbox: (("source", "external_id"),)}
"""What is unique beside the primary keys."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `kind` is str or int, `words` the closed list of a Literal."""

    table: str
    name: str
    kind: type[str | int]
    words: frozenset[str] = frozenset()
    short: bool = False

    def check(self, value: Cell) -> None:
        """Raise ValueError, without the value, if the column cannot hold it."""
        if type(value) is not self.kind:
            raise ValueError(
                f"{self.table}.{self.name} takes {self.kind.__name__}, not {type(value).__name__}"
            )
        if self.words and value not in self.words:
            raise ValueError(f"{self.table}.{self.name} has no such word: {', '.join(sorted(self.words))}")
        if not self.holds(value):
            raise ValueError(
                f"{self.table}.{self.name} cannot hold it: NUL, lone surrogate, too long or too big"
            )

    def holds(self, value: Cell) -> bool:
        """Whether a value of the right type can be stored alike by every database."""
        if isinstance(value, int):
            return -LARGEST <= value <= LARGEST
        return _storable(value) and not (self.short and len(value) > KEY_LENGTH)


class Table:
    """One table of `bot.rows`. `fixed`: columns that a change may not set, since they are keys,
    otherwise unique, or counted by the store."""

    def __init__(self, row: type[Row]) -> None:
        self.row = row
        self.name = row.TABLE
        self.key = row.KEY
        self.unique = UNIQUE.get(row, ())
        self.columns = {column.name: column for column in _columns(row)}
        counted = ("seq",) if row is rows.Chat else ()
        self.fixed = frozenset((*self.key, *counted, *(name for columns in self.unique for name in columns)))
        columns = self.columns.values()
        self._kinds = tuple(column.kind for column in columns)
        self._texts = _picked(column.kind is str for column in columns)
        self._shorts = _picked(column.short for column in columns)
        self._numbers = _picked(column.kind is int for column in columns)
        self._words = [(at, column.words) for at, column in enumerate(columns) if column.words]

    def values(self, row: Row) -> tuple[Cell, ...]:
        """The row's cells in the order of its columns. Raises ValueError for one it cannot hold."""
        cells = msgspec.structs.astuple(row)
        if not self._holds(cells):
            for column, cell in zip(self.columns.values(), cells, strict=True):
                column.check(cell)
        return cells

    def _holds(self, cells: tuple[Cell, ...]) -> bool:
        """What every column's `check` asks, of the whole row at once: rows are many, and a bad
        one is rare."""
        if tuple(map(type, cells)) != self._kinds:
            return False
        for at, words in self._words:
            if cells[at] not in words:
                return False
        numbers = self._numbers(cells)
        return (
            _storable("".join(self._texts(cells)))
            and max(map(len, self._shorts(cells))) <= KEY_LENGTH
            and min(numbers) >= -LARGEST
            and max(numbers) <= LARGEST
        )

    def column(self, name: str) -> Column:
        """Raises ValueError for a name that is not in the closed list."""
        try:
            return self.columns[name]
        except KeyError:
            raise ValueError(f"table {self.name} has no column {name!r}") from None


def table_of(row: type[Row]) -> Table:
    """Raises ValueError for a type that is no table."""
    try:
        return _TABLES[row]
    except KeyError:
        raise ValueError(f"{row!r} is no table of the store") from None


def _storable(text: str) -> bool:
    if "\x00" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _picked(wanted: Iterable[bool]) -> Callable[[tuple[Cell, ...]], tuple[Any, ...]]:
    places = [at for at, is_wanted in enumerate(wanted) if is_wanted]
    if len(places) == 1:
        return lambda cells: (cells[places[0]],)
    return itemgetter(*places)


def _columns(row: type[Row]) -> Iterator[Column]:
    for info in msgspec.structs.fields(row):
        yield Column(
            table=row.TABLE,
            name=info.name,
            kind=str if get_origin(info.type) is Literal else _KINDS[info.type],
            words=frozenset(get_args(info.type)) if get_origin(info.type) is Literal else frozenset(),
            short=info.name in SHORT[row],
        )


_KINDS: dict[object, type[str | int]] = {str: str, int: int}
_TABLES = {row: Table(row) for row in rows.ROWS}
