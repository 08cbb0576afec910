"""One upgraded socket, as its writer sees it: frames out, close, cut.

aiohttp writes one frame at a time and so makes one system call of each; most of a message's
cost is that call. An answer is three frames (the person's own line, the bot's, the
acknowledgement), which go out together here. A server's text frame is not masked and needs no
state, so its two to four bytes of head are ours to write (RFC 6455, 5.2); everything else,
pings and the closing handshake, stays aiohttp's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

_TEXT: Final = 0x81
"""The last and only fragment of a text message."""


def text_frame_head(size: int) -> bytes:
    """What comes before a payload of `size` bytes."""
    if size < 126:
        return bytes((_TEXT, size))
    if size < 65_536:
        return bytes((_TEXT, 126)) + size.to_bytes(2, "big")
    return bytes((_TEXT, 127)) + size.to_bytes(8, "big")


class Wire:
    """Made from what `WebSocketResponse.prepare` gave."""

    __slots__ = ("_transport", "_writer", "_ws")

    def __init__(
        self, ws: web.WebSocketResponse[bool], writer: AbstractStreamWriter, transport: asyncio.Transport
    ) -> None:
        self._ws, self._writer, self._transport = ws, writer, transport

    async def write(self, payloads: Iterable[bytes]) -> None:
        """Send each as a text frame; waits while the other side does not take them.

        Raises ConnectionError when the socket is closed or closing.
        """
        if self._ws.closed or self._transport.is_closing():
            raise ConnectionResetError("the socket is closed")
        parts: list[bytes] = []
        for payload in payloads:
            parts.append(text_frame_head(len(payload)))
            parts.append(payload)
        self._transport.write(b"".join(parts))
        await self._writer.drain()

    async def close(self, code: int, reason: bytes) -> None:
        """The closing handshake; does nothing when it has been done."""
        await self._ws.close(code=code, message=reason)

    def cut(self) -> None:
        """Away with it, sent or not: nothing graceful gets past a reader that does not read."""
        self._transport.abort()
