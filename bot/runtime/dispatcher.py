"""Outbox rows to their platforms: who is served when. In order per chat.

A row that must wait holds back later rows of its own chat only. Fresh lines are handed over
from memory; the database is asked for what an earlier process left, and for chats that are
behind because something of theirs had to wait.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import structlog

from bot.errors import StoreError
from bot.ports import Adapter
from bot.rows import Message, Outbox, outbox_row
from bot.runtime.active import Active, picture
from bot.runtime.deliveries import Deliveries
from bot.runtime.ground import Ground

log = structlog.get_logger()

BATCH = 200
MOST = 100_000
AGAIN = 1_000  # ms until the database is tried again
AT_WORK = 20  # chats served at once
IN_MEMORY = 100  # lines of one chat that wait in memory; the others wait in the database


class _Item(NamedTuple):
    row: Outbox
    line: Message | None
    """None: to be read."""


class Dispatcher:
    """Delivers; `hand` and `wake` are cheap and may be called at any time."""

    def __init__(self, ground: Ground, adapters: Mapping[str, Adapter]) -> None:
        self._store, self._clock, self._adapters = ground.store, ground.clock, adapters
        self._tasks, self._deliveries = ground.tasks, Deliveries(ground, adapters)
        self._running = self._again = False
        self._queues: dict[str, deque[_Item]] = {}
        """By chat, what a task of its own delivers."""
        self._behind: set[str] = set()
        """Chats of which rows may wait in the database alone."""
        self._all_known = False
        """Chats that are not in `_behind` have no such rows."""
        self._touched: set[str] = set()
        """Chats served since the database was last asked: its answer is older than that."""
        self._room = asyncio.Semaphore(AT_WORK)

    def hand(self, to: tuple[str, str] | None, lines: Sequence[Message]) -> None:
        """Lines of one chat were committed for `to` (platform, address)."""
        if to is None or not lines or to[0] not in self._adapters:
            return
        chat = lines[0].chat
        items = [_Item(outbox_row(line, to), line) for line in lines]
        queue = self._queues.get(chat)
        if not self._all_known or chat in self._behind:  # what is older goes first
            self.wake()
        elif queue is None:
            self._serve_soon(chat, items)
        elif len(queue) + len(items) > IN_MEMORY:
            self._behind.add(chat)
        else:
            queue.extend(items)

    def wake(self) -> None:
        """There may be something in the database."""
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

    # --- from the database ---------------------------------------------------------------

    async def _work(self) -> None:
        try:
            self._again = True
            while self._again:
                self._again = False  # before looking: a wake-up that comes meanwhile is kept
                for chat, items in (await self._ready()).items():
                    self._serve_soon(chat, items)
        except StoreError as error:
            self._wait(error)
        finally:
            self._running = False

    def _wait(self, error: StoreError) -> None:
        log.error("deliveries must wait", reason=str(error))
        self._clock.alarm("dispatcher", self._clock.now() + AGAIN, self.wake)

    async def _ready(self) -> dict[str, list[_Item]]:
        """What to deliver now, by chat: of chats that nobody serves and whose first row need
        not wait. However many rows wait behind such a one, they do not hide other chats'.
        Rows of a platform that is not connected stay until it is."""
        limit = BATCH
        while True:
            self._touched = set(self._queues)
            rows = await self._store.find(
                Outbox, state=("queued", "sending"), platform=tuple(self._adapters), limit=limit
            )
            now = self._clock.now()
            held = {row.chat: row.next_at for row in rows if row.next_at > now}
            ready: dict[str, list[_Item]] = {}
            for row in rows:
                if row.chat not in held and row.chat not in self._touched:
                    ready.setdefault(row.chat, []).append(_Item(row, None))
            if ready or len(rows) < limit or limit == MOST:
                self._note({row.chat for row in rows}, held)
                self._all_known = len(rows) < limit
                return ready
            limit = min(2 * limit, MOST)

    def _note(self, found: set[str], held: dict[str, int]) -> None:
        """Who is behind now. Of chats served meanwhile the answer says nothing: they are looked
        at again once that is over."""
        self._behind = found | (self._behind & self._touched)
        if any(chat not in self._queues for chat in found & self._touched):
            self._again = True
        if held:
            self._clock.alarm("outbox", min(held.values()), self.wake)

    # --- one chat ------------------------------------------------------------------------

    def _serve_soon(self, chat: str, items: Sequence[_Item]) -> None:
        self._queues[chat] = deque(items)
        self._touched.add(chat)
        self._tasks.spawn(self._serve(chat, self._queues[chat]), f"deliver:{chat}")

    async def _serve(self, chat: str, queue: deque[_Item]) -> None:
        """One chat's lines, in order, until one must wait."""
        try:
            async with self._room:
                while queue:
                    if not await self._deliveries.deliver(*queue[0]):
                        self._behind.add(chat)
                        break
                    queue.popleft()
        except StoreError as error:
            self._behind.add(chat)
            self._wait(error)
        finally:
            if queue:
                self._behind.add(chat)
            del self._queues[chat]  # before anybody looks: `wake` only arranges it
        if chat in self._behind:
            self.wake()
