"""Who may come in: checked before a socket is upgraded or a chat is changed.

A browser lets any page open a socket to any server, so the page's `Origin` is compared,
byte by byte, with the few that may (OWASP ASVS 4.4.2). No `Origin`: not a browser; such a
caller holds the token itself, there is no cookie that it could ride on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from adapters.webchat.desk import Desk
from adapters.webchat.translate import PROTOCOL
from bot.errors import NotAllowed, StoreUnavailable, TooMuch
from bot.web.errors import BadRequest
from bot.web.health import Health
from bot.web.proxies import Proxies, household


class Gate:
    """The one door for sockets, and the Origin check for posts."""

    def __init__(self, desk: Desk, health: Health, proxies: Proxies, origins: frozenset[str]) -> None:
        self._desk, self._health, self._proxies, self._origins = desk, health, proxies, origins
        self.inside = 0
        """Connections that are held open now."""

    def address(self, request: web.Request) -> str:
        """Whose limits this request counts against."""
        return household(self._proxies.address(request))

    def check_origin(self, request: web.Request) -> None:
        """Raises NotAllowed for a page of a site that is not ours."""
        origins = request.headers.getall("Origin", ())
        own = f"{self._proxies.scheme(request)}://{request.headers.get('Host', '')}"
        for origin in origins:
            if origin != own and origin not in self._origins:
                raise NotAllowed("This page may not talk to this server.", "origin")

    def check_protocol(self, request: web.Request) -> None:
        """Raises BadRequest unless the client speaks ours."""
        offered = ",".join(request.headers.getall("Sec-WebSocket-Protocol", ())).split(",")
        if PROTOCOL not in [name.strip() for name in offered]:
            raise BadRequest(f"This is a WebSocket that speaks `{PROTOCOL}` only.")

    @contextmanager
    def hold(self, request: web.Request) -> Iterator[str]:
        """Count one held connection while it lasts; gives its address. Raises TooMuch, and
        StoreUnavailable when the process is full or leaving."""
        if self._health.draining or self.inside >= self._desk.limits.per_process:
            raise StoreUnavailable("full or leaving")
        address = self.address(request)
        if not self._desk.addresses.take(address):
            raise TooMuch("Too many connections from your address.", 5.0)
        self.inside += 1
        try:
            yield address
        finally:
            self.inside -= 1
            self._desk.addresses.release(address)
