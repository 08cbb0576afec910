"""How chats begin in Slack: by words, by a command, by a button, by a shortcut."""

from __future__ import annotations

from typing import Final

import structlog

from adapters.slack.address import Address
from adapters.slack.front import PLATFORM, Front, address_of, chat_id, workspace_of
from adapters.slack.heard import Deed, Place
from adapters.slack.posting import address, content
from adapters.slack.render import menu
from bot.errors import Duplicate, Refused
from bot.ports import Person
from flows.errors import UnknownDefinition
from flows.fields import BadValue
from flows.values import Vars

log = structlog.get_logger()

ALREADY: Final = "That is open already: see above."


class Openings:
    """Begins chats. What a person may not begin is refused in one line that names the rule."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def here(self, deed: Deed, place: Place, at: Address, id: str) -> str:
        """Begin the profile of this place; the chat's id. Where several may be meant, ask."""
        person = await self._front.person(deed)
        profile = await self._profile_for(place, person)
        if profile:
            return await self._open(deed, place, profile, person, at, id)
        await self._ask(deed, at, person)
        return ""

    async def _profile_for(self, place: Place, person: Person) -> str:
        settings = self._front.settings
        chosen = settings.profiles.get(place.channel) or settings.profile
        if chosen:
            return chosen
        offered = [
            offer.id for offer in await self._front.reception.offers(person) if offer.kind == "profile"
        ]
        return offered[0] if len(offered) == 1 else ""

    async def _ask(self, deed: Deed, at: Address, person: Person) -> None:
        offers = [offer for offer in await self._front.reception.offers(person) if offer.kind == "profile"]
        if not self._front.told.first(deed):
            return
        post = menu(offers, lambda offer: self._front.pointers.start(offer.kind, offer.id))
        self._front.best_effort(deed, "chat.postMessage", {**address(at), **content(post)})

    async def _open(
        self, deed: Deed, place: Place | None, profile: str, person: Person, at: Address, id: str
    ) -> str:
        try:
            opened = await self._front.reception.open(
                profile, person, platform=PLATFORM, address=at.text, id=id
            )
        except Duplicate:
            return ""  # the same deed again, and its chat is over
        except (Refused, UnknownDefinition) as refusal:
            log.info("slack.refused", profile=profile, reason=str(refusal))
            self._front.whisper(deed, place, sentence(str(refusal)))
            return ""
        return opened.chat

    async def start(self, deed: Deed, kind: str, id: str, at: Address, chat: str, given: Vars) -> str:
        """Begin a profile or runbook by name at an address; what to tell the person, or empty
        if the chat speaks for itself. Raises StoreUnavailable."""
        person = await self._front.person(deed)
        reception = self._front.reception
        try:
            if kind == "profile":
                opened = await reception.open(id, person, platform=PLATFORM, address=at.text, id=chat)
                return "" if opened.new else ALREADY
            await reception.open_run(id, given, person, platform=PLATFORM, address=at.text, id=chat)
        except Duplicate:
            return ""
        except (Refused, UnknownDefinition, BadValue) as refusal:
            log.info("slack.refused", kind=kind, id=id, reason=str(refusal))
            return sentence(str(refusal))
        return ""

    def direct(self, deed: Deed) -> Address:
        """Where this person and we are alone."""
        return address_of(deed, None)


def sentence(text: str) -> str:
    """As a sentence of its own."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


__all__ = ["Openings", "chat_id", "sentence", "workspace_of"]
