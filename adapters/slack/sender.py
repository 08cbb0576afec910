"""Who sent a payload, and for which workspace."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Self, TypeVar

import msgspec

from adapters.slack import payloads
from adapters.slack.heard import Deed, Ignored, Ours

D = TypeVar("D", bound=Deed)


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """`team`, `enterprise`: where the app is installed, not where the person comes from.

    Slack: that is `authorizations[0]` of an event, `view.app_installed_team_id` of a view (the
    `team` beside it is the person's), `team` of the rest, and the person's own where an
    organisation-wide app gets `team: null`. A person is external if Slack names another
    workspace as theirs (its neighbours in one organisation included: who they are there is not
    known here), a guest, or somebody in a shared room of whom it does not say.
    """

    team: str = ""
    enterprise: str = ""
    user: str = ""
    external: bool = False
    event: str = ""
    at: int = 0
    """When the event happened (ms); 0 if Slack does not say."""
    ours: Ours = Ours()

    @classmethod
    def of(cls, payload: Any, ours: Ours) -> Self:
        """The sender of any payload."""
        if payloads.text(payload, "type") in ("event_callback", "app_rate_limited"):
            return cls._of_event(payload, ours)
        return cls._of_use(payload, ours)

    @classmethod
    def _of_event(cls, payload: Any, ours: Ours) -> Self:
        event = payloads.table(payload, "event")
        home = next(iter(payloads.items(payload, "authorizations", most=1)), None)
        if not isinstance(home, Mapping):
            home = payloads.table(payload)
        team = payloads.name(home, "team_id") or payloads.name(payload, "team_id")
        enterprise = payloads.name(home, "enterprise_id")
        inner = event if "user" in event else payloads.table(event, _inner(event))
        theirs = _theirs(inner) or _theirs(event)
        shared = payloads.flag(payload, "is_ext_shared_channel")
        return cls(
            ours=ours,
            team=team,
            enterprise=enterprise,
            user=_user(inner) or _user(payloads.table(event, "assistant_thread"), "user_id"),
            external=_guest(inner) or (theirs not in (team, enterprise) if theirs else shared),
            event=payloads.name(payload, "event_id"),
            at=_ms(payloads.at(payload, "event_time")),
        )

    @classmethod
    def _of_use(cls, payload: Any, ours: Ours) -> Self:
        user = payloads.table(payload, "user")
        theirs = payloads.name(user, "team_id")
        named = payloads.name(payload, "team", "id") or payloads.name(payload, "team_id")
        team = payloads.name(payload, "view", "app_installed_team_id") or named
        enterprise = _enterprise(payload)
        if not team and enterprise:  # an organisation-wide app: the room, if it says so, else the person
            team = payloads.name(payload, "message", "team") or theirs
            team = theirs if team == enterprise else team
        return cls(
            ours=ours,
            team=team,
            enterprise=enterprise,
            user=payloads.name(user, "id") or payloads.name(payload, "user_id"),
            external=_guest(user) or not team or (bool(theirs) and theirs not in (team, enterprise)),
        )

    def did(self, kind: type[D], key: str, **more: Any) -> D:
        """A deed of this sender."""
        return kind(
            key=key,
            team=self.team,
            enterprise=self.enterprise,
            user=self.user,
            external=self.external,
            **more,
        )

    def ignored(self, reason: str) -> Ignored:
        """Nothing for us. The key is empty where there is no event: it is never needed."""
        return self.did(Ignored, f"event:{self.event}" if self.event else "", reason=reason)

    def key(self, kind: str, *parts: str) -> str:
        """Of an event: its own id, the same on every delivery; else of what it is made of."""
        if self.event:
            return f"event:{self.event}"
        return f"{kind}:{':'.join(parts)}"


def _ms(seconds: object) -> int:
    return seconds * 1000 if type(seconds) is int and 0 <= seconds < 2**40 else 0


def _inner(event: Mapping[str, Any]) -> str:
    """Which message in an event is a person's: a tombstone is Slack's own."""
    message = payloads.table(event, "message")
    return "message" if message and message.get("subtype") != "tombstone" else "previous_message"


def _user(found: Mapping[str, Any], part: str = "user") -> str:
    return payloads.name(found, part) or payloads.name(found, part, "id")


def _theirs(event: Mapping[str, Any]) -> str:
    """The workspace or organisation of the person, as far as Slack names it."""
    places = (("user_team",), ("source_team",), ("team",), ("user_profile", "team"))
    return next((found for path in places if (found := payloads.name(event, *path))), "")


def _guest(found: Mapping[str, Any]) -> bool:
    words = ("is_restricted", "is_ultra_restricted", "is_stranger")
    return any(payloads.flag(found, word) or payloads.flag(found, "user_profile", word) for word in words)


def _enterprise(payload: Any) -> str:
    return (
        payloads.name(payload, "enterprise", "id")
        or payloads.name(payload, "enterprise_id")
        or payloads.name(payload, "team", "enterprise_id")
    )


def short(*parts: str) -> str:
    """Parts of a key that have no bound of their own, as one word."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
