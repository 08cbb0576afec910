"""One line a request: the route, never the address as it was typed.

Paths carry ids and callback tokens, queries carry whatever people put there; a pattern like
`/callbacks/{token}` says all that a log needs (ASVS 14.2.1).
"""

from __future__ import annotations

import structlog
from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

log = structlog.get_logger()

_OFTEN = ("/livez", "/readyz", "/metrics")


class AccessLog(AbstractAccessLogger):
    """`web.request` with method, route, status, bytes and milliseconds."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        route = _route(request)
        say = log.debug if route in _OFTEN else log.info
        say(
            "web.request",
            method=request.method,
            route=route,
            status=response.status,
            bytes=response.body_length,
            ms=round(time * 1000, 1),
        )


def _route(request: web.BaseRequest) -> str:
    """The pattern that matched; aiohttp hands over requests it could not even read, too."""
    info = request._match_info if isinstance(request, web.Request) else None  # noqa: SLF001
    resource = info.route.resource if info is not None else None
    return resource.canonical if resource is not None else "(none)"
