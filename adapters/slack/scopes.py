"""What Cuebook asks to be allowed in a workspace, what for, and what is lost without it.

The one list: the manifest, the installation, `cuebook doctor` and docs/slack.md go by it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

import msgspec


class Scope(msgspec.Struct, frozen=True):
    """`without`: what does not work where it is missing, as a sentence's end.
    `needed`: nothing works without it."""

    name: str
    what_for: str
    without: str
    needed: bool = False


SCOPES: Final = (
    Scope("chat:write", "write messages and keep the progress card up to date", "nothing can be said", True),
    Scope("app_mentions:read", "hear `@Cuebook …` in channels", "chats in channels cannot begin"),
    Scope("im:history", "hear direct messages", "direct messages are not heard"),
    Scope("im:read", "know a direct conversation", "direct conversations are not found again"),
    Scope("im:write", "begin a direct conversation", "nobody is written to who did not write first"),
    Scope("commands", "the command `/cuebook` and the shortcuts", "`/cuebook` and the shortcuts do nothing"),
    Scope(
        "channels:history",
        "follow a thread in a public channel without being mentioned again",
        "in public channels every answer has to mention the bot",
    ),
    Scope(
        "groups:history",
        "the same in private channels that the bot was invited to",
        "in private channels every answer has to mention the bot",
    ),
    Scope(
        "mpim:history",
        "the same in group conversations",
        "in group conversations every answer has to mention the bot",
    ),
    Scope(
        "users:read",
        "know people's names, and who is a guest",
        "nobody has a name, and guests are taken for members",
    ),
    Scope("users:read.email", "know people's addresses", "`$CHAT_USER_EMAIL` stays empty"),
    Scope("files:write", "attach the log of a long run", "the log of a long run is not attached"),
)
AGENT: Final = (
    Scope("assistant:write", "the status line and prompts of Slack's agent view", "the agent view is plain"),
)
"""Only where Slack's agent view was chosen."""


def names(scopes: Iterable[Scope] = SCOPES) -> list[str]:
    """The scopes as Slack writes them, in order."""
    return sorted(scope.name for scope in scopes)


def missing(granted: Collection[str]) -> list[Scope]:
    """What was not granted."""
    return [scope for scope in SCOPES if scope.name not in granted]
