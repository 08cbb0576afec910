"""All sockets of the process: `/ws`, the sweep for stalled ones, and the goodbye at the end."""

from __future__ import annotations

import asyncio
from socket import SO_SNDBUF, SOL_SOCKET

import structlog
from aiohttp import web

from adapters.webchat.desk import Desk
from adapters.webchat.gate import Gate
from adapters.webchat.goodbye import RESTART
from adapters.webchat.outgoing import Outgoing
from adapters.webchat.session import Session
from adapters.webchat.translate import PROTOCOL
from adapters.webchat.wire import Wire

log = structlog.get_logger()

_FORGET = 60.0
"""Seconds between two clearings of the rate limits' memory."""


class Sockets:
    """One for the process. Needs `start` for the sweep; `stop` may come twice."""

    def __init__(self, desk: Desk, gate: Gate) -> None:
        self._desk, self._gate = desk, gate
        self._sessions: set[Session] = set()
        self._sweeper: asyncio.TimerHandle | None = None
        self._empty = asyncio.Event()
        self._forget_at = 0.0

    def start(self) -> None:
        """Begin to look for stalled readers and expired tokens."""
        self._sweeper = asyncio.get_running_loop().call_later(self._desk.limits.sweep, self._sweep)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """`GET /ws`: everything that can refuse does so before the upgrade."""
        self._gate.check_origin(request)
        self._gate.check_protocol(request)
        with self._gate.hold(request) as address:
            return await self._serve(request, address)

    async def _serve(self, request: web.Request, address: str) -> web.StreamResponse:
        limits = self._desk.limits
        ws: web.WebSocketResponse[bool] = web.WebSocketResponse(
            protocols=(PROTOCOL,),
            heartbeat=limits.heartbeat,
            max_msg_size=limits.frame + 1,  # aiohttp refuses from this size on
            timeout=limits.close,
            compress=False,
            decode_text=False,
        )
        writer = await ws.prepare(request)
        if request.transport is None or writer is None:
            return ws
        request.transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_SNDBUF, limits.kernel_bytes)
        out = Outgoing(Wire(ws, writer, request.transport), limits)
        session = Session(ws, out, self._desk, address)
        self._sessions.add(session)
        try:
            await session.run()
        finally:
            self._sessions.discard(session)
            if not self._sessions:
                self._empty.set()
        return ws

    async def stop(self) -> None:
        """Ask every client to come back later, spread so that they do not all come at once;
        cut those who do not answer."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        sessions, limits = list(self._sessions), self._desk.limits
        slices = min(20, len(sessions) // 50 + 1)
        for i in range(slices):
            for session in sessions[i::slices]:
                session.out.close(RESTART, "restart")
            if i + 1 < slices:
                await asyncio.sleep(limits.spread / slices)
        await self._gone(limits.close + 1.0)

    async def _gone(self, patience: float) -> None:
        try:
            async with asyncio.timeout(patience):
                while self._sessions:
                    self._empty.clear()
                    await self._empty.wait()
        except TimeoutError:
            for session in self._sessions:
                session.out.drop("did not leave")

    def _sweep(self) -> None:
        """Cut who stalls, show out whose token is over."""
        loop, wall = asyncio.get_running_loop(), self._desk.clock.now()
        now = loop.time()
        for session in self._sessions:
            if session.out.is_stalled(now):
                session.out.drop("stalled")
            else:
                session.end_if_expired(wall)
        if now >= self._forget_at:
            self._forget_at = now + _FORGET
            self._desk.forget()
        self._sweeper = loop.call_later(self._desk.limits.sweep, self._sweep)
