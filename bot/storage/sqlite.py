"""The store in one SQLite file: a thread that writes, a thread that reads.

WAL lets both work at once, and a read that begins after a commit returned sees it.
`synchronous=FULL` is durable through a power loss; NORMAL through a kill of the process.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.errors import StoreError, StoreUnavailable
from bot.ports import Cell, Committed, Op
from bot.storage.lane import LENGTH, Lane
from bot.storage.lock import ProjectLock
from bot.storage.questions import Query, by_key, select
from bot.storage.statements import SHAPES, Planned, plan
from bot.storage.tables import R
from bot.storage.writing import Writer

SYNCHRONOUS = ("FULL", "NORMAL")
BUSY = 5.0
"""Seconds to wait for another process that holds the database."""
CACHE_KIB = 8_192
CHECKPOINT_PAGES = 4_000
"""How far the log grows, 16 MB, before it is copied into the database: the same few pages change
in every commit, so the later the cheaper. SQLite's own 1,000 cost a fifth of the writer's CPU."""


class SqliteReader:
    """The reading half. As a Store it refuses to commit."""

    def __init__(self, path: Path) -> None:
        """Made on the loop that uses it; begins with `start`."""
        self._reads: Lane[Query[Any], list[Any]] = Lane("store-reader", lambda: Reader(_connect(path, "ro")))

    async def start(self) -> None:
        """Raises sqlite3.Error if the file is no database."""
        await self._reads.start()

    async def commit(self, unit: Sequence[Op]) -> Committed:
        """Raises StoreUnavailable, always."""
        raise StoreUnavailable("the store was opened for reading only")

    async def get(self, table: type[R], **key: Cell) -> R | None:
        """See `bot.ports.Store`. Raises StoreUnavailable."""
        found: list[R] = await self._reads.submit(by_key(table, key))
        return found[0] if found else None

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
        """See `bot.ports.Store`. Raises StoreUnavailable."""
        query = select(table, equal, order=order, limit=limit, above=above, upto=upto)
        found: list[R] = await self._reads.submit(query)
        return found

    async def close(self) -> None:
        """See `bot.ports.Store`."""
        await self._reads.close()


class SqliteStore(SqliteReader):
    """Implements `bot.ports.Store`. `lock` is let go of when the store is closed."""

    def __init__(
        self, path: Path, *, synchronous: str = "FULL", lock: ProjectLock | None = None, length: int = LENGTH
    ) -> None:
        super().__init__(path)
        self._lock = lock
        self._writes: Lane[Planned, Committed] = Lane(
            "store-writer", lambda: Writer(_connect(path, "rw", synchronous)), length=length
        )

    async def start(self) -> None:
        """The writer first: it makes the file one with a write-ahead log."""
        await self._writes.start()
        try:
            await super().start()
        except BaseException:
            await self._writes.close()
            raise

    async def commit(self, unit: Sequence[Op]) -> Committed:
        """See `bot.ports.Store`. Raises ValueError, too, for what no database should be asked."""
        return await self._writes.submit(plan(unit))

    async def close(self) -> None:
        """See `bot.ports.Store`. The writer last: the last connection empties the log."""
        await super().close()
        await self._writes.close()
        if self._lock is not None:
            self._lock.release()


class Reader:
    """Answers questions on its connection. Lives in one thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._execute = connection.cursor().execute

    def work(self, queries: Sequence[Query[Any]]) -> list[list[Any] | StoreError]:
        """The rows for each question."""
        return [self._answer(query) for query in queries]

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _answer(self, query: Query[Any]) -> list[Any] | StoreError:
        try:
            return query.rows(self._execute(query.sql, query.params).fetchall())
        except sqlite3.Error as error:
            return StoreUnavailable(f"the database cannot be read now: {error}")


def _connect(path: Path, mode: str, synchronous: str = "FULL") -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY,
        isolation_level=None,
        cached_statements=SHAPES,
    )
    if mode == "rw":
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    return connection
