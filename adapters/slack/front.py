"""What every part of the reception works with, and the words that it says beside any chat."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, NamedTuple

import structlog

from adapters.slack.address import NO_TEAM, Address
from adapters.slack.escape import escape
from adapters.slack.heard import Deed, Place, Wrote
from adapters.slack.outgoing import Arguments, Outgoing, Urgency
from adapters.slack.people import People
from adapters.slack.pointers import Pointers
from adapters.slack.posting import Posting
from adapters.slack.settings import SlackSettings
from bot.errors import DeliveryError
from bot.ports import Clock, Person
from bot.reception import Reception

log = structlog.get_logger()

PLATFORM: Final = "slack"
NOT_OPEN: Final = "That question is no longer open."
NOT_YOURS: Final = "This conversation belongs to somebody else. Mention me outside of it to begin your own."
TOO_LONG: Final = "A message to me may have {most} characters at most. Nothing of it was taken."
EDITED: Final = "I go by what was written first. To change it, write it again."
LONGEST: Final = 8_000
"""Characters of one message (`bot.limits`)."""
ROOMS: Final = 10_000
REMEMBERED: Final = 10_000


class Front(NamedTuple):
    """Handed to every part; `spawn` owns tasks, `workspace_of` of a deed is (enterprise, team)."""

    reception: Reception
    people: People
    outgoing: Outgoing
    posting: Posting
    pointers: Pointers
    settings: SlackSettings
    clock: Clock
    spawn: Callable[[Coroutine[Any, Any, Any], str], None]
    rooms: Rooms
    told: Told

    def whisper(self, deed: Deed, place: Place | None, text: str) -> None:
        """One polite line that nobody else sees, and that is in no transcript: once a deed,
        however often Slack delivers it."""
        room = place.channel if place is not None else self.rooms.of(deed)
        if not room or not self.told.first(deed):
            return
        arguments: Arguments = {"channel": room, "user": deed.user, "text": escape(text)}
        if place is not None and place.thread:
            arguments["thread_ts"] = place.thread
        self.best_effort(deed, "chat.postEphemeral", arguments)

    def best_effort(self, deed: Deed, method: str, arguments: Arguments) -> None:
        """Something that is nice to have: when it fails it is logged."""
        self.spawn(self._try(deed, method, arguments), f"slack:{method}")

    async def _try(self, deed: Deed, method: str, arguments: Arguments) -> None:
        await tried(self.outgoing.call(workspace_of(deed), method, lambda: arguments, urgency=Urgency.ANSWER))

    async def person(self, deed: Deed) -> Person:
        """Whose deed it is. Raises StoreUnavailable."""
        return await self.people.person(workspace_of(deed), deed.user, external=deed.external)


class Rooms:
    """Slack's ids of direct conversations, as events name them."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], str] = OrderedDict()

    def note(self, deed: Deed, place: Place | None) -> None:
        """An event came from there."""
        if place is None or place.kind != "im" or not deed.user:
            return
        self._known[(deed.team or deed.enterprise, deed.user)] = place.channel
        while len(self._known) > ROOMS:
            self._known.popitem(last=False)

    def of(self, deed: Deed) -> str:
        """Where this person and we are alone; empty if nobody has told us."""
        return self._known.get((deed.team or deed.enterprise, deed.user), "")

    def at(self, address: Address) -> str:
        """The same, of an address."""
        return self._known.get((address.team or address.enterprise, address.person), "")


class Told:
    """Deeds that were answered beside any chat. Slack delivers again what it believes lost, and
    one utterance as two events; what goes into a chat is known again by its row."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    def first(self, deed: Deed) -> bool:
        """Whether it was not answered before; from now on it is."""
        key = (deed.team or deed.enterprise, deed.key)
        if key in self._known:
            return False
        self._known[key] = None
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return True


async def tried(call: Awaitable[Any]) -> None:
    """A call whose failure changes nothing."""
    try:
        await call
    except DeliveryError as error:
        log.warning("slack.not_done", reason=str(error))


def workspace_of(deed: Deed) -> tuple[str, str]:
    """What names the workspace of a deed."""
    return deed.enterprise, deed.team


def own(deed: Deed) -> str:
    """The id of the person (as `People` gives it), without asking who it is."""
    return f"slack:{deed.team or deed.enterprise}:{deed.user}"


def address_of(deed: Deed, place: Place | None, ts: str = "") -> Address:
    """Where the chat of a place is. `ts`: of a message that begins a thread. None: the direct
    conversation with the person."""
    direct = place is None or place.kind == "im"
    thread = place.thread if place is not None else ""
    return Address(
        enterprise=deed.enterprise,
        team=deed.team or NO_TEAM,
        room=f"@{deed.user}" if direct or place is None else place.channel,
        thread=thread or ("" if direct else ts),
    )


def where(wrote: Wrote) -> Address:
    """The chat that words belong to: their thread, or the one that they begin."""
    return address_of(wrote, wrote.place, wrote.ts)


def chat_id(*parts: str) -> str:
    """The id of a chat that a deed begins: the same deed again begins the same chat."""
    return hashlib.sha256("\0".join(("slack", *parts)).encode()).hexdigest()[:29]
