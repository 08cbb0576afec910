"""The web chat on a loopback port, in front of the fake house, and a client for its socket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from adapters.webchat.adapter import House, Settings, Site, WebChat
from adapters.webchat.settings import Limits
from bot.web.application import Parts, application
from bot.web.health import Health
from bot.web.operator import Operator
from bot.web.proxies import Proxies
from tests.adapters.webchat.fake import FakeCatalogue, FakeEngine

KEY = b"k" * 32


class Tab:
    """One browser tab: frames as dictionaries, nothing remembered."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    async def send(self, **frame: Any) -> None:
        await self.ws.send_str(json.dumps(frame))

    async def get(self) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(await self.ws.receive_str(timeout=5))
        return frame

    async def until(self, kind: str) -> list[dict[str, Any]]:
        """All frames up to and with the first of this type."""
        frames = [await self.get()]
        while frames[-1]["type"] != kind:
            frames.append(await self.get())
        return frames

    async def code(self) -> int | None:
        """Read to the end: the close code."""
        while not self.ws.closed:
            await self.ws.receive(timeout=5)
        return self.ws.close_code

    async def hello(self, **more: Any) -> dict[str, Any]:
        await self.send(type="hello", **({"profile": "desk"} | more))
        return (await self.until("welcome"))[-1]


class Place:
    """A running site."""

    def __init__(
        self, server: TestServer, engine: FakeEngine, http: aiohttp.ClientSession, health: Health
    ) -> None:
        self.server, self.engine, self.http, self.health = server, engine, http, health
        self.tabs: list[Tab] = []
        self.base = str(server.make_url("")).rstrip("/")

    async def tab(self, *, protocols: tuple[str, ...] = ("cuebook.v1",), **more: Any) -> Tab:
        tab = Tab(await self.http.ws_connect(f"{self.base}/ws", protocols=protocols, **more))
        self.tabs.append(tab)  # a socket that nobody holds is closed by the collector
        return tab

    async def chat(self) -> tuple[Tab, dict[str, Any]]:
        """A tab with a new chat, its greeting read."""
        tab = await self.tab()
        welcome = await tab.hello()
        await tab.until("message")
        return tab, welcome


Start = Callable[..., Awaitable[Place]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Start a site with these limits and settings; ends with the test."""
    ends: list[Any] = []

    async def start(
        *,
        proxies: tuple[str, ...] = (),
        origins: frozenset[str] = frozenset(),
        token: str = "",
        **limits: Any,
    ) -> Place:
        engine, catalogue = FakeEngine(), FakeCatalogue()
        parts = Parts(catalogue=catalogue, operator=Operator(token))
        settings = Settings(origins=origins, limits=Limits(**{"close": 0.2, "spread": 0.05} | limits))
        site = Site(
            catalogue=catalogue, health=parts.health, registry=parts.registry, proxies=Proxies(proxies)
        )
        house = House(engine, engine.bus, engine.clock)
        webchat = WebChat(house, site, key=KEY, settings=settings)
        server = TestServer(application([webchat], parts))
        await server.start_server()
        http = aiohttp.ClientSession()
        ends.extend([http.close, server.close])
        return Place(server, engine, http, parts.health)

    yield start
    for end in ends:
        await end()


@pytest.fixture
async def place(start: Start) -> Place:
    """A site as it comes."""
    return await start()
