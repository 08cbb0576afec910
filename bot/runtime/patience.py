"""Doing again what the database would not take: nothing of it was written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from bot.errors import StoreUnavailable
from bot.ports import Clock

T = TypeVar("T")
AGAIN = 1_000  # ms between two tries

log = structlog.get_logger()


class Patience:
    """Tries once a second, until it works or the house stops (`over`)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._count = 0
        self.over = False

    async def see(self, work: Callable[[], Awaitable[T]]) -> T:
        """The result of `work`. Raises what it raises; StoreUnavailable only once `over`."""
        while True:
            try:
                return await work()
            except StoreUnavailable as error:
                if self.over:
                    raise
                log.error("the database is away", reason=str(error))
                await self._pause()

    async def _pause(self) -> None:
        rang: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        key = f"patience:{self._count}"
        self._clock.alarm(key, self._clock.now() + AGAIN, lambda: rang.set_result(None))
        try:
            await rang
        finally:
            self._clock.cancel(key)
