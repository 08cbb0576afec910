"""The demo's outside system: a directory of accounts, a deployment system and a shop.

A real HTTP service in a process of its own, so that nothing in the demo is pretended; it
shares no code with Cuebook. `python -m bot.demo.helpdesk --port 0` prints one line of JSON,
`{"address": "http://127.0.0.1:PORT"}`, and serves until SIGTERM, or until whoever started it
is gone. All of it is in memory and the same at every start.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import stat
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any, Final

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_ACCOUNTS: Final = (
    ("j.doe", "Jamie Doe", True),
    ("m.ross", "Maria Ross", True),
    ("a.kim", "Alex Kim", False),
)
_ORDERS: Final = (
    ("1001", "Docking station", "shipped", "tomorrow"),
    ("1002", "27-inch monitor", "in the warehouse", "in three days"),
    ("1003", "Headset", "delivered", "today"),
    ("1004", "Standing desk", "waiting for the supplier", "in two weeks"),
)
_LAPTOPS: Final = frozenset(f"LAP-{number:04}" for number in range(1, 101))
_PHASES: Final = ((0.1, "queued"), (0.4, "wiping"), (1.0, "installing"))
_KEPT_CALLS: Final = 1000


@dataclass(frozen=True, slots=True)
class Options:
    """How the service behaves: seconds, and the token that callers must show (empty: none)."""

    rebuild_seconds: float = 60.0
    latency: float = 0.8
    token: str = ""


@dataclass(slots=True)
class _Rebuild:
    id: str
    asset: str
    requested_by: str
    began: float


@dataclass(slots=True)
class Helpdesk:
    """The service's state and its handlers. `now`: seconds since 1970."""

    options: Options = Options()
    now: Callable[[], float] = time.time  # noqa: TID251  (an outside system has a clock of its own)
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    rebuilds: dict[str, _Rebuild] = field(default_factory=dict)
    calls: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_KEPT_CALLS))
    answered: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    """By Idempotency-Key: a call that comes again is not done again."""

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Everything as at the start; the log is empty."""
        self.accounts = {
            login: {"login": login, "name": name, "locked": locked} for login, name, locked in _ACCOUNTS
        }
        self.rebuilds.clear()
        self.calls.clear()
        self.answered.clear()

    def application(self) -> web.Application:
        """The routes. Those that change or read the house are slow and logged; `/log` and
        `/reset`, which the demo's tests use, are neither."""
        application = web.Application(client_max_size=64 << 10, middlewares=[self._authorised, self._noted])
        application.add_routes(
            [
                web.get("/users/{login}", self._user),
                web.post("/users/{login}/unlock", self._unlock),
                web.post("/rebuilds", self._begin),
                web.get("/rebuilds/{id}", self._rebuild),
                web.get("/orders/{number}", self._order),
                web.get("/log", self._log),
                web.post("/reset", self._reset),
            ]
        )
        return application

    @web.middleware
    async def _authorised(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        wanted = f"Bearer {self.options.token}".encode()
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        if self.options.token and not compare_digest(given, wanted):
            return _error(401, "a bearer token is needed")
        return await handler(request)

    @web.middleware
    async def _noted(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in ("/log", "/reset"):
            return await handler(request)
        key = request.headers.get("Idempotency-Key", "")
        entry: dict[str, Any] = {"at": round(self.now(), 3), "method": request.method, "path": request.path}
        entry |= {"body": await _body(request), "key": key, "status": None}
        self.calls.append(entry)  # on receipt: a caller that dies meanwhile has called all the same
        await asyncio.sleep(self.options.latency)
        if key in self.answered:
            status, body = self.answered[key]
            response: web.StreamResponse = web.json_response(body, status=status)
        else:
            response = await _in_json(request, handler)
        entry["status"] = response.status
        return response

    async def _user(self, request: web.Request) -> web.Response:
        account = self.accounts.get(request.match_info["login"])
        return web.json_response(account) if account else _error(404, "no such account")

    async def _unlock(self, request: web.Request) -> web.Response:
        account = self.accounts.get(request.match_info["login"])
        if account is None:
            return _error(404, "no such account")
        account["locked"] = False
        return self._done(request, 200, account)

    async def _begin(self, request: web.Request) -> web.Response:
        body = await _body(request)
        asset = body.get("asset") if isinstance(body, dict) else None
        if not isinstance(asset, str) or asset not in _LAPTOPS:
            return _error(404, "no such laptop")
        if any(job.asset == asset and self._state(job)[0] != "done" for job in self.rebuilds.values()):
            return _error(409, "this laptop is being rebuilt already")
        job = _Rebuild(
            f"RB-{len(self.rebuilds) + 1:04}", asset, str(body.get("requested_by", "")), self.now()
        )
        self.rebuilds[job.id] = job
        return self._done(request, 202, {"id": job.id, "state": "queued"})

    async def _rebuild(self, request: web.Request) -> web.Response:
        job = self.rebuilds.get(request.match_info["id"])
        if job is None:
            return _error(404, "no such rebuild")
        state, percent = self._state(job)
        return web.json_response({"id": job.id, "asset": job.asset, "state": state, "percent": percent})

    async def _order(self, request: web.Request) -> web.Response:
        for number, item, status, expected in _ORDERS:
            if number == request.match_info["number"]:
                return web.json_response(
                    {"number": number, "item": item, "status": status, "expected": expected}
                )
        return _error(404, "no such order")

    async def _log(self, _: web.Request) -> web.Response:
        return web.json_response({"calls": list(self.calls)})

    async def _reset(self, _: web.Request) -> web.Response:
        self.reset()
        return web.json_response({})

    def _done(self, request: web.Request, status: int, body: dict[str, Any]) -> web.Response:
        key = request.headers.get("Idempotency-Key")
        if key and len(self.answered) < _KEPT_CALLS:
            self.answered[key] = (status, dict(body))
        return web.json_response(body, status=status)

    def _state(self, job: _Rebuild) -> tuple[str, int]:
        share = (self.now() - job.began) / max(self.options.rebuild_seconds, 0.001)
        for end, phase in _PHASES:
            if share < end:
                return phase, int(share * 100)
        return "done", 100


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"error": message}, status=status)


async def _in_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as refused:  # no such route, wrong verb, body too large
        return _error(refused.status, refused.reason)


async def _body(request: web.Request) -> Any:
    try:
        return json.loads(await request.text() or "null")
    except (ValueError, web.HTTPRequestEntityTooLarge):
        return None


async def serve(options: Options, port: int, announce: Callable[[str], None]) -> None:
    """Serve on loopback until SIGTERM, SIGINT, or the end of whoever started us. `announce`
    is told the address once it can be called."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        runner = web.AppRunner(Helpdesk(options).application(), access_log=None, shutdown_timeout=0.5)
        stack.push_async_callback(runner.cleanup)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        announce(f"http://127.0.0.1:{runner.addresses[0][1]}")
        async with asyncio.TaskGroup() as watchers:
            tasks = [watchers.create_task(_orphaned(stop, os.getppid()))]
            if _is_pipe(sys.stdin):
                tasks.append(watchers.create_task(_unplugged(stop)))
            await stop.wait()
            for task in tasks:
                task.cancel()


async def _orphaned(stop: asyncio.Event, parent: int) -> None:
    while os.getppid() == parent:  # noqa: ASYNC110  (there is no event for it)
        await asyncio.sleep(0.5)
    stop.set()


async def _unplugged(stop: asyncio.Event) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while await reader.read(1024):
        pass
    stop.set()


def _is_pipe(stream: Any) -> bool:
    """A terminal or /dev/null says nothing about who holds the other end."""
    if stream is None or stream.closed:
        return False
    mode = os.fstat(stream.fileno()).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bot.demo.helpdesk", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--port", type=int, default=0, help="0: a free one (default)")
    parser.add_argument("--rebuild-seconds", type=float, default=60.0, help="how long a rebuild takes (60)")
    parser.add_argument("--latency", type=float, default=0.8, help="seconds that each answer takes (0.8)")
    parser.add_argument(
        "--token", default=os.environ.get("HELPDESK_TOKEN", ""), help="or HELPDESK_TOKEN; none: open"
    )
    given = parser.parse_args(arguments)
    options = Options(given.rebuild_seconds, given.latency, given.token)
    asyncio.run(serve(options, given.port, _announce))


def _announce(address: str) -> None:
    sys.stdout.write(json.dumps({"address": address}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
