"""The time of a Slack that nobody gave a clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


class WallClock:
    """`bot.ports.Clock` by the machine's time and the running loop."""

    def __init__(self) -> None:
        self._alarms: dict[str, asyncio.TimerHandle] = {}

    def now(self) -> int:
        """Milliseconds since 1970, UTC."""
        return time.time_ns() // 1_000_000

    def alarm(self, key: str, at: int, ring: Callable[[], None]) -> None:
        """See `bot.ports.Clock`."""
        self.cancel(key)
        delay = max(0, at - self.now()) / 1000
        self._alarms[key] = asyncio.get_running_loop().call_later(delay, self._ring, key, ring)

    def cancel(self, key: str) -> None:
        """See `bot.ports.Clock`."""
        if (found := self._alarms.pop(key, None)) is not None:
            found.cancel()

    def _ring(self, key: str, ring: Callable[[], None]) -> None:
        self._alarms.pop(key, None)
        ring()
