"""The web chat as one part of the site: sockets, REST and pages put together."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge

from adapters.webchat.desk import PLATFORM, Desk, House
from adapters.webchat.gate import Gate
from adapters.webchat.page import Pages
from adapters.webchat.rest import Rest
from adapters.webchat.settings import Settings
from adapters.webchat.sockets import Sockets
from bot.ports import Delivery, Progress
from bot.web.health import Health
from bot.web.ports import Catalogue
from bot.web.proxies import Proxies


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """What the adapter shares with the rest of the site."""

    catalogue: Catalogue
    health: Health
    registry: CollectorRegistry
    proxies: Proxies


class WebChat:
    """An `Adapter` whose clients read the transcript themselves, and a `Mount` of the site."""

    platform = PLATFORM
    reads_log = True

    def __init__(self, house: House, site: Site, *, key: bytes, settings: Settings | None = None) -> None:
        """`key` signs the chats' tokens: 32 bytes or more, the same in every process.
        Raises SettingsError."""
        settings = settings or Settings()
        desk = Desk(house, key, settings)
        gate = Gate(desk, site.health, site.proxies, settings.origins)
        self._sockets, self._rest, self._pages = Sockets(desk, gate), Rest(desk, gate), Pages(site.catalogue)
        held = Gauge("cuebook_connections_held", "Open sockets and long polls", registry=site.registry)
        held.set_function(lambda: gate.inside)

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """`/ws`, `/api/v1/chats…`, `/`, `/chat/{profile}` and the static files."""
        return [web.get("/ws", self._sockets.handle), *self._rest.routes(), *self._pages.routes()]

    async def start(self) -> None:
        """The loop runs."""
        self._sockets.start()

    async def stop(self) -> None:
        """Say goodbye to every socket and answer every long poll."""
        self._rest.stop()
        await self._sockets.stop()

    async def send(self, delivery: Delivery) -> str:
        """Never called: `reads_log`."""
        raise AssertionError("the web chat's clients read the transcript themselves")

    def show(self, address: str, chat: str, picture: Progress) -> None:
        """Never called: `reads_log`."""


__all__ = ["House", "Settings", "Site", "WebChat"]
