"""What one socket still has to be sent, and the one task that sends it.

Whoever has something to say puts it here and goes on; nobody but the writer ever waits for
a slow browser. Measured on aiohttp: concurrent senders get past its back-pressure, and a
sender blocked by a stalled reader is freed by nothing but aborting the transport.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

import structlog
from aiohttp import WSMsgType, web

from adapters.webchat.settings import Limits
from bot.errors import StoreError

log = structlog.get_logger()

CUT = 1006
"""What a client sees that was cut off; never sent."""


class Source(Protocol):
    """Where missed lines are read from."""

    async def catch_up(self) -> None:
        """Send what was missed, by `Outgoing.send`, until nothing is."""
        ...


class Outgoing:
    """A bounded queue and its writer. Full, or stalled for `limits.send`: the socket is cut;
    the client comes back and reads what it missed from the log."""

    __slots__ = ("_bytes", "_code", "_limits", "_loop", "_pictures", "_queue", "_reason", "_since",
                 "_source", "_transport", "_waiter", "_ws")  # fmt: skip

    def __init__(self, ws: web.WebSocketResponse[bool], transport: asyncio.Transport, limits: Limits) -> None:
        self._ws, self._transport, self._limits = ws, transport, limits
        self._loop = asyncio.get_running_loop()
        self._queue: deque[bytes | str] = deque()
        self._pictures: dict[str, bytes] = {}
        self._bytes = 0
        self._waiter: asyncio.Future[None] | None = None
        self._source: Source | None = None
        self._since = 0.0
        self._code = 0
        self._reason = b""

    def put(self, frame: bytes) -> None:
        """Send `frame` after everything put before."""
        if self._code:
            return
        self._queue.append(frame)
        self._grew(len(frame))

    def replace(self, key: str, frame: bytes) -> None:
        """Send `frame`, in the place of the one with the same key if that is still here."""
        if self._code:
            return
        old = self._pictures.get(key)
        self._pictures[key] = frame
        if old is None:
            self._queue.append(key)
        self._grew(len(frame) - len(old or b""))

    def catch_up(self, source: Source) -> None:
        """Let the writer read what was missed, once the queue is empty."""
        self._source = source
        self._wake()

    def close(self, code: int, reason: str = "") -> None:
        """Close with `code` once the queue is sent. The first code counts."""
        if not self._code:
            self._code, self._reason = code, reason.encode()
            self._wake()

    def drop(self, why: str) -> None:
        """Cut the connection: nothing graceful gets past a reader that does not read."""
        if self._code == CUT:
            return
        log.info("webchat.dropped", why=why, frames=len(self._queue), bytes=self._bytes)
        self._code = CUT
        self._queue.clear()
        self._pictures.clear()
        self._bytes = 0
        self._transport.abort()
        self._wake()

    def is_stalled(self, now: float) -> bool:
        """Has the writer waited for the reader longer than it may? `now` as the loop counts."""
        return 0.0 < self._since < now - self._limits.send

    async def send(self, frame: bytes) -> None:
        """Send now. Only for the writer's own `Source`, while it catches up."""
        self._since = self._loop.time()
        await self._ws.send_frame(frame, WSMsgType.TEXT)
        self._since = 0.0

    async def run(self) -> None:
        """Send until closed. Never raises but for cancellation."""
        try:
            await self._run()
        except ConnectionError:
            pass  # the client went away, the reader sees it too
        except StoreError:
            await self._end(1013)
        except Exception:
            log.exception("webchat.writer_failed")
            await self._end(1011)

    async def _run(self) -> None:
        while True:
            if self._queue:
                await self._flush()
            elif self._code:
                await self._end(self._code)
                return
            elif self._source is not None:
                source, self._source = self._source, None
                await source.catch_up()
            else:
                self._waiter = self._loop.create_future()
                await self._waiter

    async def _flush(self) -> None:
        """Everything that waits, in one go."""
        send, queue = self._ws.send_frame, self._queue
        while queue:
            self._since = self._loop.time()
            item = queue.popleft()
            frame = self._pictures.pop(item) if isinstance(item, str) else item
            self._bytes -= len(frame)
            await send(frame, WSMsgType.TEXT)
        self._since = 0.0

    async def _end(self, code: int) -> None:
        self._code = self._code or code
        self._since = self._loop.time()
        if code != CUT:
            await self._ws.close(code=code, message=self._reason)

    def _grew(self, by: int) -> None:
        self._bytes += by
        if len(self._queue) > self._limits.queue_frames or self._bytes > self._limits.queue_bytes:
            self.drop("full")
        else:
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
