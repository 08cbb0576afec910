"""Puts the site together: one aiohttp application from the parts that are handed in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import msgspec
from aiohttp import web
from prometheus_client import CollectorRegistry

from bot.web import openapi
from bot.web.bodies import MAX_BODY, bodies
from bot.web.errors import errors
from bot.web.health import Health, HealthPages
from bot.web.listing import Listing
from bot.web.operation import Operation
from bot.web.operator import Operator
from bot.web.ports import Catalogue, Mount
from bot.web.security import headers

MOUNTS: Final = web.AppKey("MOUNTS", list[Mount])
HEALTH: Final = web.AppKey("HEALTH", Health)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What every site has. `embedded_by`: origins whose pages may frame ours."""

    catalogue: Catalogue
    health: Health = field(default_factory=Health)
    operator: Operator = field(default_factory=Operator)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    embedded_by: Sequence[str] = ()


def application(mounts: Iterable[Mount], parts: Parts) -> web.Application:
    """The site: health, listings, the description, and every mount, started in order and
    stopped in reverse. Any host may run it: our `serve`, aiohttp's runner, a test server."""
    together: list[Mount] = [*mounts, Listing(parts.catalogue, parts.operator)]
    app = web.Application(middlewares=[errors, bodies], client_max_size=MAX_BODY)
    app[MOUNTS], app[HEALTH] = together, parts.health
    routes = [route for mount in together for route in mount.routes()]
    app.add_routes(HealthPages(parts.health, parts.registry, parts.operator).routes())
    app.add_routes([*routes, _description(routes)])
    app.on_response_prepare.append(headers(parts.embedded_by))
    app.cleanup_ctx.append(_started)
    app.on_shutdown.append(leave)
    return app


async def leave(app: web.Application) -> None:
    """Say that we go, and let every mount say goodbye. Coming twice does no harm."""
    app[HEALTH].drain()
    mounts: list[Mount] = app[MOUNTS]
    for mount in reversed(mounts):
        await mount.stop()


async def _started(app: web.Application) -> AsyncIterator[None]:
    """Start all; if one cannot, those that did are stopped again."""
    async with AsyncExitStack() as undo:
        for mount in app[MOUNTS]:
            await mount.start()
            undo.push_async_callback(mount.stop)
        undo.pop_all()
    yield


def _description(routes: Iterable[web.AbstractRouteDef]) -> Operation:
    """The operation that serves the description of all operations, itself included; written
    when somebody first asks, for most processes nobody does."""

    async def serve(_request: web.Request) -> web.Response:
        return web.Response(body=body(), content_type="application/json")

    @cache
    def body() -> bytes:
        return msgspec.json.encode(openapi.document([*operations, described], _VERSION))

    described = Operation(
        method="GET",
        path=openapi.PATH,
        handler=serve,
        summary="This description, as OpenAPI 3.1",
        answer=dict[str, Any],
    )
    operations = [route for route in routes if isinstance(route, Operation)]
    return described


def _version() -> str:
    try:
        return version("cuebook")
    except PackageNotFoundError:
        return "0"


_VERSION: Final = _version()  # on import: it reads a file
