"""What one answer consists of goes out in one write."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import cast

from adapters.webchat.outgoing import Outgoing
from adapters.webchat.settings import Limits
from adapters.webchat.wire import Wire


class Ears:
    """A wire that remembers each write."""

    def __init__(self) -> None:
        self.writes: list[list[bytes]] = []

    async def write(self, frames: Iterable[bytes]) -> None:
        self.writes.append(list(frames))

    async def close(self, code: int, reason: bytes) -> None:
        self.writes.append([b"closed"])


async def test_the_lines_of_a_turn_wait_one_pass_for_its_acknowledgement() -> None:
    ears = Ears()
    out = Outgoing(cast(Wire, ears), Limits())
    async with asyncio.TaskGroup() as group:
        group.create_task(out.run())
        await asyncio.sleep(0)
        out.put(b"own line")
        out.put(b"bot's line")
        asyncio.get_running_loop().call_soon(out.put, b"ack")
        for _ in range(5):
            await asyncio.sleep(0)
        out.close(1000)
    assert ears.writes == [[b"own line", b"bot's line", b"ack"], [b"closed"]]
