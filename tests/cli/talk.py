"""A person at a socket of `cuebook.v1`, for tests of real servers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

PATIENCE = 10.0


class Talk:
    """One chat over one WebSocket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.heard: list[dict[str, Any]] = []
        self._said = 0

    @classmethod
    @asynccontextmanager
    async def at(cls, address: str, profile: str) -> AsyncIterator[Talk]:
        """Open a chat: hello and welcome."""
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{address}/ws", protocols=("cuebook.v1",)) as socket,
        ):
            await socket.send_json({"type": "hello", "profile": profile})
            talk = cls(socket)
            await talk.until("welcome")
            yield talk

    async def say(self, text: str) -> None:
        self._said += 1
        await self.socket.send_json({"type": "message", "cmid": f"c{self._said}", "text": text})

    async def until(self, kind: str, text: str = "") -> dict[str, Any]:
        """The next frame of this type whose text has `text` in it."""
        async with asyncio.timeout(PATIENCE):
            async for message in self.socket:
                frame: dict[str, Any] = json.loads(message.data)
                self.heard.append(frame)
                if frame["type"] == kind and text in frame.get("text", ""):
                    return frame
        raise AssertionError(f"closed with {self.socket.close_code}: {self.heard}")

    async def closed(self) -> int | None:
        """The code with which the server left."""
        async with asyncio.timeout(PATIENCE):
            async for _ in self.socket:
                pass
        return self.socket.close_code
