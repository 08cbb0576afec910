"""Where a chat is in Slack, as the address that the house keeps. Pure.

A thread is a chat; so is the top of a direct conversation. A direct conversation is named by
its person, not by Slack's id of it, so that a chat can begin there before Slack has told us
that id: Slack takes a person's id wherever it posts.
"""

from __future__ import annotations

from typing import Final, Self

import msgspec

NO_TEAM: Final = "-"
"""Slack: an organisation-wide app may be told of no team at all."""


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """A room of a workspace, and the thread in it; `thread` empty: the top of the room.

    `room`: a channel's id, or `@` and a person's id for their direct conversation.
    """

    enterprise: str = ""
    team: str
    room: str
    thread: str = ""

    @property
    def text(self) -> str:
        """One text for all of it."""
        return f"{self.enterprise}/{self.team}/{self.room}/{self.thread}"

    @property
    def workspace(self) -> tuple[str, str]:
        """What names the workspace: (enterprise, team)."""
        return self.enterprise, "" if self.team == NO_TEAM else self.team

    @property
    def person(self) -> str:
        """Whose direct conversation it is; empty for a channel."""
        return self.room.removeprefix("@") if self.room.startswith("@") else ""

    @property
    def target(self) -> str:
        """What Slack takes as `channel`."""
        return self.room.removeprefix("@")

    @classmethod
    def of(cls, address: str) -> Self | None:
        """The place behind an address; None if it is not one of ours."""
        parts = address.split("/")
        if len(parts) != 4 or not parts[1] or not parts[2]:
            return None
        enterprise, team, room, thread = parts
        return cls(enterprise=enterprise, team=team, room=room, thread=thread)
