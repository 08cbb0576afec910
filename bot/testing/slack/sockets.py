"""Socket Mode: WebSockets that an app opens, and on which Slack pushes."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from aiohttp import WSCloseCode, WSMsgType, web

from bot.testing.slack.methods.apps import MOST_SOCKETS, Installing
from bot.testing.slack.things import Json
from bot.testing.slack.world import World

Reason: TypeAlias = Literal["warning", "refresh_requested", "link_disabled", "too_many_websockets"]


@dataclass
class Frame:
    """One envelope that was pushed. `ack`: the app's answer to it, None while there is none."""

    envelope: Json
    connection: int
    ack: Json | None = None


@dataclass(eq=False)
class Connection:
    """One open socket."""

    number: int
    socket: web.WebSocketResponse
    awaited: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    """Envelopes that were pushed here and not yet acknowledged."""


class Sockets:
    """All sockets of the app. `frames`: every envelope ever pushed, in order."""

    def __init__(self, world: World, door: Installing) -> None:
        self._world, self._door = world, door
        self.open: list[Connection] = []
        self.frames: list[Frame] = []
        self._by_id: dict[str, Frame] = {}
        self.opened = 0
        """How many sockets there have been."""
        self._changed = asyncio.Event()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One connection, for as long as it lasts."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._door.tickets:
            raise web.HTTPForbidden(text="this place has been used")
        self._door.tickets.remove(ticket)  # a place is for one connection
        socket = web.WebSocketResponse(timeout=1.0)
        await socket.prepare(request)
        self.opened += 1
        connection = Connection(self.opened, socket)
        if len(self.open) >= MOST_SOCKETS:
            await self._leave(connection, "too_many_websockets", close=True)
            return socket
        self.open.append(connection)
        await socket.send_json(self._hello())
        self._tell()
        try:
            await self._listen(connection)
        finally:
            self.open.remove(connection)
            _let_go(connection)
            self._tell()
        return socket

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _hello(self) -> Json:
        debug = {"host": "applink-fake", "build_number": 1, "approximate_connection_time": 18060}
        return {
            "type": "hello",
            "num_connections": len(self.open),
            "debug_info": debug,
            "connection_info": {"app_id": self._world.app_id},
        }

    async def _listen(self, connection: Connection) -> None:
        async for message in connection.socket:
            if message.type is not WSMsgType.TEXT:
                continue
            try:
                ack = json.loads(message.data)
            except ValueError:
                continue
            self._acknowledged(connection, ack)

    def _acknowledged(self, connection: Connection, ack: Any) -> None:
        id = ack.get("envelope_id") if isinstance(ack, dict) else None
        frame = self._by_id.get(str(id))
        if frame is not None and frame.ack is None:
            frame.ack = ack
        if (waiting := connection.awaited.get(str(id))) is not None and not waiting.done():
            waiting.set_result(None)

    async def connected(self, count: int = 1) -> None:
        """Wait until so many sockets are open."""
        while len(self.open) < count:
            await self._changed.wait()

    async def push(self, envelope: Json, patience: float) -> Json | None:
        """Push on one of the open sockets, each in turn; the ack, or None if none came within
        `patience` seconds or the socket went away."""
        connection = self.open[len(self.frames) % len(self.open)]
        frame = Frame(envelope, connection.number)
        self.frames.append(frame)
        self._by_id[envelope["envelope_id"]] = frame
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        connection.awaited[envelope["envelope_id"]] = waiting
        with suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(patience):
                await connection.socket.send_json(envelope)
                await waiting
        connection.awaited.pop(envelope["envelope_id"], None)
        return frame.ack

    async def disconnect(self, reason: Reason = "refresh_requested", *, close: bool | None = None) -> None:
        """Tell every socket to go. A `warning` leaves them open for a while, as Slack does;
        the others are closed at once. `close` says otherwise."""
        for connection in [*self.open]:
            await self._leave(connection, reason, close=reason != "warning" if close is None else close)

    async def drop(self) -> None:
        """Cut every socket without a word."""
        for connection in [*self.open]:
            await connection.socket.close(code=WSCloseCode.GOING_AWAY)
        while self.open:
            await self._changed.wait()

    async def _leave(self, connection: Connection, reason: Reason, *, close: bool) -> None:
        told = {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-fake"}}
        await connection.socket.send_json(told)
        if close:
            await connection.socket.close()


def _let_go(connection: Connection) -> None:
    """Nothing more will be acknowledged here."""
    for waiting in connection.awaited.values():
        if not waiting.done():
            waiting.set_result(None)
