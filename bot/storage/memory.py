"""The store in memory, for tests and for chats that nobody needs tomorrow.

It keeps the promises of `bot.ports.Store` but durability, and suspends where the real one
does, so that a caller who reads, waits and writes meets the others here as well.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from bot.errors import Conflict, Duplicate, StoreError, StoreUnavailable
from bot.ports import Append, Cell, Change, Committed, Delete, Insert, Op
from bot.rows import Chat, Inbox, Message, Row, outbox_row
from bot.storage.questions import by_key, select
from bot.storage.statements import Where, plan
from bot.storage.tables import R, table_of

Key: TypeAlias = tuple[Cell, ...]
Place: TypeAlias = tuple[type[Row], tuple[str, ...]]
"""A table, by its primary key or by another unique set of columns."""


class MemoryStore:
    """Implements `bot.ports.Store`."""

    def __init__(self) -> None:
        self._kept: dict[Place, dict[Key, tuple[int, Any]]] = {}
        self._undo: list[tuple[Place, Key, tuple[int, Any] | None]] = []
        self._count = itertools.count()
        self._closed = False

    async def commit(self, unit: Sequence[Op]) -> Committed:
        """See `bot.ports.Store`. Raises ValueError, too, for what no database should be asked."""
        plan(unit)
        self._check_open()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Committed] = loop.create_future()
        loop.call_soon(self._settle, [_taken(op) for op in unit], future)
        return await future

    async def get(self, table: type[R], **key: Cell) -> R | None:
        """See `bot.ports.Store`."""
        by_key(table, key)
        self._check_open()
        entry = self._place(table, table.KEY).get(tuple(key[name] for name in table.KEY))
        await asyncio.sleep(0)
        return entry[1] if entry else None

    async def find(
        self,
        table: type[R],
        *,
        order: str = "",
        limit: int = 1000,
        above: Mapping[str, Cell] | None = None,
        upto: Mapping[str, Cell] | None = None,
        **equal: Cell | tuple[Cell, ...],
    ) -> list[R]:
        """See `bot.ports.Store`."""
        select(table, equal, order=order, limit=limit, above=above, upto=upto)
        self._check_open()
        found = [
            (no, row)
            for no, row in self._matching(table, equal)
            if all(getattr(row, name) > cell for name, cell in (above or {}).items())
            and all(getattr(row, name) <= cell for name, cell in (upto or {}).items())
        ]
        column = order.removeprefix("-")
        found.sort(
            key=lambda entry: (getattr(entry[1], column) if column else 0, entry[0]), reverse=order != column
        )
        await asyncio.sleep(0)
        return [row for _, row in found[:limit]]

    async def close(self) -> None:
        """See `bot.ports.Store`."""
        self._closed = True
        await asyncio.sleep(0)

    def _check_open(self) -> None:
        if self._closed:
            raise StoreUnavailable("the store is closed")

    # --- units -------------------------------------------------------------------------

    def _settle(self, unit: Iterable[Op], future: asyncio.Future[Committed]) -> None:
        """Apply the unit, whether or not its caller still waits."""
        self._undo.clear()
        try:
            answer = Committed(tuple(line for op in unit for line in self._apply(op)))
        except StoreError as error:
            for place, key, entry in reversed(self._undo):
                self._set(place, key, entry)
            if not future.done():
                future.set_exception(error)
        else:
            if not future.done():
                future.set_result(answer)

    def _apply(self, op: Op) -> Iterable[Message]:
        match op:
            case Insert():
                self._insert(op.row)
            case Change():
                self._change(op.table, op.where, op.set)
            case Append():
                return self._append(op)
            case Delete():
                for _, row in list(self._matching(op.table, op.where)):
                    for place, key in _places(row):
                        self._put(place, key, None)
        return ()

    def _insert(self, row: Row) -> None:
        no = next(self._count)
        for place, key in _places(row):
            if key in self._place(*place):
                raise Duplicate(f"{row.TABLE}: {', '.join(place[1])} exists")
            self._put(place, key, (no, row))

    def _change(self, table: type[Row], where: Where, cells: Mapping[str, Cell]) -> None:
        matching = list(itertools.islice(self._matching(table, where), 2))
        if len(matching) != 1:
            raise Conflict(f"the expected row of {table.TABLE} was not there")
        no, row = matching[0]
        changed = msgspec.structs.replace(row, **cells)
        for place, key in _places(changed):
            self._put(place, key, (no, changed))

    def _append(self, op: Append) -> list[Message]:
        entry = self._place(Chat, Chat.KEY).get((op.chat,))
        if entry is None:
            raise Conflict("there is no such chat to append to")
        chat = entry[1]
        last = chat.seq + len(op.lines)
        self._change(Chat, {"id": op.chat}, {"seq": last, "heard_at": op.heard_at or chat.heard_at})
        lines = [msgspec.structs.replace(line, seq=chat.seq + n) for n, line in enumerate(op.lines, 1)]
        for line in lines:
            self._insert(line)
        if op.outbox is not None:
            for line in lines:
                self._insert(outbox_row(line, op.outbox))
        if op.stamp is not None:
            self._change(Inbox, {"id": op.stamp}, {"seq": lines[0].seq})
        return lines

    # --- rows --------------------------------------------------------------------------

    def _matching(self, table: type[R], where: Where) -> Iterator[tuple[int, R]]:
        one_of = {name: cell if isinstance(cell, tuple) else (cell,) for name, cell in where.items()}
        place = self._place(table, table.KEY)
        if all(len(one_of.get(name, ())) == 1 for name in table.KEY):
            entry = place.get(tuple(one_of[name][0] for name in table.KEY))
            entries: Iterable[tuple[int, R]] = [entry] if entry else []
        else:
            entries = place.values()
        return (
            entry
            for entry in entries
            if all(getattr(entry[1], name) in cells for name, cells in one_of.items())
        )

    def _place(self, table: type[Row], columns: tuple[str, ...]) -> dict[Key, tuple[int, Any]]:
        return self._kept.setdefault((table, columns), {})

    def _put(self, place: Place, key: Key, entry: tuple[int, Any] | None) -> None:
        self._undo.append((place, key, self._place(*place).get(key)))
        self._set(place, key, entry)

    def _set(self, place: Place, key: Key, entry: tuple[int, Any] | None) -> None:
        if entry is None:
            self._place(*place).pop(key, None)
        else:
            self._place(*place)[key] = entry


def _taken(op: Op) -> Op:
    """The op as it is now: the caller's mappings and lists stay the caller's."""
    if isinstance(op, Change):
        return Change(op.table, dict(op.where), dict(op.set))
    if isinstance(op, Append):
        return msgspec.structs.replace(op, lines=tuple(op.lines))
    return Delete(op.table, dict(op.where)) if isinstance(op, Delete) else op


def _places(row: Row) -> Iterator[tuple[Place, Key]]:
    """Where a row is kept: under its key and under all else that is unique."""
    table = table_of(type(row))
    for columns in (table.key, *table.unique):
        yield (table.row, columns), tuple(getattr(row, name) for name in columns)
