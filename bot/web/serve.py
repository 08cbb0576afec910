"""Binds the site to a port and lets go of it in order.

What aiohttp does not limit by itself (measured): the time that the first request's line and
headers take. A client that drips them would hold its socket for the keep-alive time, so a
guard ends connections that sent no request within `HEADER_TIME`. Later requests on the same
connection are bounded by `IDLE_TIME` as a whole, bodies by `bodies.BODY_TIME`. Against many
thousands of such sockets at once only a proxy or the kernel helps; see the guide on hosting.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware
from aiohttp.web_protocol import RequestHandler

from bot.errors import AddressTaken, OperatorError
from bot.web.access_log import AccessLog
from bot.web.application import leave
from bot.web.errors import Handler

log = structlog.get_logger()

HEADER_TIME: Final = 10.0
IDLE_TIME: Final = 75.0
"""Longer than the usual proxy's 60 s, so that it is the proxy who ends an idle connection."""
BACKLOG: Final = 1024


class Server:
    """A bound and serving site. `port` is the real one, whatever was asked for."""

    def __init__(self, runner: web.AppRunner, listener: asyncio.Server, guard: _Guard) -> None:
        self._runner, self._listener, self._guard = runner, listener, guard
        self.host, self.port = listener.sockets[0].getsockname()[:2]

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        return f"http://{f'[{host}]' if ':' in host and host[0] != '[' else host}:{self.port}"

    async def stop(self) -> None:
        """Take no new connection, say goodbye on the open ones, finish what is being answered.

        The goodbyes come before aiohttp's own end, because that stops reading first and a
        client's answering close frame would not be heard.
        """
        self._listener.close()
        await leave(self._runner.app)
        await self._runner.cleanup()
        self._guard.close()


async def serve(
    app: web.Application, host: str, port: int, *, grace: float = 10.0, header_time: float = HEADER_TIME
) -> Server:
    """Start `app` and listen; port 0 takes a free one. `grace`: seconds that requests in
    flight may take at the end. Raises AddressTaken, or OperatorError for a bad address."""
    guard = _Guard(header_time)
    app.middlewares.insert(0, guard.middleware)
    runner = web.AppRunner(
        app, access_log_class=AccessLog, keepalive_timeout=IDLE_TIME, shutdown_timeout=grace
    )
    await runner.setup()
    try:
        listener = await asyncio.get_running_loop().create_server(
            lambda: guard.watch(_protocol(runner)), host, port, backlog=BACKLOG
        )
    except OSError as exc:
        await runner.cleanup()
        raise _refusal(exc, host, port) from exc
    server = Server(runner, listener, guard)
    log.info("web.listening", host=server.host, port=server.port)
    return server


def _protocol(runner: web.AppRunner) -> RequestHandler:
    assert runner.server is not None
    return runner.server()


def _refusal(exc: OSError, host: str, port: int) -> OperatorError:
    if exc.errno == errno.EADDRINUSE:
        return AddressTaken(host, port)
    return OperatorError(f"cannot listen on {host} port {port}: {exc.strerror or exc}")


class _Guard:
    """Ends connections whose first request does not come. Costs nothing once it came."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self._fresh: dict[RequestHandler, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, protocol: RequestHandler) -> RequestHandler:
        self._fresh[protocol] = self._loop.time() + self._limit
        if self._timer is None:
            self._timer = self._loop.call_later(self._limit, self._sweep)
        return protocol

    @property
    def middleware(self) -> Middleware:
        @web.middleware
        def arrived(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
            self._fresh.pop(request.protocol, None)
            return handler(request)

        return arrived

    def _sweep(self) -> None:
        """The oldest come first, so the walk ends at the first that still has time."""
        self._timer = None
        now = self._loop.time()
        while self._fresh:
            protocol, until = next(iter(self._fresh.items()))
            if until > now:
                self._timer = self._loop.call_at(until, self._sweep)
                return
            del self._fresh[protocol]
            protocol.force_close()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._fresh.clear()
