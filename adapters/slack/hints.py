"""What newer workspaces show beside the words: that we work, a stop button, what to say next.

All of it is optional. Slack has it in threads of its assistant and agent views only, and under
scopes that an app may lack; where it is declined once for such a reason, it is not tried again
in that workspace, and nobody misses anything: the card and the words say it all.
"""

from __future__ import annotations

from typing import Any, Final

import structlog

from adapters.slack.address import Address
from adapters.slack.api import Declined
from adapters.slack.card import FINAL
from adapters.slack.escape import cut
from adapters.slack.front import PLATFORM, Front, address_of, chat_id, workspace_of
from adapters.slack.heard import OpenedHome
from adapters.slack.openings import Openings
from adapters.slack.outgoing import Arguments, Key, Urgency
from bot.errors import DeliveryError
from bot.ports import Progress
from bot.runtime.wire import load_choices

log = structlog.get_logger()

STATUS: Final = "assistant.threads.setStatus"
SESSION: Final = "agents.sessions.setStatus"
PROMPTS: Final = "assistant.threads.setSuggestedPrompts"
FRESH: Final = 90_000
"""ms; Slack takes a status away after two minutes."""
MOST: Final = 4
"""Slack: suggested prompts."""
ABSENT: Final = frozenset(
    ("missing_scope", "not_allowed_token_type", "unknown_method", "channel_type_not_supported",
     "feature_not_enabled", "no_permission", "access_denied", "method_not_supported_for_channel_type")
)  # fmt: skip
"""What Slack says where there is no such thing."""


class Hints:
    """Shows that a run works in a thread, and what may be said in a new one."""

    def __init__(self, front: Front, openings: Openings) -> None:
        self._front, self._openings = front, openings
        self._absent: set[tuple[Key, str]] = set()
        self._working: dict[Address, set[str]] = {}
        """Place → the runs at work there."""

    def show(self, place: Address, picture: Progress) -> None:
        """A run of a chat in a thread looks like this now."""
        if not place.thread or picture.parent:
            return
        runs = self._working.setdefault(place, set())
        if picture.state not in FINAL:
            if picture.run not in runs:
                runs.add(picture.run)
                self._say(place, f"is working on: {cut(picture.title, 80)}")
            return
        runs.discard(picture.run)
        if not runs:
            del self._working[place]
            self._front.clock.cancel(_alarm(place))
            self._tell(place, STATUS, {"status": ""})
            self._tell(place, SESSION, {"status": "active"})

    def _say(self, place: Address, status: str) -> None:
        """Say it, and again before Slack takes it away."""
        if place not in self._working:
            return
        self._tell(place, STATUS, {"status": status})
        self._tell(place, SESSION, {"status": "processing"})
        at = self._front.clock.now() + FRESH
        self._front.clock.alarm(_alarm(place), at, lambda: self._say(place, status))

    def _tell(self, place: Address, method: str, arguments: Arguments) -> None:
        if (place.workspace, method) not in self._absent:
            self._front.spawn(self._try(place, method, arguments), f"slack:{method}")

    async def _try(self, place: Address, method: str, arguments: Arguments) -> None:
        room = self._front.rooms.at(place) if place.person else place.room
        if not room:
            return
        whole: dict[str, Any] = {"channel_id": room, "thread_ts": place.thread, **arguments}
        try:
            await self._front.outgoing.call(
                place.workspace, method, lambda: whole, room=f"hint:{place.text}", urgency=Urgency.PROGRESS
            )
        except Declined as error:
            if error.code in ABSENT:
                log.info("slack.absent", method=method, reason=error.code)
                self._absent.add((place.workspace, method))
        except DeliveryError as error:
            log.debug("slack.hint_lost", method=method, reason=str(error))

    async def entered(self, deed: OpenedHome) -> None:
        """Somebody opened a new thread of the assistant view: greet them there, with what may be
        said next. Raises StoreUnavailable."""
        if deed.tab != "messages" or not deed.place.thread:
            return
        at = address_of(deed, deed.place)
        if await self._front.reception.at(PLATFORM, at.text) is not None:
            return
        chat = await self._openings.here(deed, deed.place, at, chat_id(deed.key))
        question = await self._front.reception.question(chat) if chat else None
        choices = load_choices(question.choices) if question is not None else ()
        prompts = [{"title": cut(one.label, 100), "message": one.label} for one in choices[:MOST]]
        if prompts and (workspace_of(deed), PROMPTS) not in self._absent:
            self._tell(at, PROMPTS, {"prompts": prompts})


def _alarm(place: Address) -> str:
    return f"hint:{place.text}"
