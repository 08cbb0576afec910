"""A store that can be watched, and that can die at any commit, as a process does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

from bot.ports import Cell, Committed, Op, R, Store

T = TypeVar("T")


class Killed(BaseException):
    """The process is gone: nothing of ours catches this, as nothing survives a kill -9."""


class WatchedStore:
    """One process's hold on a store (`bot.ports.Store`).

    `commits` counts the units of this process. `die_at` ends the process at that commit
    (from 1): `before` nothing of it is written, `after` it is and nobody hears of it. From
    then on every call raises Killed.
    """

    def __init__(self, inner: Store) -> None:
        self.inner = inner
        self.commits = 0
        self.dead = False
        self.die_at: tuple[int, Literal["before", "after"]] | None = None
        self._working = 0
        self._further: asyncio.Future[None] | None = None

    def working(self) -> asyncio.Future[None] | None:
        """Done when an operation in flight has ended; None while there is none."""
        if not self._working:
            return None
        if self._further is None or self._further.done():
            self._further = asyncio.get_running_loop().create_future()
        return self._further

    async def commit(self, unit: Sequence[Op]) -> Committed:
        """See `bot.ports.Store`."""
        self._alive()
        self.commits += 1
        dies = self.die_at[1] if self.die_at is not None and self.die_at[0] == self.commits else None
        if dies == "before":
            self.die()
        self._begin()
        try:
            done = await self.inner.commit(unit)
        finally:
            self._end()
        if dies == "after":
            self.die()
        self._alive()
        return done

    async def get(self, table: type[R], **key: Cell) -> R | None:
        """See `bot.ports.Store`."""
        self._alive()
        self._begin()
        try:
            return await self.inner.get(table, **key)
        finally:
            self._end()

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
        self._alive()
        self._begin()
        try:
            return await self.inner.find(table, order=order, limit=limit, above=above, upto=upto, **equal)
        finally:
            self._end()

    async def aside(self, work: Callable[..., T], *given: Any) -> T:
        """Do it in a thread; until it is done, the process is not at rest."""
        self._begin()
        try:
            return await asyncio.to_thread(work, *given)
        finally:
            self._end()

    async def close(self) -> None:
        """See `bot.ports.Store`."""
        await self.inner.close()

    def die(self) -> None:
        """End this process's hold. Raises Killed."""
        self.dead = True
        self._alive()

    def _alive(self) -> None:
        if self.dead:
            raise Killed

    def _begin(self) -> None:
        self._working += 1

    def _end(self) -> None:
        self._working -= 1
        if self._further is not None and not self._further.done():
            self._further.set_result(None)
