"""What we hold for a workspace: its token, whose it is, what it may do. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class Hidden(str):
    """A secret that prints as dots wherever it is shown as a value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'•••'"


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """The right to act in one workspace. `team`: the one that was asked for.

    `org`: the token is a whole organisation's; a call with it must name `team_id`.
    """

    enterprise: str = ""
    team: str
    token: Hidden
    bot_id: str = ""
    bot_user: str = ""
    scopes: frozenset[str] = frozenset()
    app: str = ""
    org: bool = False
    expires_at: int = 0
    """ms since 1970; 0: never."""


def scopes(given: object) -> frozenset[str]:
    """Scopes as Slack writes them: a list, or a text with commas."""
    if isinstance(given, str):
        return frozenset(part.strip() for part in given.split(",") if part.strip())
    if isinstance(given, Iterable):
        return frozenset(part for part in given if isinstance(part, str))
    return frozenset()
