"""A person in a direct conversation in Slack, with the words and ears of `Guest`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
from pydantic import SecretStr

from bot.app import App
from bot.rows import Message as Line
from bot.rows import Outbox
from bot.testing.slack import Channel, Events, FakeSlack, Message, Person
from bot.testing.slack.render import lines

PATIENCE = 8.0
OVER = "This chat has ended."


class Workspace:
    """A Slack beside the served project, with a person for each guest."""

    fake: FakeSlack

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._count = 0

    async def start(self) -> dict[str, Any]:
        """Run; the settings with which the project is connected to it."""
        self.fake = await self._stack.enter_async_context(FakeSlack.running())
        self._http = await self._stack.enter_async_context(aiohttp.ClientSession())
        return {
            "slack_bot_token": SecretStr(self.fake.workspace.token),
            "slack_signing_secret": SecretStr(self.fake.signing_secret),
            "slack_api_url": self.fake.url,
        }

    async def stop(self) -> None:
        """Let go of everything."""
        await self._stack.aclose()

    async def open(self, app: App, url: str, profile: str) -> SlackGuest:
        """Somebody new begins this profile by the command."""
        self._count += 1
        person = self.fake.add_person(f"Guest {self._count}", email=f"guest{self._count}@desk.example")
        events = Events.over_http(self.fake, f"{url}/slack/events", self._deliver)
        guest = SlackGuest(app, self.fake, events, person)
        await events.command(person, guest.direct, "/cuebook", f"start {profile}")
        await guest.enter()
        return guest

    async def _deliver(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        async with self._http.post(url, data=body, headers=dict(headers)) as answer:
            return answer.status, await answer.read()


class SlackGuest:
    """Sees what stands in the conversation; what was edited counts as it was first said."""

    platform = "slack"

    def __init__(self, app: App, fake: FakeSlack, events: Events, person: Person) -> None:
        self._app, self._fake, self._events, self._person = app, fake, events, person
        self.direct: Channel = fake.direct(person)
        self.chat = self.token = ""
        self._looked = 0

    async def enter(self) -> None:
        """Find out which chat it is."""
        address = f"/{self._fake.workspace.id}/@{self._person.id}/"
        view = await self._app.runtime.engine.at("slack", address)
        self.chat = view.id if view is not None else ""

    async def leave(self) -> None:
        """Slack is closed: nothing that the bot could know of."""

    def back(self, last_seq: int) -> SlackGuest:
        """Slack is opened again; what was seen up to a line of the transcript is known."""
        self._looked = sum(1 for message in self._said() if _seq(message) <= last_seq)
        return self

    async def say(self, text: str, cmid: str = "") -> None:
        """Write something."""
        await self._events.says(self._person, self.direct, text)

    async def press(self, label: str) -> None:
        """Press a button of the newest question."""
        asked = [shown for shown in self._fake.transcript(self.direct) if label in shown.buttons][-1]
        await self._events.presses(self._person, asked, label)

    def _said(self) -> list[Message]:
        shown = [one.message for one in self._fake.transcript(self.direct)]
        return [
            message
            for message in shown
            if message.user != self._person.id
            and (message.metadata or {}).get("event_type") == "cuebook_message"
        ]

    @property
    def texts(self) -> list[str]:
        """What the bot and its runs have said so far; the line that it is over is left out."""
        return [text for message in self._said() if (text := self._text(message))]

    def _text(self, message: Message) -> str:
        blocks = message.history[0].blocks if message.history else message.blocks
        shown = "\n".join(lines(blocks, self._fake.world.name_of)) if blocks else message.text
        return shown.removesuffix(OVER).rstrip("\n")

    async def hears(self, *texts: str) -> None:
        """Exactly these, since the last look, and nothing more."""
        async with asyncio.timeout(PATIENCE):
            while len(self.texts) - self._looked < len(texts) and self._alike(texts):
                await asyncio.sleep(0.005)
            await self._quiet()
        new = self.texts[self._looked :]
        self._looked = len(self.texts)
        assert new == list(texts), f"heard {new}"

    def _alike(self, texts: tuple[str, ...]) -> bool:
        new = self.texts[self._looked :]
        return new == list(texts[: len(new)])

    async def _quiet(self) -> None:
        """Everything that was on its way has arrived."""
        store = self._app.runtime.ground.store
        while await store.find(Outbox, state=("queued", "sending"), limit=1):
            await asyncio.sleep(0.005)

    async def words(self) -> list[Line]:
        """The transcript, as the house keeps it."""
        return await self._app.runtime.engine.messages(self.chat)


def _seq(message: Message) -> int:
    """The number of the line that a post shows; it is in the post's marker."""
    marker: str = (message.metadata or {})["event_payload"]["id"]
    return int(marker.rpartition(":")[2].partition("#")[0])
