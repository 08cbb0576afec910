"""A Slack for one person: a workspace, a channel, the conversation with the app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from bot.testing.slack.events import Events
from bot.testing.slack.fake import FakeSlack
from bot.testing.slack.things import Channel, Message, Person
from bot.testing.slack.transcript import Shown

CHANNEL: Final = "helpdesk"
COLLEAGUE: Final = "Robin"


class Town:
    """Who and what is there. `events` is set once there is an app to tell."""

    events: Events

    def __init__(self, fake: FakeSlack, name: str) -> None:
        self.fake = fake
        self.me: Person = fake.add_person(name, email=f"{name.lower().replace(' ', '.')}@company.example")
        self.channel: Channel = fake.add_channel(CHANNEL, [self.me, fake.add_person(COLLEAGUE)])
        self.direct: Channel = fake.direct(self.me)

    @classmethod
    @asynccontextmanager
    async def open(cls, name: str) -> AsyncIterator[Town]:
        """On a free port of this machine, until the block ends."""
        async with FakeSlack.running() as fake:
            yield cls(fake, name)

    @property
    def changes(self) -> int:
        """Grows with whatever the app does: nothing has changed while it stays."""
        return len(self.fake.calls)

    def seen(self, channel: Channel, thread: str = "") -> list[Shown]:
        """What the person sees there."""
        return self.fake.transcript(channel, thread or None, viewer=self.me)

    def answers(self, shown: Shown) -> int:
        """How many replies a message has."""
        return len(self.fake.transcript(shown.message.channel, shown.ts, viewer=self.me)) - 1

    def last_said(self, channel: Channel, thread: str = "") -> Message | None:
        """What the person said last there."""
        own = [one.message for one in self.seen(channel, thread) if one.message.user == self.me.id]
        return own[-1] if own else None
