"""Follows one chat's log for one socket: every line once, in order, none left out.

The bus is a hint, the log is the truth. While a socket is behind, live lines only say how far
the log has grown; the writer reads them from the log until nothing is missing, and then the
next live line fits exactly. A gap at any later time, or a reader slower than what is said,
puts the socket behind again: a burst costs no memory, it lies in the log.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from adapters.webchat.outgoing import Outgoing
from adapters.webchat.translate import encode, line, progress
from bot.ports import Engine, Live, Progress
from bot.rows import Message

log = structlog.get_logger()


class Feed:
    """`last`: the highest seq that was sent or lies in the queue. `question`: the last one that
    went by. `encode`: from a live item to its frame, shared by all sockets so that each is
    encoded once."""

    __slots__ = (
        "_behind",
        "_encode",
        "_engine",
        "_newest",
        "_out",
        "_page",
        "_revs",
        "_started",
        "chat",
        "last",
        "question",
    )

    def __init__(
        self, chat: str, engine: Engine, out: Outgoing, encode: Callable[[Live], bytes], *, page: int
    ) -> None:
        self.chat, self._engine, self._out, self._encode, self._page = chat, engine, out, encode, page
        self.last = self._newest = 0
        self.question: Message | None = None
        self._behind, self._started = True, False
        self._revs: dict[str, int] | None = None

    def start(self, last: int, newest: int) -> None:
        """Go on after `last`; the log has grown to `newest`. Call after subscribing `hear`."""
        self._started = True
        self.last, self._newest = last, max(newest, self._newest)
        self._out.catch_up(self)

    def hear(self, item: Live) -> None:
        """One live item from the bus."""
        if not isinstance(item, Message):
            if not self._started:
                return  # before the welcome; `catch_up` shows what is at work by then
            self._picture(item, self._encode(item))
        elif item.seq > self.last:
            if item.seq == self.last + 1 and not self._behind and not self._out.is_loaded:
                self._pass(item)
                self._out.put(self._encode(item))
            else:
                self._fall_behind(item.seq)

    async def catch_up(self) -> None:
        """Send the log from `last` on until nothing is missing, then the runs at work."""
        while self.last < self._newest:
            before = self.last
            page = await self._engine.messages(self.chat, self.last, self._page)
            for message in page:
                self._pass(message)
            await self._out.send_in_parts(encode(line(message)) for message in page)
            if self.last == before:
                log.warning("webchat.log_shorter_than_told", chat=self.chat, seq=before)
                self._newest = before
        self._behind = False
        for item in await self._engine.progress(self.chat):
            self._picture(item, encode(progress(item)))

    def _pass(self, message: Message) -> None:
        self.last = message.seq
        if message.prompt:
            self.question = message

    def _fall_behind(self, seq: int) -> None:
        self._newest = max(self._newest, seq)
        if not self._behind:
            self._behind = True
            self._out.catch_up(self)

    def _picture(self, item: Progress, frame: bytes) -> None:
        """A picture older than one already sent is not worth sending."""
        revs = self._revs = self._revs or {}
        if item.rev >= revs.get(item.run, item.rev):
            revs[item.run] = item.rev
            self._out.replace(item.run, frame)
