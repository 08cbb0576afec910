"""A whole Slack in front of a stage: real HTTP or sockets on both sides, and time in the test's
hands. Waiting for rest waits for the calls to Slack, too, so that nothing here sleeps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from prometheus_client import CollectorRegistry

from adapters.slack.adapter import House, Slack
from adapters.slack.api import Api
from adapters.slack.outgoing import Answer, Arguments
from adapters.slack.settings import SlackSettings
from adapters.slack.tokens import Hidden
from adapters.slack.workspaces import OneWorkspace
from bot.ports import Store
from bot.rows import ROWS
from bot.runtime.assemble import Choices
from bot.storage.memory import MemoryStore
from bot.testing import FakeClock, Killed, Stage, settle
from bot.testing.documents import project_of
from bot.testing.slack import Channel, Events, FakeSlack, Message, Person, Shown
from bot.testing.stubs import Answer as Stub
from bot.web.application import Parts, application

KEY = b"k" * 32
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class WatchedApi(Api):
    """Knows when a call is under way."""

    def __init__(self, base_url: str, session: Callable[[], aiohttp.ClientSession]) -> None:
        super().__init__(base_url, session)
        self._working = 0
        self._further: asyncio.Future[None] | None = None

    def working(self) -> asyncio.Future[None] | None:
        """Done when a call has ended; None while there is none."""
        if not self._working:
            return None
        if self._further is None or self._further.done():
            self._further = asyncio.get_running_loop().create_future()
        return self._further

    async def call(self, token: str, method: str, arguments: Arguments) -> Answer:
        """See `Api`."""
        self._working += 1
        try:
            return await super().call(token, method, arguments)
        finally:
            self._ended()

    async def upload(self, url: str, content: bytes) -> None:
        """See `Api`."""
        self._working += 1
        try:
            await super().upload(url, content)
        finally:
            self._ended()

    def _ended(self) -> None:
        self._working -= 1
        if self._further is not None and not self._further.done():
            self._further.set_result(None)


class SlackStage(Stage):
    """At rest when nothing is under way to Slack either."""

    office: Office | None = None

    async def _rest(self) -> None:
        await settle(self._outside)

    def _outside(self) -> asyncio.Future[None] | None:
        return self.store.working() or (self.office.api.working() if self.office else None)


class Office:
    """One workspace, one house. `transcript` and `lines` show what people see."""

    stage: SlackStage
    api: WatchedApi
    slack: Slack
    events: Events

    def __init__(self, fake: FakeSlack, http: aiohttp.ClientSession, settings: dict[str, Any]) -> None:
        self.fake, self.http, self._settings = fake, http, settings
        self.sockets: bool = settings.pop("sockets")
        self.clock: FakeClock
        self._server: TestServer | None = None
        self.url = ""

    # --- life ----------------------------------------------------------------------------

    def join(self) -> None:
        """A new process has begun: a new adapter, that knows nothing of the last one."""
        fake, stage = self.fake, self.stage
        settings = SlackSettings(
            bot_token=Hidden(fake.workspace.token),
            signing_secret=Hidden("" if self.sockets else fake.signing_secret),
            app_token=Hidden(fake.app_token if self.sockets else ""),
            api_url=fake.url,
            **self._settings,
        )
        self.api = WatchedApi(fake.url, lambda: self.http)
        house = House(
            reception=stage.engine,
            store=stage.store,
            clock=stage.clock,
            spawn=stage.runtime.tasks.spawn,
            session=lambda: self.http,
            registry=CollectorRegistry(),
        )
        workspaces = OneWorkspace(settings.bot_token, self.api, stage.clock)
        self.slack = Slack(house, settings, workspaces, self.api, key=KEY)
        stage.adapters["slack"] = self.slack

    async def serve(self) -> None:
        """Open the door of this process."""
        site = application([self.slack], Parts(catalogue=self.stage.runtime.catalogue))
        site.middlewares.insert(0, _dies)
        self._server = TestServer(site)
        await self._server.start_server()
        self.url = str(self._server.make_url("/slack/events"))
        if not self.sockets:
            before = getattr(self, "events", None)
            self.events = Events.over_http(self.fake, self.url, self.deliver, clock=self.stage.clock)
            if before is not None:  # Slack remembers what it owes whoever is there now
                before.way, self.events = self.events.way, before
        elif not hasattr(self, "events"):
            self.events = Events.over_sockets(self.fake)

    async def deliver(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """One request of Slack's."""
        async with self.http.post(url, data=body, headers=dict(headers)) as answer:
            return answer.status, await answer.read()

    async def shut(self) -> None:
        """Close the door."""
        if self._server is not None:
            await self._server.close()
            self._server = None

    async def restart(self) -> None:
        """The process dies, if it has not yet; a second later there is another."""
        await self.stage.kill()
        await self.shut()
        self.stage.clock.move_to(self.stage.clock.now() + 1_000)
        await self.stage.start()
        await self.serve()
        await self.rest()

    async def rest(self) -> None:
        """Wait until nothing goes on by itself."""
        await self.stage.settle()

    async def advance(self, seconds: float) -> None:
        """Let time pass."""
        await self.stage.advance(seconds)

    # --- people --------------------------------------------------------------------------

    @property
    def bot(self) -> str:
        """How to mention us."""
        return f"<@{self.fake.workspace.bot}>"

    def person(self, name: str, **more: Any) -> Person:
        """Somebody of the workspace."""
        return self.fake.add_person(name, email=f"{name.lower()}@desk.example", **more)

    async def says(self, person: Person, text: str, where: Channel | None = None, **more: Any) -> Message:
        """Write something, by default to us alone; returns when all of it has had its effect."""
        made = await self.events.says(person, where or self.fake.direct(person), text, **more)
        await self.rest()
        return made

    async def presses(self, person: Person, label: str, where: Channel | None = None, **more: Any) -> None:
        """Press the newest button with this label."""
        shown = self.newest(label, where or self.fake.direct(person), **more)
        await self.events.presses(person, shown, label)
        await self.rest()

    async def command(self, person: Person, text: str, where: Channel | None = None) -> str:
        """Type `/cuebook TEXT`; what is answered."""
        answer = await self.events.command(person, where or self.fake.direct(person), "/cuebook", text)
        await self.rest()
        assert answer.status == 200, answer
        return str((answer.json or {}).get("text", answer.body.decode()))

    # --- what is seen --------------------------------------------------------------------

    def shown(
        self, where: Channel | Person, thread: Message | None = None, viewer: Person | None = None
    ) -> list[Shown]:
        """What stands there now; a person's place is the direct conversation, seen by that one."""
        if isinstance(where, Person):
            return self.fake.transcript(self.fake.direct(where), thread, viewer=where)
        return self.fake.transcript(where, thread, viewer=viewer)

    def lines(
        self, where: Channel | Person, thread: Message | None = None, viewer: Person | None = None
    ) -> list[str]:
        """The same as text, a line a message."""
        return [str(one) for one in self.shown(where, thread, viewer)]

    def newest(self, label: str, where: Channel, thread: Message | None = None) -> Shown:
        """The newest message with this button."""
        return [one for one in self.fake.transcript(where, thread) if label in one.buttons][-1]

    def card(self, where: Channel | Person, thread: Message | None = None) -> Shown:
        """The newest card of a run."""
        return [one for one in self.shown(where, thread) if is_card(one.message)][-1]

    def whispers(self, person: Person) -> list[str]:
        """What only this person sees, wherever it is."""
        return [one.text for one in self.fake.world.messages if one.seen_by == person.id]

    async def rows(self) -> dict[str, list[Any]]:
        """Everything that the house has written down."""
        found = {}
        for table in ROWS:
            found[table.TABLE] = await self.stage.store.find(table, limit=10_000)
        return found


def is_card(message: Message) -> bool:
    """Whether it shows a run."""
    return (message.metadata or {}).get("event_type") == "cuebook_run"


@web.middleware
async def _dies(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A process that dies answers nobody."""
    try:
        return await handler(request)
    except Killed:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()


@asynccontextmanager
async def office(
    project: str,
    *,
    connectors: Mapping[str, Stub] | None = None,
    store: Store | None = None,
    choices: Choices | None = None,
    **settings: Any,
) -> AsyncIterator[Office]:
    """`settings`: those of the adapter; `sockets=True` for Socket Mode; posts need no time
    between them unless `post_spacing` says so."""
    chosen = {"profile": "desk", "post_spacing": 0.0, "sockets": False} | settings
    async with AsyncExitStack() as stack:
        stage = SlackStage(store or MemoryStore(), FakeClock(), connectors or {})
        fake = await stack.enter_async_context(FakeSlack.running(clock=stage.clock))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        made = Office(fake, http, chosen)
        made.stage, stage.office = stage, made
        stage.choices = choices or stage.choices
        stage.joining.append(made.join)
        stage.project = await asyncio.to_thread(project_of, project)
        await stage.start()
        stack.push_async_callback(stage.close)
        stack.push_async_callback(made.shut)
        await made.serve()
        yield made
