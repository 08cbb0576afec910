"""The project's past, read only: for `cuebook runs` and `cuebook chats`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from bot.cli.shared import stdout, write
from bot.errors import NotFound
from bot.ports import R, Store
from bot.runtime.catalogue import Catalogue
from bot.runtime.clock import SchedulerClock
from bot.runtime.library import Library
from bot.storage.open import open_readonly
from flows.problems import visible

SHORT: Final = 8
"""Letters of an id that a table shows: its end, because ids begin with the time."""
_SEARCHED: Final = 100_000


@asynccontextmanager
async def records(database_url: str) -> AsyncIterator[Store]:
    """The project's database, also while a server runs. Raises OperatorError if there is none."""
    store = await open_readonly(database_url)
    try:
        yield store
    finally:
        await store.close()


async def by_id(store: Store, table: type[R], id: str) -> R:
    """The one row whose id is this or ends so. Raises NotFound."""
    row = await store.get(table, id=id)
    if row is not None:
        return row
    known = await store.find(table, order="-created_at", limit=_SEARCHED)
    found = [row for row in known if id and str(getattr(row, "id", "")).endswith(id)]
    if len(found) == 1:
        return found[0]
    what = "more than one" if found else "no"
    raise NotFound(f"there is {what} {table.TABLE} with the id {visible(id)}")


def moment(at: int) -> str:
    """Milliseconds since 1970 as a time here, or empty."""
    return datetime.fromtimestamp(at / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S") if at else ""


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on a terminal; else one row a line with tabs, ids whole. The first column holds
    ids; the last gives way where there is no room."""
    shown = [[visible(cell) for cell in row] for row in rows]
    if not stdout().is_terminal:
        for row in shown:
            write("\t".join(row))
        return
    shown = [[row[0][-SHORT:], *row[1:]] for row in shown]
    widths = [max(map(cell_len, column)) for column in zip(columns, *shown, strict=True)]
    widths[-1] = max(10, min(widths[-1], stdout().width - sum(widths[:-1]) - 2 * len(widths)))
    for number, row in enumerate([list(columns), *shown]):
        row[-1] = _cut(row[-1], widths[-1])
        cells = (set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True))
        stdout().print(Text("  ".join(cells).rstrip(), "" if number else "bold"))


def _cut(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"


def catalogue(store: Store) -> Catalogue:
    """What the store holds, as the listings of the server show it."""
    return Catalogue(Library(store, SchedulerClock()), store)
