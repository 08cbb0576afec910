"""The whole Slack: what a test, a benchmark or a demo starts."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import web

from bot.ports import Clock
from bot.testing.slack.asked import Method
from bot.testing.slack.clock import WallClock
from bot.testing.slack.faults import Fault, Faults
from bot.testing.slack.limits import Limits
from bot.testing.slack.methods import METHODS
from bot.testing.slack.methods.apps import Installing
from bot.testing.slack.server import Consent, Server
from bot.testing.slack.sockets import Sockets
from bot.testing.slack.things import Channel, Message, Person, View, Workspace
from bot.testing.slack.transcript import Shown, form, transcript
from bot.testing.slack.webapi import Call, WebApi
from bot.testing.slack.world import World

STATUS_LIFE: Final = 120_000  # ms
SIGNED_WITH: Final = "what an app and its fake Slack share"


class FakeSlack:
    """One Slack with workspaces, people, channels and messages, on a port of this machine.

        async with FakeSlack.running() as slack:
            ann = slack.add_person("Ann", email="ann@desk.example")
            desk = slack.add_channel("desk", [ann])
            client = AsyncWebClient(token=slack.workspace.token, base_url=slack.url)
            await client.chat_postMessage(channel=desk.id, text="Hello")
            assert [str(one) for one in slack.transcript(desk)] == ["Cuebook: Hello"]

    It refuses what Slack refuses. What people do reaches the app by
    `bot.testing.slack.events.Events`.
    """

    def __init__(self, world: World, signing_secret: str, door: Installing) -> None:
        self.world, self.signing_secret, self.door = world, signing_secret, door
        self.limits, self.faults = Limits(), Faults()
        self.api = WebApi(world, {**METHODS, **{one.name: one for one in door.methods()}}, self.limits)
        self.sockets = Sockets(world, door)
        self.workspace = world.workspace("The Company")
        self.consent = Consent(self.workspace)
        self.app_token = world.token(self.workspace, "app").value
        self.url = ""
        """Base of the Web API, with its slash."""

    @classmethod
    @asynccontextmanager
    async def running(
        cls,
        *,
        clock: Clock | None = None,
        signing_secret: str = SIGNED_WITH,
        app_name: str = "Cuebook",
        client: tuple[str, str] = ("1.2", "a secret of the app"),
        port: int = 0,
    ) -> AsyncGenerator[FakeSlack]:
        """Listen until the block ends. `client`: OAuth's client id and secret."""
        world = World(clock or WallClock(), "A0CBFAKE1", app_name)
        fake = cls(world, signing_secret, Installing(*client))
        server = Server(fake.api, fake.faults, fake.door, fake.sockets, lambda: fake.consent)
        runner = web.AppRunner(server.application(), shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            world.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
            fake.url = f"{world.base}/api/"
            yield fake
        finally:
            fake.faults.let_go()
            await fake.sockets.drop()
            await runner.cleanup()

    # --- who and where -------------------------------------------------------------------

    def add_workspace(
        self,
        name: str = "Another Company",
        *,
        enterprise: str | None = None,
        org_wide: bool = False,
        installed: bool = True,
    ) -> Workspace:
        """One more team; with the app in it, unless told otherwise. `org_wide`: the app is
        installed for the whole `enterprise`."""
        return self.world.workspace(name, enterprise=enterprise, org_wide=org_wide, installed=installed)

    def add_person(
        self,
        name: str,
        *,
        email: str = "",
        workspace: Workspace | None = None,
        external: bool = False,
        bot: bool = False,
        guest: bool = False,
    ) -> Person:
        """Somebody in a workspace, by default the first. `external`: of another company."""
        home = workspace or self.workspace
        made = Person(
            id=self.world.new("W" if home.enterprise else "U"),
            name=name,
            email=email,
            workspace=home,
            team=self.world.new("T") if external else home.id,
            external=external,
            bot=bot,
            guest=guest,
            bot_id=self.world.new("B") if bot else "",
        )
        self.world.people[made.id] = made
        return made

    def add_channel(
        self,
        name: str,
        members: Iterable[Person] = (),
        *,
        workspace: Workspace | None = None,
        private: bool = False,
        bot: bool = True,
    ) -> Channel:
        """A channel; the app's bot is a member, unless told otherwise."""
        people = [*members]
        home = workspace or (people[0].workspace if people else self.workspace)
        ids = [person.id for person in people] + ([home.bot] if bot else [])
        made = Channel(self.world.new("C"), name, home, ids, "group" if private else "channel")
        made.shared = any(person.external for person in people)
        self.world.channels[made.id] = made
        return made

    def add_group(self, members: Iterable[Person]) -> str:
        """A user group; its id."""
        id = self.world.new("S")
        self.world.groups[id] = [person.id for person in members]
        return id

    def direct(self, person: Person) -> Channel:
        """The conversation of a person with the bot."""
        return self.world.direct(person, person.workspace)

    # --- what is seen --------------------------------------------------------------------

    def transcript(
        self, channel: Channel, thread: Message | str | None = None, *, viewer: Person | None = None
    ) -> list[Shown]:
        """What `viewer` (or anybody) sees now, in order: a channel without the replies of its
        threads, or one thread from its parent on."""
        ts = thread.thread_ts or thread.ts if isinstance(thread, Message) else thread
        return transcript(self.world, channel, ts, viewer)

    def status(self, channel: Channel, thread: Message | str) -> str:
        """What stands below a thread while the bot works. It goes away with the bot's next words, or
        after two minutes."""
        ts = thread.thread_ts or thread.ts if isinstance(thread, Message) else thread
        text, since = self.world.statuses.get((channel.id, ts), ("", 0))
        return text if self.world.clock.now() - since < STATUS_LIFE else ""

    def modal(self, person: Person) -> View | None:
        """The form that is open before a person."""
        return next(iter(self.world.modals.get(person.id, [])[-1:]), None)

    def home(self, person: Person) -> View | None:
        """A person's home tab, if the app has published one."""
        return self.world.homes.get(person.id)

    def form(self, view: View) -> list[str]:
        """A form or a home tab as lines."""
        return form(self.world, view)

    @property
    def calls(self) -> list[Call]:
        """Every call of the Web API and of response_urls, in order."""
        return self.api.calls

    def called(self, method: str) -> list[Call]:
        """The calls of one method."""
        return [call for call in self.calls if call.method == method]

    @property
    def edits(self) -> list[tuple[Message, int]]:
        """(message, ms since 1970) for every change of a message, in order of time."""
        found = [(one, edit.at) for one in self.world.messages for edit in one.history]
        return sorted(found, key=lambda pair: pair[1])

    # --- hostile -------------------------------------------------------------------------

    def fail(self, method: str, *faults: Fault) -> None:
        """The next calls of a method (`*`: any) go wrong, in this order."""
        self.faults.add(method, *faults)

    def take_scope(self, *scopes: str, workspace: Workspace | None = None) -> None:
        """The app may no longer do this: `missing_scope`."""
        (workspace or self.workspace).scopes -= set(scopes)

    def revoke(self, token: str) -> None:
        """From now on `token_revoked`."""
        self.world.tokens[token].revoked = True

    def expire(self, token: str) -> None:
        """From now on `token_expired`."""
        self.world.tokens[token].expires = self.world.clock.now()

    def rotate(self, workspace: Workspace | None = None) -> Mapping[str, Any]:
        """Tokens live twelve hours from now on; a new one for the workspace, as it would be stored:
        `token`, `refresh_token`, `expires` (ms since 1970)."""
        self.world.rotation = True
        made = self.world.token(workspace or self.workspace, "bot")
        return {"token": made.value, "refresh_token": made.refresh, "expires": made.expires}

    def without(self, *methods: str) -> None:
        """A Slack that does not have these methods: `unknown_method`."""
        for method in methods:
            self.api.methods.pop(method, None)

    def add_method(self, method: Method) -> None:
        """A Slack that has one more."""
        self.api.methods[method.name] = method
