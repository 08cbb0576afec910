"""A platform that a test can look into."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable

from bot.ports import Delivery, Progress


class TestAdapter:
    """A `bot.ports.Adapter` that must be handed every line, as Slack must.

    `sent` keeps what was taken, in order. `failures` are raised first, one a delivery:

        adapter = TestAdapter(failures=[RetryLater(30)])
    """

    __test__ = False  # no test of pytest's
    reads_log = False

    def __init__(self, platform: str = "test", failures: Iterable[Exception] = ()) -> None:
        self.platform = platform
        self.sent: list[Delivery] = []
        self.pictures: list[Progress] = []
        self.failures: deque[Exception] = deque(failures)

    async def send(self, delivery: Delivery) -> str:
        """See `bot.ports.Adapter`. Suspends, as a network does."""
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.popleft()
        self.sent.append(delivery)
        return f"{self.platform}-{len(self.sent)}"

    def show(self, address: str, chat: str, picture: Progress) -> None:
        """See `bot.ports.Adapter`."""
        self.pictures.append(picture)

    @property
    def texts(self) -> list[str]:
        """What was taken, as texts."""
        return [delivery.message.text for delivery in self.sent]
