"""Outbox rows to their platforms: in order per chat, retried, parked when hopeless.

A row that must wait holds back later rows of its own chat only. At least once: a crash
between the platform's answer and our note of it sends a line again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from bot.errors import RetryLater, StoreError, Undeliverable, Unheard
from bot.ports import Adapter, Change, Delivery
from bot.rows import Message, Outbox
from bot.runtime.active import Active, picture
from bot.runtime.ground import Ground

log = structlog.get_logger()

BATCH = 200
MOST = 100_000
SEND = 30.0  # seconds that one delivery may take
AGAIN = 1_000  # ms until the database is tried again
AT_WORK = 20  # chats served at once


class Dispatcher:
    """Delivers; `wake` is cheap and may be called at any time."""

    def __init__(self, ground: Ground, adapters: Mapping[str, Adapter]) -> None:
        self._store, self._clock, self._adapters = ground.store, ground.clock, adapters
        self._tasks, self._limits = ground.tasks, ground.limits
        self._began = ground.clock.now()
        self._running = self._again = False
        self._serving: set[str] = set()
        """Chats that a task of their own delivers to."""
        self._room = asyncio.Semaphore(AT_WORK)

    def wake(self) -> None:
        """There may be something to deliver."""
        if self._running:
            self._again = True
        else:
            self._running = True
            self._tasks.spawn(self._work(), "dispatcher")

    def show(self, active: Active) -> None:
        """Hand the picture of a run to the platform of its chat."""
        if active.outbox is None:
            return
        platform, address = active.outbox
        adapter = self._adapters.get(platform)
        if adapter is None:
            return
        try:
            adapter.show(address, active.row.chat, picture(active))
        except Exception:  # the wall: one adapter's fault must not reach the run
            log.exception("an adapter failed", platform=platform)

    async def _work(self) -> None:
        try:
            self._again = True
            while self._again:
                self._again = False  # before looking: a wake-up that comes meanwhile is kept
                for chat, rows in (await self._ready()).items():
                    self._serving.add(chat)
                    self._tasks.spawn(self._serve(chat, rows), f"deliver:{chat}")
        except StoreError as error:
            self._wait(error)
        finally:
            self._running = False

    def _wait(self, error: StoreError) -> None:
        log.error("deliveries must wait", reason=str(error))
        self._clock.alarm("dispatcher", self._clock.now() + AGAIN, self.wake)

    async def _ready(self) -> dict[str, list[Outbox]]:
        """Rows to deliver now, by chat: of chats that nobody serves and whose first row need
        not wait. However many rows wait behind such a one, they do not hide other chats'.
        Rows of a platform that is not connected stay until it is."""
        limit = BATCH
        while True:
            # who is served while we ask may be done when the answer comes, which is older
            served = frozenset(self._serving)
            rows = await self._store.find(
                Outbox, state=("queued", "sending"), platform=tuple(self._adapters), limit=limit
            )
            now = self._clock.now()
            held = {row.chat: row.next_at for row in rows if row.next_at > now}
            ready: dict[str, list[Outbox]] = {}
            for row in rows:
                if row.chat not in held and row.chat not in served and row.chat not in self._serving:
                    ready.setdefault(row.chat, []).append(row)
            if ready or len(rows) < limit or limit == MOST:
                if held:
                    self._clock.alarm("outbox", min(held.values()), self.wake)
                return ready
            limit = min(2 * limit, MOST)

    async def _serve(self, chat: str, rows: list[Outbox]) -> None:
        """One chat's rows, in order, until one must wait."""
        try:
            async with self._room:
                for row in rows:
                    if not await self._deliver(row):
                        break
        except StoreError as error:
            self._wait(error)
        else:
            self.wake()  # more may have come, or the first may have to wait
        finally:
            self._serving.discard(chat)  # before anybody looks: `wake` and `_wait` only arrange it

    async def _deliver(self, row: Outbox) -> bool:
        adapter = self._adapters.get(row.platform)
        lines = await self._store.find(Message, chat=row.chat, seq=row.seq, limit=1)
        if adapter is None or not lines:
            return await self._settle(row, "parked", reason="there is nobody to deliver it")
        try:
            async with asyncio.timeout(SEND):
                ref = await adapter.send(self._delivery(row, lines[0]))
        except RetryLater as error:
            return await self._wait_for(row, lines[0], error)
        except (Unheard, TimeoutError) as error:
            return await self._later(row, error)
        except Undeliverable as error:
            return await self._settle(row, "parked", reason=str(error))
        except Exception as error:  # the wall: one adapter's fault must not stop the others
            log.exception("an adapter failed", platform=row.platform)
            return await self._later(row, error)
        return await self._settle(row, "sent", ref=ref)

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

    async def _wait_for(self, row: Outbox, line: Message, error: RetryLater) -> bool:
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
