"""The composition root: puts the server together from every room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import structlog
from aiohttp import web

from adapters.slack.adapter import House as SlackHouse
from adapters.slack.adapter import Slack
from adapters.slack.api import LIMIT as SLACK_LIMIT
from adapters.slack.connect import connect
from adapters.slack.settings import allowance
from adapters.slack.settings import read as read_slack
from adapters.webchat.adapter import House, Site, WebChat
from adapters.webchat.settings import Limits as WebLimits
from adapters.webchat.settings import Settings as WebSettings
from adapters.webhook.adapter import WebHooks
from bot.connectors.addresses import Allowance
from bot.connectors.client import Client
from bot.connectors.http import HttpConnectors
from bot.connectors.secrets import Secrets
from bot.errors import SettingsError
from bot.keys import own_secret
from bot.limits import Limits
from bot.ports import Adapter, Connectors, Store
from bot.reload import Reload
from bot.rows import Chat
from bot.runtime.addresses import Addresses
from bot.runtime.assemble import Choices, Runtime
from bot.runtime.clock import SchedulerClock
from bot.runtime.library import Library
from bot.runtime.meters import Meters
from bot.settings import Settings, public_base
from bot.storage.open import open_store
from bot.web.application import Parts, application
from bot.web.health import Health
from bot.web.operator import Operator
from bot.web.proxies import Proxies
from bot.web.serve import Server, serve
from flows.connector import Connector
from flows.project import Project

log = structlog.get_logger()

Tell = Callable[[str], None]


class App:
    """A project being served. `async with App.running(...)` starts and drains it."""

    def __init__(self, settings: Settings, project: Project, secrets: Secrets) -> None:
        self.settings, self.project, self.secrets = settings, project, secrets
        self._stack = AsyncExitStack()
        self.runtime: Runtime
        self.slack: Slack | None = None
        self.server: Server | None = None
        self.tell: Tell = lambda text: None

    @property
    def state_folder(self) -> Path:
        """Where keys and, by default, the database live."""
        return self.project.root / ".cuebook"

    @classmethod
    @asynccontextmanager
    async def running(
        cls, settings: Settings, project: Project, secrets: Secrets, tell: Tell = lambda text: None
    ) -> AsyncIterator[App]:
        """Start, and drain at the exit. `tell` hears what the author should know of reloads."""
        app = cls(settings, project, secrets)
        app.tell = tell
        try:
            await app.start()
            yield app
        finally:
            await app.stop()

    async def start(self, *, web_too: bool = True, store: Store | None = None) -> None:
        """Open the store, recover, adopt the project, then open the doors. `stop` must follow,
        also where this raises. `store`: this one instead of the settings' database."""
        settings = self.settings
        store = store or await open_store(settings.database_url, synchronous=settings.synchronous)
        self._stack.push_async_callback(store.close)
        keys = await asyncio.to_thread(self._keys) if web_too else None
        key = keys[0] if keys else b""
        addresses = Addresses(key, public_base(settings))
        await self._start_runtime(store, key, addresses)
        if keys:
            self.server = await serve(
                self._site(store, keys), settings.host, settings.port, grace=settings.drain
            )
            self._stack.push_async_callback(self.server.stop)
            addresses.base = settings.public_url or self.server.url
        if settings.reload:
            self._watch()

    async def _start_runtime(self, store: Store, key: bytes, addresses: Addresses) -> None:
        """`key`: for what platforms sign; empty: none is connected."""
        clock = SchedulerClock()
        library = Library(store, clock)
        connectors = self._connectors(library)
        self._stack.push_async_callback(connectors.close)
        adapters: dict[str, Adapter] = {}
        self.runtime = Runtime(
            store, clock, library, cast(Connectors, connectors), adapters, self._choices(addresses)
        )
        self.slack = self._slack(key) if key else None
        if self.slack is not None:  # before recovery, which has last states to show
            adapters[self.slack.platform] = self.slack
        clock.start()
        self._stack.callback(clock.stop)
        self._stack.push_async_callback(self.runtime.stop)
        await self.runtime.adopt(self.project)
        await self.runtime.start()

    def _slack(self, key: bytes) -> Slack | None:
        """The adapter, where an operator has set Slack's variables. Raises SettingsError."""
        settings = read_slack(self.settings, self.project.settings.get("slack", {}), self.project.profiles)
        if settings is None:
            return None
        for secret in settings.secrets:
            self.secrets.hide(secret)
        client = Client(Allowance([*self.settings.allow, *allowance(settings)]))
        self._stack.push_async_callback(client.close)
        ground = self.runtime.ground
        house = SlackHouse(
            reception=self.runtime.engine,
            store=ground.store,
            clock=ground.clock,
            spawn=ground.tasks.spawn,
            session=lambda: client.session(total=SLACK_LIMIT),
            registry=ground.meters.registry,
            hide=self.secrets.hide,
        )
        return connect(settings, house, key=key)

    def _connectors(self, library: Library) -> HttpConnectors:
        def definition(hash: str) -> Connector:
            document = library.known(hash).document
            assert isinstance(document, Connector)
            return document

        allow = [*self.settings.allow, *allowed(self.project.settings)]
        return HttpConnectors(definition, self.secrets, allow)

    def _choices(self, addresses: Addresses) -> Choices:
        settings = self.settings
        limits = Limits(
            runs_a_person=settings.runs_a_person, runs_at_work=settings.runs_at_work, drain=settings.drain
        )
        return Choices(limits=limits, zone=settings.zone, meters=Meters(), addresses=addresses)

    def _site(self, store: Store, keys: tuple[bytes, str]) -> web.Application:
        settings, ground = self.settings, self.runtime.ground

        async def database() -> None:
            await store.find(Chat, limit=1)

        health = Health({"database": database})
        parts = Parts(
            catalogue=self.runtime.catalogue,
            health=health,
            operator=Operator(keys[1]),
            registry=ground.meters.registry,
        )
        site = Site(
            catalogue=self.runtime.catalogue,
            health=health,
            registry=ground.meters.registry,
            proxies=Proxies(settings.trusted_proxies),
        )
        house = House(self.runtime.engine, ground.bus, ground.clock)
        chat = WebChat(house, site, key=keys[0], settings=self._web_settings())
        runtime = self.runtime
        hooks = WebHooks(runtime.hooks, runtime.callbacks, ground.clock, self._secret, site.proxies)
        return application([chat, hooks] if self.slack is None else [chat, hooks, self.slack], parts)

    def _secret(self, name: str) -> str:
        """A secret by its name; from now on it is masked wherever it might show."""
        value = self.secrets.look(name)
        self.secrets.hide(value)
        return value

    def _keys(self) -> tuple[bytes, str]:
        given = self.settings.secret_key
        key = given.get_secret_value() if given else own_secret(self.state_folder, "secret-key")
        return key.encode(), self.operator_token()

    def operator_token(self) -> str:
        """The token that opens metrics and listings."""
        given = self.settings.operator_token
        return given.get_secret_value() if given else own_secret(self.state_folder, "operator-token")

    def _web_settings(self) -> WebSettings:
        settings = self.settings
        limits = WebLimits(
            rate=settings.messages_per_second,
            burst=settings.messages_burst,
            per_address=settings.sockets_per_address,
            per_person=settings.sockets_per_person,
        )
        return WebSettings(origins=frozenset(settings.origins), limits=limits)

    def _watch(self) -> None:
        watcher = Reload(self.project.root, self.runtime, self.tell)
        task = self.runtime.tasks.launch(watcher.watch(), "reload")

        async def stop() -> None:
            watcher.stop()
            await asyncio.wait([task], timeout=2.0)

        self._stack.push_async_callback(stop)

    async def stop(self) -> None:
        """Close the doors, finish what is in flight, let go of the database."""
        await self._stack.aclose()


def allowed(settings: Mapping[str, Any]) -> list[str]:
    """`allow` under `[connectors]` of cuebook.toml. Raises SettingsError."""
    table = settings.get("connectors", {})
    listed = table.get("allow", []) if isinstance(table, Mapping) else table
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise SettingsError("cuebook.toml, [connectors]: `allow` is a list of addresses")
    return listed
