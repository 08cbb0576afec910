"""Time by APScheduler: it only wakes. What is due lives in rows, and the rows decide."""

from __future__ import annotations

import contextvars
import time
from collections.abc import Callable
from datetime import UTC, datetime

from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.asyncio import AsyncIOScheduler


class SchedulerClock:
    """`bot.ports.Clock` on APScheduler 3.11 with its memory store.

    Never a persistent store: those block the loop and start things twice. Late jobs run
    late (`misfire_grace_time=None`) instead of being dropped after one second, which is the
    library's default; and a job that is set anew while its like still runs is not dropped
    either (`max_instances`).
    """

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(
            timezone="UTC",
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1_000},
        )
        # `call_later` copies the caller's context into the scheduler's timer chain; a clean
        # one keeps whatever a turn has bound from leaking into every later alarm.
        self._base = contextvars.copy_context()

    def start(self) -> None:
        """Begin to ring; call inside the loop."""
        self._base.copy().run(self._scheduler.start)

    def stop(self) -> None:
        """No alarm rings after this."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def now(self) -> int:
        """Milliseconds since 1970, UTC."""
        return time.time_ns() // 1_000_000

    def alarm(self, key: str, at: int, ring: Callable[[], None]) -> None:
        """Ring once, at or soon after `at`."""
        when = datetime.fromtimestamp(at / 1000, UTC)

        def add() -> None:
            self._scheduler.add_job(
                _on_loop, "date", run_date=when, args=(ring,), id=key, replace_existing=True
            )

        self._base.copy().run(add)

    def cancel(self, key: str) -> None:
        """Forget an alarm."""
        try:
            self._base.copy().run(self._scheduler.remove_job, key)
        except JobLookupError:
            return  # it has rung, or never was


async def _on_loop(ring: Callable[[], None]) -> None:
    """A coroutine, so that APScheduler runs it on the loop and not in a thread."""
    ring()
