"""Timers: rows hold what is due, one alarm wakes for the earliest.

The turn or run step that a timer leads to deletes its row in its own unit, so a ring is
neither lost nor counted twice.
"""

from __future__ import annotations

import heapq
from collections.abc import Awaitable, Callable

import structlog

from bot.errors import Conflict, NotFound, StoreError
from bot.ports import Delete
from bot.rows import Timer
from bot.runtime.ground import Ground

log = structlog.get_logger()

BATCH = 500
AGAIN = 1_000  # ms until the due ones are tried again after the database failed


class Timers:
    """Wakes chats and runs. `ring` handles one row and must delete it in its unit."""

    def __init__(self, ground: Ground) -> None:
        self._store, self._clock, self._tasks = ground.store, ground.clock, ground.tasks
        self._due: list[int] = []
        self._ringing = False
        self.ring: Callable[[Timer], Awaitable[None]] | None = None

    async def start(self) -> None:
        """Take up what an earlier process left."""
        rows = await self._store.find(Timer, order="due_at", limit=1)
        if rows:
            self._wake(rows[0].due_at)

    def arm(self, row: Timer) -> None:
        """A committed row is to ring at its time."""
        self._wake(row.due_at)

    def _wake(self, at: int) -> None:
        earliest = self._due[0] if self._due else None
        heapq.heappush(self._due, at)
        if earliest is None or at < earliest:
            self._clock.alarm("timers", at, self._rang)

    def _rang(self) -> None:
        if not self._ringing:
            self._ringing = True
            self._tasks.spawn(self._work(), "timers")

    async def _work(self) -> None:
        looked = self._clock.now()
        try:
            looked = await self._ring_due()
        except StoreError as error:
            log.error("timers must wait", reason=str(error))
            heapq.heappush(self._due, self._clock.now() + AGAIN)
        finally:
            self._ringing = False
            # what came due since we looked has not rung: its alarm found us at work
            while self._due and self._due[0] <= looked:
                heapq.heappop(self._due)
            if self._due:
                self._clock.alarm("timers", self._due[0], self._rang)

    async def _ring_due(self) -> int:
        """Ring what is due; returns the time for which that is so. A chat or run that is busy
        keeps its row for a while, which must not be rung again and again meanwhile."""
        rung: set[str] = set()
        while True:
            now = self._clock.now()
            rows = await self._store.find(
                Timer, upto={"due_at": now}, order="due_at", limit=BATCH + len(rung)
            )
            fresh = [row for row in rows if row.id not in rung]
            for row in fresh:
                await self._ring_one(row)
                rung.add(row.id)
            if len(fresh) < BATCH:
                upcoming = await self._store.find(Timer, above={"due_at": now}, order="due_at", limit=1)
                if upcoming:
                    heapq.heappush(self._due, upcoming[0].due_at)
                return now

    async def _ring_one(self, row: Timer) -> None:
        assert self.ring is not None
        try:
            await self.ring(row)
        except (Conflict, NotFound) as error:  # its chat or run is gone or has moved on
            log.info("a timer rang for nobody", timer=row.id, target=row.target, reason=str(error))
        except StoreError:
            raise  # all of them must wait
        except Exception:  # the wall: one timer must not keep the others from ringing
            log.exception("a timer was given up", timer=row.id, target=row.target)
        else:
            return
        await self._store.commit([Delete(Timer, {"id": row.id})])
