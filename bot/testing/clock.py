"""Time that moves when a test says so."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable

from bot.testing.settling import settle

START = 1_767_225_600_000  # 2026-01-01T00:00:00Z, a Thursday
MANY = 1_000_000


class FakeClock:
    """`bot.ports.Clock` without waiting.

    `advance` moves time alarm by alarm; all work that an alarm began goes on until it rests
    before the next one rings, so a test sees the same order every time:

        clock = FakeClock()
        clock.alarm("tea", clock.now() + 180_000, lambda: print("ready"))
        await clock.advance(179)   # nothing
        await clock.advance(1)     # ready
    """

    def __init__(self, start: int = START) -> None:
        """`start`: milliseconds since 1970, UTC."""
        self._now = start
        self._alarms: dict[str, tuple[int, Callable[[], None]]] = {}
        self._heap: list[tuple[int, int, str]] = []
        self._count = 0
        self.settle: Callable[[], Awaitable[None]] = settle
        """How to wait until everything rests; whoever adds a database adds its work here."""

    def now(self) -> int:
        """Milliseconds since 1970, UTC."""
        return self._now

    def alarm(self, key: str, at: int, ring: Callable[[], None]) -> None:
        """Ring once, when `advance` reaches `at`; soon if that is past."""
        self._count += 1
        self._alarms[key] = (at, ring)
        heapq.heappush(self._heap, (at, self._count, key))
        if at <= self._now:
            asyncio.get_running_loop().call_soon(self._ring_due)

    def cancel(self, key: str) -> None:
        """Forget an alarm."""
        self._alarms.pop(key, None)

    def forget(self) -> None:
        """Forget all alarms, as they die with a process."""
        self._alarms.clear()
        self._heap.clear()

    def next_alarm(self) -> int | None:
        """When the next alarm is due, if there is one."""
        while self._heap:
            at, _, key = self._heap[0]
            if (found := self._alarms.get(key)) is not None and found[0] == at:
                return at
            heapq.heappop(self._heap)
        return None

    def move_to(self, at: int) -> None:
        """Let it be `at`, and ring what is due by then. Work that rings start runs later."""
        self._now = max(self._now, at)
        self._ring_due()

    async def advance(self, seconds: float) -> None:
        """Let time pass, and everything happen that comes due in it."""
        end = self._now + round(seconds * 1000)
        await self.settle()
        for _ in range(MANY):
            due = self.next_alarm()
            if due is None or due > end:
                break
            self.move_to(due)
            await self.settle()
        else:
            raise RuntimeError("time stands still: an alarm rings again and again")
        self.move_to(end)
        await self.settle()

    def _ring_due(self) -> None:
        while self._heap and self._heap[0][0] <= self._now:
            at, _, key = heapq.heappop(self._heap)
            found = self._alarms.get(key)
            if found is not None and found[0] == at:
                del self._alarms[key]
                found[1]()
