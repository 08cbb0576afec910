"""Words: to the chat of their place, or the beginning of one."""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary

import structlog

from adapters.slack.address import Address
from adapters.slack.front import (
    EDITED,
    LONGEST,
    NOT_YOURS,
    PLATFORM,
    TOO_LONG,
    Front,
    chat_id,
    own,
    tried,
    where,
    workspace_of,
)
from adapters.slack.heard import Edited, Wrote
from adapters.slack.openings import Openings
from bot.errors import NotAllowed, NotFound, TooMuch
from bot.ports import ChatView, Inbound
from flows.events import Said

log = structlog.get_logger()


class Words:
    """Everything that people write."""

    def __init__(self, front: Front, openings: Openings) -> None:
        self._front, self._openings = front, openings
        self._places: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def wrote(self, wrote: Wrote) -> None:
        """Durable when it returns. What is written in one place is taken in the order in which
        it came, whatever has to be asked in between. Raises StoreUnavailable."""
        address = where(wrote)
        lock = self._places.setdefault(address.text, asyncio.Lock())
        async with lock:
            await self._wrote(wrote, address)

    async def _wrote(self, wrote: Wrote, address: Address) -> None:
        if len(wrote.text) > LONGEST:
            self._front.whisper(wrote, wrote.place, TOO_LONG.format(most=LONGEST))
            return
        view = await self._front.reception.at(PLATFORM, address.text)
        if view is None:
            await self._begin(wrote, address)
        elif view.person.id != own(wrote):
            if wrote.mention:
                self._front.whisper(wrote, wrote.place, NOT_YOURS)
        else:
            await self._say(wrote, view, address)

    async def _begin(self, wrote: Wrote, address: Address) -> None:
        if not (wrote.direct or wrote.mention):
            return  # a thread in which nobody talks to us
        opened = await self._openings.here(wrote, wrote.place, address, chat_id(wrote.key))
        if opened and (wrote.text or wrote.files):
            await self._hand(wrote, opened, opening=True)

    async def _say(self, wrote: Wrote, view: ChatView, address: Address) -> None:
        if not (wrote.text or wrote.files):
            return  # our name alone
        try:
            await self._hand(wrote, view.id, opening=view.id == chat_id(wrote.key))
        except (NotFound, NotAllowed):  # it ended just now
            await self._begin(wrote, address)
            return
        asked = self._front.posting.asked(view.id)
        if asked is not None:
            self._front.spawn(self._tidy(wrote, view.id, asked.prompt), "slack:tidy")

    async def _hand(self, wrote: Wrote, chat: str, *, opening: bool) -> None:
        said = Said(text=wrote.text, files=wrote.files, opening=opening)
        try:
            await self._front.reception.receive(Inbound(chat=chat, id=wrote.key, said=said, source=PLATFORM))
        except TooMuch as refusal:
            self._front.whisper(wrote, wrote.place, str(refusal))

    async def _tidy(self, wrote: Wrote, chat: str, prompt: str) -> None:
        """A question that was answered in words loses its buttons."""
        front = self._front
        asked = front.posting.asked(chat)
        view = await front.reception.look(chat)
        if asked is None or asked.prompt != prompt or view.prompt == prompt:
            return
        await tried(front.posting.close(workspace_of(wrote), chat, asked, "", ""))

    async def edited(self, edited: Edited) -> None:
        """What was said is said: the chat may be steps further. The person is told."""
        address = where_edited(edited)
        view = await self._front.reception.at(PLATFORM, address.text)
        if view is not None and view.person.id == own(edited):
            self._front.whisper(edited, edited.place, EDITED)


def where_edited(edited: Edited) -> Address:
    """The chat that edited words belong to."""
    from adapters.slack.front import address_of

    return address_of(edited, edited.place, edited.ts)
