"""What our stack can do at best: aiohttp and uvloop without us, with and without a durable commit."""

from __future__ import annotations

import asyncio
import queue
import re
import sqlite3
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

UPSERT = "INSERT INTO state (id, body) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body"
PING = re.compile(r"ping (\d+)")

Row = tuple[str, str]


class GroupCommit:
    """One thread that commits every save that waits by one flush (WAL, synchronous=FULL)."""

    def __init__(self, path: Path) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[tuple[Row, asyncio.Future[None]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, args=(path,), daemon=True)
        self._thread.start()

    def save(self, id: str, body: str) -> asyncio.Future[None]:
        """Durable when the future is done."""
        future: asyncio.Future[None] = self._loop.create_future()
        self._queue.put(((id, body), future))
        return future

    def close(self) -> None:
        """Finish what was accepted."""
        self._queue.put(None)
        self._thread.join(10.0)

    def _run(self, path: Path) -> None:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE IF NOT EXISTS state (id TEXT PRIMARY KEY, body TEXT NOT NULL)")
        while batch := self._take():
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(UPSERT, [row for row, _ in batch])
            connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(_settle, [future for _, future in batch])
        connection.close()

    def _take(self) -> list[tuple[Row, asyncio.Future[None]]]:
        """All that waits; nothing once it is closed."""
        batch = []
        while (waiting := self._queue.get()) is not None:
            batch.append(waiting)
            if self._queue.empty():
                break
        return batch


def _settle(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)


Answer = Callable[[dict[str, Any], str], Coroutine[Any, Any, str]]


def site(answer: Answer) -> web.Application:
    """A WebSocket at `/ws` that replies to each text by `answer(state, text)`."""

    async def handle(request: web.Request) -> web.WebSocketResponse[bool]:
        ws: web.WebSocketResponse[bool] = web.WebSocketResponse(compress=False)
        await ws.prepare(request)
        state: dict[str, Any] = {"id": f"{id(ws):x}", "turns": 0, "last": ""}
        async for message in ws:
            if message.type is WSMsgType.TEXT:
                await ws.send_str(await answer(state, message.data))
        return ws

    app = web.Application()
    app.add_routes([web.get("/ws", handle)])
    return app


async def echo(_state: dict[str, Any], text: str) -> str:
    """No thought, no memory."""
    return text.replace("ping", "pong", 1)


def remembering(commits: GroupCommit) -> Answer:
    """One pattern, and the chat's state saved before each reply."""
    encode = msgspec.json.Encoder().encode

    async def answer(state: dict[str, Any], text: str) -> str:
        found = PING.fullmatch(text)
        state["turns"] += 1
        state["last"] = text
        await commits.save(state["id"], encode(state).decode())
        return f"pong {found[1]}" if found else "pardon?"

    return answer
