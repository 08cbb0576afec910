"""The headers of every answer (OWASP ASVS 3.4): what a browser may do with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from aiohttp import web

_POLICY: Final = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; object-src 'none'; frame-ancestors {}"
)
_ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def headers(embedded_by: Sequence[str] = ()) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """For `on_response_prepare`. `embedded_by`: origins whose pages may frame ours; none by
    default. A header that the handler set stays."""
    policy = _POLICY.format(" ".join(embedded_by) or "'none'")

    async def add(_request: web.Request, response: web.StreamResponse) -> None:
        response.headers["Server"] = "cuebook"
        if response.status == 101:
            return  # a socket is no page, and would keep these for all its life
        for name, value in _ALWAYS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", policy)
        if not embedded_by:
            response.headers.setdefault("X-Frame-Options", "DENY")

    return add
