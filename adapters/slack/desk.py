"""What happens with everything that Slack hands over. Decides nothing about chats: it says to
whom each thing goes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import structlog

from adapters.slack.door import Reply
from adapters.slack.errands import Errands
from adapters.slack.front import PLATFORM, Front, address_of, own
from adapters.slack.heard import (
    Access,
    Chose,
    Commanded,
    Edited,
    Heard,
    Ignored,
    Limited,
    OpenedHome,
    Ours,
    Pressed,
    Revoked,
    Shortcut,
    Stopped,
    Submitted,
    Uninstalled,
    Wrote,
)
from adapters.slack.hints import Hints
from adapters.slack.openings import Openings
from adapters.slack.presses import Presses
from adapters.slack.sender import Sender
from adapters.slack.translate import hear_from
from adapters.slack.visits import Visits
from adapters.slack.words import Words
from adapters.slack.workspaces import Workspaces
from bot.errors import NotAllowed, NotFound, RetryLater, StoreUnavailable

log = structlog.get_logger()


class Desk:
    """`door.Taker`. `forget(enterprise, team, at)`: the workspace is gone since then (ms; 0: now)."""

    def __init__(
        self, front: Front, workspaces: Workspaces, forget: Callable[[str, str, int], Awaitable[None]]
    ) -> None:
        openings = Openings(front)
        self._front, self._workspaces, self._forget = front, workspaces, forget
        self._words, self._presses = Words(front, openings), Presses(front, openings)
        self._errands, self.visits = Errands(front, openings), Visits(front)
        self.hints = Hints(front, openings)

    async def take(self, payload: dict[str, Any]) -> Reply:
        """Durable when it returns; the reply goes into the acknowledgement."""
        sender = Sender.of(payload, Ours())
        try:
            grant = await self._workspaces.current(sender.enterprise, sender.team)
        except RetryLater as error:
            raise StoreUnavailable(str(error)) from error
        if grant is None:
            log.info("slack.unknown_workspace", team=sender.team)
            return Reply()
        ours = Ours(bot_user=grant.bot_user, bot_id=grant.bot_id, app=grant.app)
        reply = Reply()
        for heard in hear_from(payload, msgspec.structs.replace(sender, ours=ours)):
            reply = await self._one(heard) or reply
        return reply

    async def _one(self, heard: Heard) -> Reply | None:
        self._front.rooms.note(heard, getattr(heard, "place", None))
        match heard:
            case Wrote():
                await self._words.wrote(heard)
            case Edited():
                await self._words.edited(heard)
            case Pressed() | Chose():
                await self._presses.pressed(heard)
            case Submitted():
                return await self._presses.submitted(heard)
            case Commanded():
                return await self._errands.commanded(heard)
            case Shortcut():
                await self._errands.shortcut(heard)
            case OpenedHome():
                await self.visits.opened(heard)
                await self.hints.entered(heard)
            case Stopped():
                self._front.spawn(self._stop(heard), "slack:stop")
            case _:
                await self._about_us(heard)
        return None

    async def _about_us(self, heard: Heard) -> None:
        """What happened to the app, not in a chat."""
        match heard:
            case Uninstalled():
                await self._forget(heard.enterprise, heard.team, heard.at)
            case Revoked() if heard.bots:
                await self._forget(heard.enterprise, heard.team, heard.at)
            case Access(teams=teams, granted=granted):
                let = self._workspaces.admit if granted else self._workspaces.bar
                for team in teams:
                    await let(heard.enterprise, team)
            case Limited():
                log.warning("slack.limited", team=heard.team, minute=heard.minute)
            case Ignored():
                log.debug("slack.ignored", reason=heard.reason)
            case _:
                pass  # taken back words, reactions: nothing follows from them

    async def _stop(self, heard: Stopped) -> None:
        """Slack's own stop button: the runs of that chat, if this person may."""
        reception = self._front.reception
        view = await reception.at(PLATFORM, address_of(heard, heard.place).text)
        if view is None or view.person.id != own(heard):
            return
        for picture in await reception.progress(view.id):
            try:
                await reception.cancel(view.id, picture.run, view.person)
            except (NotAllowed, NotFound) as refusal:
                self._front.whisper(heard, heard.place, str(refusal))
