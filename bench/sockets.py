"""The smallest WebSocket client (RFC 6455) that can load a server: one protocol object a chat.

Its frames are masked with the key 0, which costs the server what any key does and us nothing.
"""

from __future__ import annotations

import asyncio
import base64
import os
from typing import cast

from bench.processes import Failed

TEXT, CLOSE, PING = 0x81, 0x88, 0x89


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """A client's frame."""
    size = len(payload)
    if size < 126:
        return bytes((opcode, 0x80 | size, 0, 0, 0, 0)) + payload
    return bytes((opcode, 0xFE, size >> 8, size & 255, 0, 0, 0, 0)) + payload


class Socket(asyncio.Protocol):
    """Upgrades, then hands every text to `heard`. `lost` holds why it ended, if it did."""

    def __init__(self, protocol: str = "", address: str = "") -> None:
        """`address`: told as X-Forwarded-For, so that each client is somebody else."""
        self._protocol, self._address = protocol, address
        self._buffer = b""
        self._upgraded = False
        self.lost: str | None = None
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        lines = ["GET /ws HTTP/1.1", "Host: bench", "Upgrade: websocket", "Connection: Upgrade"]
        lines.append(f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}")
        lines.append("Sec-WebSocket-Version: 13")
        if self._protocol:
            lines.append(f"Sec-WebSocket-Protocol: {self._protocol}")
        if self._address:
            lines.append(f"X-Forwarded-For: {self._address}")
        transport.write("\r\n".join([*lines, "", ""]).encode())

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = self.lost or f"the connection ended: {exc}"

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
        self._buffer = b""
        if not self._upgraded:
            head, mark, data = data.partition(b"\r\n\r\n")
            if not mark:
                self._buffer = head
                return
            if b" 101 " not in head.partition(b"\r\n")[0]:
                self.lost = head.decode("latin-1")
                self.transport.abort()
                return
            self._upgraded = True
            self.upgraded()
        self._frames(data)

    def _frames(self, data: bytes) -> None:
        at, end = 0, len(data)
        while end - at >= 2:
            size, start = data[at + 1] & 127, at + 2
            if size == 126:
                size, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            if start > end or start + size > end:
                break
            self._take(data[at], data[start : start + size])
            at = start + size
        self._buffer = data[at:]

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == TEXT:
            self.heard(payload)
        elif opcode == PING:
            self.transport.write(frame(payload, 0x8A))
        elif opcode == CLOSE:
            self.lost = f"closed with {int.from_bytes(payload[:2], 'big')}"
        else:
            raise Failed(f"an unexpected frame of type {opcode:#x}")

    def upgraded(self) -> None:
        """The server speaks WebSocket now."""

    def heard(self, payload: bytes) -> None:
        """A text came."""
        raise NotImplementedError
