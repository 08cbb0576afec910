"""How often Slack lets an app ask, by method and workspace, and by channel for posts."""

from __future__ import annotations

from collections import Counter, deque
from typing import Final

from bot.testing.slack.refusal import Refusal

MINUTE: Final = 60_000  # ms
TIERS: Final = {1: 1, 2: 20, 3: 50, 4: 100}  # calls a minute
POST_SPACING: Final = 1_000  # ms between posts to one channel
SPECIAL: Final = 600  # a minute, where Slack says no more than "special"

_BY_TIER: Final = {
    1: "apps.connections.open",
    2: "chat.startStream chat.stopStream reactions.remove users.list usergroups.users.list conversations.list",
    3: "chat.update chat.delete assistant.threads.setTitle assistant.threads.setSuggestedPrompts "
    "agents.sessions.setStatus agents.sessions.rename reactions.add conversations.replies "
    "conversations.history conversations.info conversations.open conversations.join team.info bots.info "
    "users.lookupByEmail",
    4: "chat.postEphemeral chat.appendStream views.open views.update views.push views.publish "
    "files.getUploadURLExternal files.completeUploadExternal users.info conversations.members files.info",
}
PER_MINUTE: Final = {method: TIERS[tier] for tier, text in _BY_TIER.items() for method in text.split()}


class Limits:
    """Counts always, refuses only while `on`.

    `violations` counts calls that Slack would have refused: by method, `post_spacing` for two
    posts to a channel within a second (`burst`: how many may come together first), and
    `during_retry_after` for those made while the app had been told to wait."""

    def __init__(self) -> None:
        self.on = False
        self.burst = 1
        self.violations: Counter[str] = Counter()
        self._calls: dict[tuple[str, str], deque[int]] = {}
        self._posts: dict[str, deque[int]] = {}
        self._pauses: dict[tuple[str, str], int] = {}

    def pause(self, team: str, method: str, until: int) -> None:
        """The app has been told to wait."""
        self._pauses[team, method] = max(until, self._pauses.get((team, method), 0))

    def impatient(self, team: str, method: str, now: int) -> bool:
        """Whether the app asks although it had been told to wait; that is counted."""
        early = self._pauses.get((team, method), 0) > now
        if early:
            self.violations["during_retry_after"] += 1
        return early

    def count(self, team: str, method: str, channel: str, now: int) -> None:
        """A call came. Raises Refusal (429)."""
        key = (team, method)
        if self.impatient(team, method, now):
            self._refuse(key, self._pauses[key], now)
        if wait := self._spent(self._calls.setdefault(key, deque()), _most(method), MINUTE, now):
            self.violations[method] += 1
            self._refuse(key, wait, now)
        posts = method in ("chat.postMessage", "chat.startStream") and channel
        if posts and (
            wait := self._spent(self._posts.setdefault(channel, deque()), self.burst, POST_SPACING, now)
        ):
            self.violations["post_spacing"] += 1
            self._refuse(key, wait, now)

    def _spent(self, past: deque[int], most: int, span: int, now: int) -> int:
        """When the next call may come; 0 if this one may, which is then counted."""
        while past and past[0] <= now - span:
            past.popleft()
        if len(past) < most:
            past.append(now)
            return 0
        if not self.on:
            past.append(now)
        return past[0] + span

    def _refuse(self, key: tuple[str, str], until: int, now: int) -> None:
        if self.on:
            self._pauses[key] = until
            raise limited(max(1, -(-(until - now) // 1000)))


def _most(method: str) -> int:
    return PER_MINUTE.get(method, SPECIAL)


def limited(retry_after: int) -> Refusal:
    """429 with Retry-After, in seconds."""
    return Refusal("ratelimited", status=429, headers={"Retry-After": str(retry_after)})
