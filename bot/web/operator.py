"""The operator: whoever holds the token from the server's settings."""

from __future__ import annotations

import hmac

from aiohttp import web

from bot.web.errors import Unauthenticated


def bearer(request: web.Request) -> str:
    """The bearer token of the request (RFC 6750, 2.1), or empty."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


class Operator:
    """Knows its own token. Without one set, nobody is the operator."""

    def __init__(self, token: str = "") -> None:
        self._token = token.encode()

    def is_caller(self, request: web.Request) -> bool:
        """Did the operator ask? Compared in constant time."""
        given = bearer(request).encode("utf-8", "surrogateescape")
        return bool(self._token) and hmac.compare_digest(given, self._token)

    def require(self, request: web.Request) -> None:
        """Raise Unauthenticated unless the operator asks."""
        if not self.is_caller(request):
            raise Unauthenticated("This needs the operator's token: `Authorization: Bearer …`.")
