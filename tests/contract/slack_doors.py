"""Slack as a way into the house: the fake Slack on one side, the stage's house on the other."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import msgspec
from aiohttp.test_utils import TestServer
from prometheus_client import CollectorRegistry

from adapters.slack.adapter import House, Slack
from adapters.slack.connect import connect
from adapters.slack.render import OVER
from adapters.slack.settings import SlackSettings
from adapters.slack.tokens import Hidden
from bot.testing import Line, Stage
from bot.testing.slack.events import Events
from bot.testing.slack.fake import FakeSlack
from bot.testing.slack.render import buttons, lines
from bot.testing.slack.things import Message
from bot.testing.slack.transcript import Shown
from bot.web.application import Parts, application

PERSON = "Jamie"


class Connection:
    """An adapter in front of a stage, a workspace, and somebody in it."""

    slack: Slack
    fake: FakeSlack
    events: Events

    @classmethod
    async def open(
        cls, stage: Stage, stack: AsyncExitStack, *, sockets: bool = False, profile: str = "", **limits: float
    ) -> Connection:
        """Connected; everything is closed with `stack`."""
        self = cls()
        self.fake = await stack.enter_async_context(FakeSlack.running(clock=stage.clock))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        home = self.fake.workspace
        settings = SlackSettings(
            bot_token=Hidden(home.token),
            signing_secret=Hidden("" if sockets else self.fake.signing_secret),
            app_token=Hidden(self.fake.app_token if sockets else ""),
            api_url=self.fake.url,
            profile=profile,
            post_spacing=limits.get("post_spacing", 0.0),
        )
        house = House(
            reception=stage.engine,
            store=stage.store,
            clock=stage.clock,
            spawn=stage.runtime.tasks.spawn,
            session=lambda: http,
            registry=CollectorRegistry(),
        )
        self.slack = connect(settings, house, key=b"k" * 32)
        stage.adapters["slack"] = self.slack
        server = TestServer(application([self.slack], Parts(catalogue=stage.runtime.catalogue)))
        await server.start_server()
        stack.push_async_callback(server.close)

        async def deliver(url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
            async with http.post(url, data=body, headers=dict(headers)) as answer:
                return answer.status, await answer.read()

        url = str(server.make_url("/slack/events"))
        if sockets:
            self.events = Events.over_sockets(self.fake)
        else:
            self.events = Events.over_http(self.fake, url, deliver, clock=stage.clock)
        return self


class Slacked:
    """A person in a direct conversation with the bot."""

    redelivers = True
    called = PERSON
    sockets = False

    def __init__(self) -> None:
        self._said: dict[str, str] = {}

    async def enter(self, stage: Stage) -> None:
        self._stack = AsyncExitStack()
        self._there = await Connection.open(stage, self._stack, sockets=self.sockets, profile="desk")
        fake = self._there.fake
        self._person = fake.add_person(PERSON, email="jamie@desk.example")
        self._direct = fake.direct(self._person)
        await self._there.events.says(self._person, self._direct, "hi")

    async def say(self, text: str, id: str = "") -> None:
        events = self._there.events
        if id in self._said:
            await events.redeliver(self._said[id])
            return
        await events.says(self._person, self._direct, text)
        if id:
            self._said[id] = events.deliveries[-1].event_id

    async def press(self, label: str) -> None:
        asked = [shown for shown in self._shown() if label in shown.buttons][-1]
        await self._there.events.presses(self._person, asked, label)

    def _shown(self) -> list[Shown]:
        return self._there.fake.transcript(self._direct)

    async def look(self) -> tuple[list[Line], bool]:
        said = [shown.message for shown in self._shown() if shown.author != PERSON]
        lines = [self._line(message) for message in said if not _is_card(message)]
        ended = [line.text.removesuffix(OVER).rstrip("\n") for line in lines]
        return [
            msgspec.structs.replace(line, text=text) for line, text in zip(lines, ended, strict=True)
        ], any(line.text.endswith(OVER) for line in lines)

    def _line(self, message: Message) -> Line:
        """As it was posted: an answered question has lost its buttons since."""
        blocks = message.history[0].blocks if message.history else message.blocks
        name_of = self._there.fake.world.name_of
        text = "\n".join(lines(blocks, name_of)) if blocks else message.text
        if _is_note(blocks):
            return Line(text, "note", ())
        return Line(text, "bot", tuple(buttons(blocks)))

    async def leave(self) -> None:
        await self._stack.aclose()


class SlackedOverSockets(Slacked):
    """The same over a connection that we open."""

    sockets = True


def _is_card(message: Message) -> bool:
    return (message.metadata or {}).get("event_type") == "cuebook_run"


def _is_note(blocks: list[dict[str, Any]]) -> bool:
    return bool(blocks) and any(part["type"] == "rich_text_quote" for part in blocks[0].get("elements", ()))
