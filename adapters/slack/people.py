"""Who writes in Slack: identity from the platform, never from what people say.

A person is a team and a user id (safety, row 28): names and addresses of mail are for show,
and change nothing about what somebody may do. People of other organisations are strangers.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
import structlog

from adapters.slack.api import Declined
from bot.errors import DeliveryError, RetryLater, StoreUnavailable, Undeliverable
from bot.ports import Clock, Person

log = structlog.get_logger()

KNOWN: Final = 5_000
"""People remembered."""
FRESH: Final = 3_600_000
"""ms for which what Slack says of somebody is taken as it was."""
ELSEWHERE: Final = frozenset(("user_not_found", "user_not_visible"))
"""What Slack says of people who are not of this workspace: some payloads (commands) do not."""
PATIENCE: Final = 1.5
"""Seconds to wait for it: Slack wants its own answer within three."""


class Profile(msgspec.Struct, frozen=True):
    """What Slack says of a person. `guest`: of this workspace, with less rights there."""

    name: str = ""
    email: str = ""
    guest: bool = False
    stranger: bool = False


class People:
    """Remembers who is who. `ask(workspace, user)` is the answer of `users.info`."""

    def __init__(
        self,
        ask: Callable[[tuple[str, str], str], Awaitable[dict[str, Any]]],
        clock: Clock,
        agents: frozenset[str] = frozenset(),
    ) -> None:
        self._ask, self._clock, self._agents = ask, clock, agents
        self._known: OrderedDict[tuple[str, str], tuple[int, Profile]] = OrderedDict()

    async def person(self, workspace: tuple[str, str], user: str, *, external: bool) -> Person:
        """Who it is. Raises StoreUnavailable where that cannot be learned now: whoever handed
        the event over should do so again."""
        profile = await self._profile(workspace, user)
        team = workspace[1] or workspace[0]
        stranger = external or profile.stranger or profile.guest
        agent = not stranger and bool({user, f"{team}:{user}"} & self._agents)
        return Person(
            kind="anonymous" if stranger else "agent" if agent else "authenticated",
            id=f"slack:{team}:{user}",
            name=profile.name,
            email="" if stranger else profile.email,
        )

    async def _profile(self, workspace: tuple[str, str], user: str) -> Profile:
        key, now = (workspace[0] + "/" + workspace[1], user), self._clock.now()
        known = self._known.get(key)
        if known is not None and now - known[0] < FRESH:
            self._known.move_to_end(key)
            return known[1]
        try:
            async with asyncio.timeout(PATIENCE):
                profile = read_profile(await self._ask(workspace, user), workspace[1])
        except Undeliverable as error:  # no right to know, or no such person: nobody is any wiser
            log.warning("slack.person_unknown", reason=str(error))
            profile = Profile(stranger=isinstance(error, Declined) and error.code in ELSEWHERE)
        except (DeliveryError, RetryLater, TimeoutError) as error:
            if known is not None:
                return known[1]
            raise StoreUnavailable("Slack does not say who this is") from error
        self._known[key] = (now, profile)
        while len(self._known) > KNOWN:
            self._known.popitem(last=False)
        return profile


def read_profile(answer: dict[str, Any], team: str) -> Profile:
    """The answer of `users.info` as what we need of it; whatever is missing or odd is empty."""
    user = answer.get("user")
    if not isinstance(user, dict):
        return Profile()
    shown = user.get("profile")
    shown = shown if isinstance(shown, dict) else {}
    names = (shown.get("display_name"), shown.get("real_name"), user.get("real_name"), user.get("name"))
    name = next((name for name in names if isinstance(name, str) and name.strip()), "")
    email = shown.get("email")
    home = user.get("team_id")
    return Profile(
        name=name.strip()[:100],
        email=email[:200] if isinstance(email, str) else "",
        guest=user.get("is_restricted") is True or user.get("is_ultra_restricted") is True,
        stranger=user.get("is_stranger") is True
        or (
            bool(team) and isinstance(home, str) and home not in ("", team) and "enterprise_user" not in user
        ),
    )
