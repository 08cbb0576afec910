"""What a Slack consists of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Json: TypeAlias = dict[str, Any]
Blocks: TypeAlias = list[Json]

ALL_SCOPES = [
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "channels:join",
    "channels:read",
    "chat:write",
    "chat:write.customize",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "mpim:history",
    "reactions:read",
    "reactions:write",
    "team:read",
    "usergroups:read",
    "users:read",
    "users:read.email",
]


@dataclass(eq=False)
class Workspace:
    """One team, with the app installed in it: `token` is the newest bot token."""

    id: str
    name: str
    domain: str
    app_id: str
    bot: str
    """The user id of the app's bot user, U…"""
    bot_id: str
    app_name: str = "Cuebook"
    enterprise: str | None = None
    org_wide: bool = False
    """The app is installed for the whole enterprise: interactions then name no team."""
    token: str = ""
    installed: bool = True
    scopes: set[str] = field(default_factory=lambda: set(ALL_SCOPES))


@dataclass(eq=False)
class Person:
    """A member, a guest, another company's employee, or another bot."""

    id: str
    name: str
    email: str
    workspace: Workspace
    team: str
    """The person's own team: another than the workspace's for someone external."""
    external: bool = False
    bot: bool = False
    guest: bool = False
    deleted: bool = False
    bot_id: str = ""

    @property
    def handle(self) -> str:
        """The old style user name, as commands carry it."""
        return self.name.lower().replace(" ", ".")


@dataclass(eq=False)
class Channel:
    """A channel, a private channel, or a direct conversation (`im`) with the bot."""

    id: str
    name: str
    workspace: Workspace
    members: list[str]
    kind: Literal["channel", "group", "im"] = "channel"
    archived: bool = False
    shared: bool = False
    """Another company takes part (Slack Connect)."""


@dataclass(eq=False)
class File:
    """Something uploaded."""

    id: str
    name: str
    content: bytes
    owner: str
    workspace: Workspace
    title: str = ""
    mimetype: str = "text/plain"
    length: int = 0
    complete: bool = False
    channels: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Edit:
    """One change of a message: what it was before, and when it changed."""

    at: int
    text: str
    blocks: Blocks


@dataclass(eq=False)
class Stream:
    """A message that is still being written."""

    started: int
    mode: Literal["markdown_text", "chunks", ""] = ""
    open: bool = True


@dataclass(eq=False)
class Message:
    """One message as it is now. `seen_by` names the only person who sees it (ephemeral)."""

    ts: str
    channel: Channel
    user: str
    text: str = ""
    blocks: Blocks = field(default_factory=list)
    attachments: Blocks = field(default_factory=list)
    thread_ts: str | None = None
    metadata: Json | None = None
    files: list[File] = field(default_factory=list)
    subtype: str | None = None
    bot_id: str = ""
    username: str = ""
    client_msg_id: str = ""
    seen_by: str = ""
    edited: str = ""
    """The ts of the last edit that Slack marks as one."""
    deleted: bool = False
    broadcast: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict)
    history: list[Edit] = field(default_factory=list)
    stream: Stream | None = None


@dataclass(eq=False)
class View:
    """A modal or a home tab. `errors`: what the form now says below its fields."""

    id: str
    body: Json
    person: Person
    hash: str
    workspace: Workspace
    root: str = ""
    previous: str | None = None
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def blocks(self) -> Blocks:
        """Its blocks."""
        found: Blocks = self.body["blocks"]
        return found


@dataclass(eq=False)
class Token:
    """`kind`: bot (xoxb), app (xapp, for sockets) or user (xoxp)."""

    value: str
    workspace: Workspace
    kind: Literal["bot", "app", "user"]
    expires: int | None = None
    revoked: bool = False
    refresh: str = ""
    user: str = ""


@dataclass(eq=False)
class Trigger:
    """The right to open a form, for three seconds and once."""

    id: str
    person: Person
    workspace: Workspace
    issued: int
    view: View | None = None
    used: bool = False


@dataclass(eq=False)
class Hook:
    """A response_url. `message`: what it may replace or delete; none for a command."""

    id: str
    person: Person
    channel: Channel
    issued: int
    message: Message | None = None
    uses: int = 0
    thread_ts: str | None = None
