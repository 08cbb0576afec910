"""How many calls run at once: some in all, fewer for one connector."""

from __future__ import annotations

from asyncio import Semaphore
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Slots:
    """Waiting is in order of arrival, and bounded by the caller."""

    def __init__(self, in_all: int, each: int) -> None:
        self._in_all, self._each = Semaphore(in_all), each
        self._of: dict[str, Semaphore] = {}

    @asynccontextmanager
    async def one(self, connector: str) -> AsyncIterator[None]:
        """Hold a slot. A call that waits for its own connector takes none of the others'."""
        own = self._of.setdefault(connector, Semaphore(self._each))
        async with own, self._in_all:
            yield
