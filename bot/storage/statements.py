"""Operations and questions as SQL. Pure: column names come from closed lists, values are parameters.

The text of a statement depends only on its table and shape, so it is built once, and the
connection keeps it prepared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from bot.ports import Append, Cell, Change, Delete, Insert, Op
from bot.rows import Chat, Inbox, Message, Outbox, Row, outbox_id
from bot.storage.tables import LARGEST, ONE_OF, Table, table_of

Where: TypeAlias = Mapping[str, Cell | tuple[Cell, ...]]
Shape: TypeAlias = tuple[tuple[str, int], ...]
"""(column, how many alternatives; ONE for a plain value)."""

ONE = -1
SHAPES = 512
"""Statements kept prepared; the product has some fifty."""


class Step(NamedTuple):
    """One statement. `exact`: it must touch one row of `table`, no more and no less."""

    sql: str
    params: tuple[Cell, ...]
    exact: bool
    table: str


class Numbering(NamedTuple):
    """An Append: `sql` counts the chat on, then its lines get their numbers."""

    sql: str
    params: tuple[Cell, ...]
    lines: tuple[Message, ...]
    outbox: tuple[str, str] | None
    stamp: str | None


Planned: TypeAlias = list[Step | Numbering]

STAMP = f'UPDATE "{Inbox.TABLE}" SET "seq" = ? WHERE "id" = ?'  # noqa: S608 our own table names
_COUNT = f'UPDATE "{Chat.TABLE}" SET "seq" = "seq" + ?%s WHERE "id" = ? RETURNING "seq"'  # noqa: S608
_COUNTED = _COUNT % ""
_HEARD = _COUNT % ', "heard_at" = ?'


def plan(unit: Iterable[Op]) -> Planned:
    """The unit as statements. Raises ValueError for what no database should be asked."""
    return [_plan(op) for op in unit]


def _plan(op: Op) -> Step | Numbering:
    match op:
        case Insert():
            return _insert(op)
        case Change():
            return _change(op)
        case Append():
            return _append(op)
        case Delete():
            table = table_of(op.table)
            shape, params = _where(table, op.where)
            return Step(_delete_sql(table.row, shape), params, exact=False, table=table.name)


def _insert(op: Insert) -> Step:
    table = table_of(type(op.row))
    if table.row is Message:
        raise ValueError("the store numbers messages: use Append")
    return Step(insert_sql(table.row), table.values(op.row), exact=False, table=table.name)


def _change(op: Change) -> Step:
    table = table_of(op.table)
    if not op.set:
        raise ValueError(f"a change of {table.name} sets nothing")
    for name, value in op.set.items():
        if name in table.fixed:
            raise ValueError(f"{table.name}.{name} is not for a change to set")
        table.column(name).check(value)
    shape, params = _where(table, op.where)
    sql = _change_sql(table.row, tuple(op.set), shape)
    return Step(sql, (*op.set.values(), *params), exact=True, table=table.name)


def _append(op: Append) -> Numbering:
    chat, messages, outbox = table_of(Chat), table_of(Message), table_of(Outbox)
    chat.column("id").check(op.chat)
    chat.column("heard_at").check(op.heard_at)
    for line in op.lines:
        messages.values(line)
        if line.chat != op.chat:
            raise ValueError("a line belongs to another chat")
    if op.outbox is not None:
        outbox.column("platform").check(op.outbox[0])
        outbox.column("address").check(op.outbox[1])
        outbox.column("id").check(outbox_id(op.chat, LARGEST))
    if op.stamp is not None:
        table_of(Inbox).column("id").check(op.stamp)
        if not op.lines:
            raise ValueError("a stamp needs a line to take its number from")
    lines = tuple(op.lines)
    if op.heard_at:
        return Numbering(_HEARD, (len(lines), op.heard_at, op.chat), lines, op.outbox, op.stamp)
    return Numbering(_COUNTED, (len(lines), op.chat), lines, op.outbox, op.stamp)


def _where(table: Table, where: Where) -> tuple[Shape, tuple[Cell, ...]]:
    if not where:
        raise ValueError(f"{table.name}: every row is never meant, name where")
    return conditions(table, where)


def conditions(table: Table, where: Where) -> tuple[Shape, tuple[Cell, ...]]:
    """The shape and the parameters of `where`. Raises ValueError for a name or value that cannot be."""
    shape: list[tuple[str, int]] = []
    params: list[Cell] = []
    for name, value in where.items():
        cells = value if isinstance(value, tuple) else (value,)
        if len(cells) > ONE_OF:
            raise ValueError(f"{table.name}.{name}: more than {ONE_OF} alternatives")
        column = table.column(name)
        for cell in cells:
            column.check(cell)
        shape.append((name, ONE if cells is not value else len(cells)))
        params += cells
    return tuple(shape), tuple(params)


@lru_cache(SHAPES)
def insert_sql(row: type[Row]) -> str:
    """Takes all columns in the order of the row's fields."""
    table = table_of(row)
    names = ", ".join(f'"{name}"' for name in table.columns)
    marks = ", ".join("?" * len(table.columns))
    return f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'  # noqa: S608


@lru_cache(SHAPES)
def _change_sql(row: type[Row], sets: tuple[str, ...], shape: Shape) -> str:
    cells = ", ".join(f'"{name}" = ?' for name in sets)
    return f'UPDATE "{row.TABLE}" SET {cells} WHERE {equals_sql(shape)}'  # noqa: S608


@lru_cache(SHAPES)
def _delete_sql(row: type[Row], shape: Shape) -> str:
    return f'DELETE FROM "{row.TABLE}" WHERE {equals_sql(shape)}'  # noqa: S608


def equals_sql(shape: Shape) -> str:
    """The condition of a shape; no alternatives match nothing."""
    return " AND ".join(
        f'"{name}" = ?' if count == ONE else f'"{name}" IN ({", ".join("?" * count)})'
        for name, count in shape
    )
