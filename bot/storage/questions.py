"""`get` and `find` as SQL, and rows from what comes back. Pure.

A text that cannot be stored (an id from outside with a NUL in it) equals no row: asking for
it is answered, not refused. A wrong name or type is a mistake in the program: ValueError.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Generic, NamedTuple

from bot.ports import Cell
from bot.storage.statements import SHAPES, Shape, Where, conditions, equals_sql
from bot.storage.tables import R, Table, table_of

MOST = 100_000
"""Rows that one question may ask for."""


class Query(NamedTuple, Generic[R]):
    """A question whose answer is rows of `row`."""

    sql: str
    params: tuple[Cell, ...]
    row: type[R]

    def rows(self, found: Iterable[tuple[Cell, ...]]) -> list[R]:
        """What the database answered, as rows."""
        row, names = self.row, tuple(table_of(self.row).columns)
        return [row(**dict(zip(names, cells, strict=True))) for cells in found]


def by_key(row: type[R], key: Mapping[str, Cell]) -> Query[R]:
    """For the one row with this primary key, given whole."""
    if key.keys() != set(row.KEY):
        raise ValueError(f"the key of {row.TABLE} is {', '.join(row.KEY)}")
    return select(row, key, limit=1)


def select(
    row: type[R],
    equal: Where,
    *,
    order: str = "",
    limit: int,
    above: Mapping[str, Cell] | None = None,
    upto: Mapping[str, Cell] | None = None,
) -> Query[R]:
    """For `find`; see `bot.ports.Store`."""
    table = table_of(row)
    if not 1 <= limit <= MOST:
        raise ValueError(f"a limit is 1 to {MOST}, not {limit}")
    if order:
        table.column(order.removeprefix("-"))
    bounds = [
        (name, mark, cell)
        for mark, cells in ((">", above), ("<=", upto))
        for name, cell in (cells or {}).items()
    ]
    for name, _, cell in bounds:
        table.column(name).check(cell)
    shape, params = conditions(table, _storable(table, equal))
    sql = _select_sql(row, shape, tuple((name, mark) for name, mark, _ in bounds), order)
    return Query(sql, (*params, *(cell for _, _, cell in bounds), limit), row)


def _storable(table: Table, equal: Where) -> dict[str, Cell | tuple[Cell, ...]]:
    """`equal` without the texts that no row can hold; none left matches nothing."""
    kept: dict[str, Cell | tuple[Cell, ...]] = {}
    for name, value in equal.items():
        column = table.column(name)
        if isinstance(value, tuple):
            kept[name] = tuple(one for one in value if column.holds(one))
        else:
            kept[name] = value if column.holds(value) else ()
    return kept


@lru_cache(SHAPES)
def _select_sql(row: type[Any], shape: Shape, bounds: tuple[tuple[str, str], ...], order: str) -> str:
    names = ", ".join(f'"{name}"' for name in table_of(row).columns)
    wanted = [equals_sql(shape)] if shape else []
    wanted += [f'"{name}" {mark} ?' for name, mark in bounds]
    where = f" WHERE {' AND '.join(wanted)}" if wanted else ""
    return f'SELECT {names} FROM "{row.TABLE}"{where} ORDER BY {_order_sql(order)} LIMIT ?'  # noqa: S608


def _order_sql(order: str) -> str:
    """Rows that are equal in `order` come in the order of their insertion."""
    if order.startswith("-"):
        return f'"{order[1:]}" DESC, rowid DESC'
    return f'"{order}", rowid' if order else "rowid"
