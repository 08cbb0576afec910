"""What one socket still has to be sent, and the one task that sends it.

Whoever has something to say puts it here and goes on; nobody but the writer ever waits for
a slow browser. Measured on aiohttp: concurrent senders get past its back-pressure, and a
sender blocked by a stalled reader is freed by nothing but cutting the connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final, Protocol

import structlog

from adapters.webchat.settings import Limits
from adapters.webchat.wire import Wire
from bot.errors import StoreError

log = structlog.get_logger()

_CUT: Final = 1006
"""What a client sees that was cut off; never sent."""
_AT_ONCE: Final = 64 * 1024
"""Bytes written before the reader must keep up: what a stalled one can hold of our memory."""


class Source(Protocol):
    """Where missed lines are read from."""

    async def catch_up(self) -> None:
        """Send what was missed, by `Outgoing.send_in_parts`, until nothing is."""
        ...


class Outgoing:
    """A bounded queue and its writer. Full, or stalled for `limits.send`: the socket is cut;
    the client comes back and reads what it missed from the log. Lines stop coming long before
    it is full (`is_loaded`), since the log has them: what fills it is a client's own doing."""

    __slots__ = (
        "_bytes", "_code", "_limits", "_pictures", "_queue", "_reason", "_since", "_source", "_waiter", "_wire",
    )  # fmt: skip

    def __init__(self, wire: Wire, limits: Limits) -> None:
        self._wire, self._limits = wire, limits
        self._queue: list[bytes | str] = []
        self._pictures: dict[str, bytes] | None = None
        self._bytes = 0
        self._waiter: asyncio.Future[None] | None = None
        self._source: Source | None = None
        self._since = 0.0
        self._code = 0
        self._reason = b""

    def put(self, frame: bytes) -> None:
        """Send `frame` after everything put before."""
        if not self._code:
            self._queue.append(frame)
            self._grew(len(frame))

    def replace(self, key: str, frame: bytes) -> None:
        """Send `frame`, in the place of the one with the same key if that is still here."""
        if self._code:
            return
        pictures = self._pictures = {} if self._pictures is None else self._pictures
        old = pictures.get(key)
        pictures[key] = frame
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
        """Cut the connection."""
        if self._code != _CUT:
            log.info("webchat.dropped", why=why, frames=len(self._queue), bytes=self._bytes)
            self._code = _CUT
            self._queue, self._pictures, self._bytes = [], None, 0
            self._wire.cut()
            self._wake()

    def is_stalled(self, now: float) -> bool:
        """Has the writer waited for the reader longer than it may? `now` as the loop counts."""
        return 0.0 < self._since < now - self._limits.send

    @property
    def is_loaded(self) -> bool:
        """Much waits here already: what can be read from the log later had better be."""
        return self._bytes > _AT_ONCE or len(self._queue) > self._limits.queue_frames // 2

    async def send(self, frames: list[bytes]) -> None:
        """Send now. Only for the writer and, while it catches up, its `Source`."""
        self._since = asyncio.get_running_loop().time()
        await self._wire.write(frames)
        self._since = 0.0

    async def send_in_parts(self, frames: Iterable[bytes]) -> None:
        """Send now, never more at once than a stalled reader may hold."""
        part: list[bytes] = []
        size = 0
        for frame in frames:
            part.append(frame)
            size += len(frame)
            if size >= _AT_ONCE:
                await self.send(part)
                part, size = [], 0
        if part:
            await self.send(part)

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
                await self.send(self._batch())
            elif self._code:
                return await self._end(self._code)
            elif self._source is not None:
                source, self._source = self._source, None
                await source.catch_up()
            else:
                self._waiter = asyncio.get_running_loop().create_future()
                await self._waiter
                await asyncio.sleep(0)  # what belongs together comes within one pass of the loop

    def _batch(self) -> list[bytes]:
        """What goes out next, in one write."""
        taken, size = 0, 0
        frames: list[bytes] = []
        for item in self._queue:
            frame = self._picture(item) if isinstance(item, str) else item
            frames.append(frame)
            taken, size = taken + 1, size + len(frame)
            if size >= _AT_ONCE:
                break
        del self._queue[:taken]
        self._bytes -= size
        return frames

    def _picture(self, key: str) -> bytes:
        assert self._pictures is not None
        return self._pictures.pop(key)

    async def _end(self, code: int) -> None:
        self._code = self._code or code
        self._since = asyncio.get_running_loop().time()
        if self._code != _CUT:
            await self._wire.close(self._code, self._reason)

    def _grew(self, by: int) -> None:
        self._bytes += by
        if len(self._queue) > self._limits.queue_frames or self._bytes > self._limits.queue_bytes:
            self.drop("full")
        else:
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
