"""Slack's limits as numbers, and the bucket that keeps to one. Pure.

Slack documents tiers: at least so many calls a minute, by method, workspace and app, "bursts
tolerated". We take 80 % of the tier, and a fifth of it as a burst.
"""

from __future__ import annotations

from typing import Final, NamedTuple

MINUTE: Final = 60_000  # ms
SHARE: Final = 0.8
BURST: Final = 0.2


class Limit(NamedTuple):
    """`rate`: calls a minute that we allow ourselves; `burst`: of them, at once."""

    rate: float
    burst: float


def tier(calls: int) -> Limit:
    """A documented tier as what we use of it."""
    return Limit(calls * SHARE, max(1.0, calls * BURST))


_TIER_2: Final = tier(20)
_TIER_3: Final = tier(50)
_TIER_4: Final = tier(100)
LIMITS: Final = {
    "agents.sessions.setStatus": _TIER_3,
    "assistant.threads.setStatus": _TIER_3,
    "assistant.threads.setSuggestedPrompts": _TIER_3,
    "assistant.threads.setTitle": _TIER_3,
    "chat.delete": _TIER_3,
    "chat.postEphemeral": _TIER_4,
    "chat.update": _TIER_3,
    "conversations.history": _TIER_3,
    "conversations.info": _TIER_3,
    "conversations.open": _TIER_3,
    "conversations.replies": _TIER_3,
    "files.completeUploadExternal": _TIER_4,
    "files.getUploadURLExternal": _TIER_4,
    "reactions.add": _TIER_3,
    "reactions.remove": _TIER_2,
    "users.info": Limit(_TIER_4.rate, 60.0),  # a morning brings many new people at once
    "views.open": _TIER_4,
    "views.publish": _TIER_4,
    "views.push": _TIER_4,
    "views.update": _TIER_4,
}


def posting(per_minute: float) -> Limit:
    """Posts, which Slack limits by channel; for a workspace it names no number."""
    return Limit(per_minute, max(10.0, per_minute / 12))


def limit_of(method: str) -> Limit:
    """The limit of a method; the strictest usual one for what is not listed."""
    return LIMITS.get(method, _TIER_2)


class Bucket:
    """Tokens of one method. Times are milliseconds."""

    __slots__ = ("_at", "_limit", "_paused", "_tokens")

    def __init__(self, limit: Limit) -> None:
        self._limit, self._tokens, self._at, self._paused = limit, limit.burst, 0, 0

    def due(self, now: int) -> int:
        """When the next call may go."""
        self._fill(now)
        missing = 1.0 - self._tokens
        due = now if missing <= 0 else now + 1 + int(missing * MINUTE / self._limit.rate)
        return max(due, self._paused)

    def take(self, now: int) -> None:
        """A call goes now."""
        self._fill(now)
        self._tokens -= 1.0

    def pause(self, until: int) -> None:
        """Slack said 429: nothing before `until`."""
        self._paused = max(self._paused, until)

    def _fill(self, now: int) -> None:
        if now > self._at:
            gained = (now - self._at) * self._limit.rate / MINUTE if self._at else 0.0
            self._tokens, self._at = min(self._limit.burst, self._tokens + gained), now
