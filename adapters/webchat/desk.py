"""What the socket and REST both do: open a chat, know its owner, hand over words."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import msgspec

from adapters.webchat.settings import Settings
from adapters.webchat.tokens import Owner, Tokens
from adapters.webchat.translate import live
from bot.errors import NotFound, TooMuch
from bot.ports import Bus, ChatView, Clock, Engine, Inbound, Live, Person, Receipt
from bot.rows import Message
from bot.web.errors import BadRequest
from bot.web.rates import Held, Rate
from flows.events import Said
from flows.values import Json

PLATFORM: Final = "web"
_LOOK_BACK: Final = 50
"""How many lines back the question of a pressed button is looked for."""


class House(msgspec.Struct, frozen=True):
    """What the adapter needs of the house."""

    engine: Engine
    bus: Bus
    clock: Clock


class Unfit(BadRequest):
    """The words cannot be taken; `code` is for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Desk:
    """One for the process: its limits count over all sockets and requests together."""

    def __init__(self, house: House, key: bytes, settings: Settings) -> None:
        """`key` signs the tokens; raises SettingsError if it is too short."""
        limits = settings.limits
        self.engine, self.bus, self.clock, self.limits = house.engine, house.bus, house.clock, limits
        self.tokens = Tokens(key, house.clock.now, days=settings.token_days)
        self.words = Rate(limits.rate, limits.burst, time.monotonic)
        self.reads = Rate(limits.reads_rate, limits.reads_burst, time.monotonic)
        self._opens = Rate(limits.opens_rate, limits.opens_burst, time.monotonic)
        self.addresses = Held(limits.per_address)
        self.people = Held(limits.per_person)
        self._encoded: tuple[Live, bytes] | None = None

    def frame(self, item: Live) -> bytes:
        """`item` encoded; once, however many sockets hear it, since the bus calls them in a row."""
        encoded = self._encoded
        if encoded is None or encoded[0] is not item:
            encoded = self._encoded = (item, live(item))
        return encoded[1]

    def forget(self) -> None:
        """Drop the counts of those who have been quiet."""
        for rate in (self.words, self.reads, self._opens):
            rate.forget()

    async def open(self, profile: str, address: str) -> tuple[Owner, str]:
        """A new chat for somebody nobody knows, and the token that opens it.

        Raises UnknownDefinition, NotAllowed, TooMuch.
        """
        spend(self._opens, address)
        person = Person(kind="anonymous", id=f"anon-{secrets.token_urlsafe(12)}")
        opened = await self.engine.open(profile, person, platform=PLATFORM)
        token = self.tokens.issue(opened.chat, person.id)
        return self.tokens.verify(token), token

    async def look(self, owner: Owner) -> ChatView:
        """The owner's chat. Raises NotFound when it is gone or belongs to somebody else."""
        view = await self.engine.look(owner.chat)
        if view.person.id != owner.person:
            raise NotFound("There is no such chat.")
        return view

    async def receive(self, chat: str, id: str, said: Said) -> Receipt:
        """Hand over what the person did; it is durable when this returns."""
        return await self.engine.receive(Inbound(chat=chat, id=id, said=said, source=f"{PLATFORM}:{chat}"))

    @contextmanager
    def place(self, person: str) -> Iterator[None]:
        """One of the places that a person may hold open. Raises TooMuch."""
        if not self.people.take(person):
            raise TooMuch("This chat is open in too many places.", 5.0)
        try:
            yield
        finally:
            self.people.release(person)

    def wrote(self, text: str) -> Said:
        """What the person wrote. Raises Unfit."""
        text = text.replace("\0", "").strip()
        if not text:
            raise Unfit("empty", "There is nothing in this message.")
        if len(text) > self.limits.text:
            raise Unfit("too_long", f"A message may have {self.limits.text} characters at most.")
        return Said(text=text)

    def pressed(self, label: str, prompt: str, value: str) -> Said:
        """The person pressed a button; its label is what they said. Raises Unfit."""
        return Said(text=self.wrote(label).text, prompt=prompt, value=value.replace("\0", ""))

    def filled(self, prompt: str, values: Mapping[str, Json]) -> Said:
        """The person filled in a form; the house makes the line that stands for it."""
        return Said(text="", prompt=prompt, values=dict(values))

    async def recent(self, chat: str, seq: int) -> list[Message]:
        """The lines up to `seq` among which the question of a pressed button is looked for."""
        return await self.engine.messages(chat, max(0, seq - _LOOK_BACK), _LOOK_BACK)


def spend(rate: Rate, key: str) -> None:
    """Spend one of `key`'s. Raises TooMuch with the time to wait."""
    wait = rate.take(key)
    if wait:
        raise TooMuch("That was too much at once. Please wait a moment.", wait)
