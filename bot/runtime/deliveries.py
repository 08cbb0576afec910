"""One line to its platform: sent and noted, put off, or parked when hopeless.

At least once: a crash between the platform's answer and our note of it makes the next try
doubtful, and the adapter looks before it sends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from bot.errors import RetryLater, Undeliverable, Unheard
from bot.ports import Adapter, Change, Delivery
from bot.rows import Message, Outbox
from bot.runtime.ground import Ground

log = structlog.get_logger()

SEND = 30.0  # seconds that one delivery may take


class Deliveries:
    """Takes an outbox row as far as it can be taken now."""

    def __init__(self, ground: Ground, adapters: Mapping[str, Adapter]) -> None:
        self._store, self._clock, self._limits = ground.store, ground.clock, ground.limits
        self._adapters, self._began = adapters, ground.clock.now()

    async def deliver(self, row: Outbox, line: Message | None) -> bool:
        """Send it; `line` is read if it is not given. False: it has to wait, and the row says
        how long. Raises StoreError."""
        adapter = self._adapters.get(row.platform)
        line = line or await self._line(row)
        if adapter is None or line is None:
            return await self._settle(row, "parked", reason="there is nobody to deliver it")
        try:
            async with asyncio.timeout(SEND):
                ref = await adapter.send(self._delivery(row, line))
        except RetryLater as error:
            return await self._put_off(row, line, error)
        except (Unheard, TimeoutError) as error:
            return await self._later(row, error)
        except Undeliverable as error:
            return await self._settle(row, "parked", reason=str(error))
        except Exception as error:  # the wall: one adapter's fault must not stop the others
            log.exception("an adapter failed", platform=row.platform)
            return await self._later(row, error)
        return await self._settle(row, "sent", ref=ref)

    async def _line(self, row: Outbox) -> Message | None:
        lines = await self._store.find(Message, chat=row.chat, seq=row.seq, limit=1)
        return lines[0] if lines else None

    def _delivery(self, row: Outbox, line: Message) -> Delivery:
        """`doubtful` where nobody can know whether it was sent: a try that was not answered, or
        one that an earlier process may have begun."""
        left_behind = 0 < line.created_at < self._began
        return Delivery(
            address=row.address,
            message=line,
            ref=row.ref,
            id=row.id,
            doubtful=row.state == "sending" or left_behind,
        )

    async def _put_off(self, row: Outbox, line: Message, error: RetryLater) -> bool:
        """The platform asks for patience; it has it, up to a limit in days."""
        now = self._clock.now()
        if now - line.created_at > self._limits.delivered_within * 1000:
            return await self._settle(row, "parked", reason=str(error))
        due = now + round(error.after * 1000)
        await self._store.commit([Change(Outbox, {"id": row.id}, {"next_at": due})])
        return False

    async def _later(self, row: Outbox, error: Exception) -> bool:
        """A failed try; the next one looks first whether this one went through after all."""
        if row.tries + 1 >= self._limits.delivery_tries:
            return await self._settle(row, "parked", reason=str(error) or type(error).__name__)
        due = self._clock.now() + round(min(2.0**row.tries, 60.0) * 1000)
        cells: dict[str, str | int] = {"tries": row.tries + 1, "next_at": due, "state": "sending"}
        await self._store.commit([Change(Outbox, {"id": row.id}, cells)])
        return False

    async def _settle(self, row: Outbox, state: str, *, ref: str = "", reason: str = "") -> bool:
        if state == "parked":
            log.error("a message was parked", outbox=row.id, chat=row.chat, reason=reason)
        cells: dict[str, str | int] = {
            "state": state,
            "ref": ref or row.ref,
            "reason": reason,
            "tries": row.tries + 1,
        }
        await self._store.commit([Change(Outbox, {"id": row.id}, cells)])
        return True
