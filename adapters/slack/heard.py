"""What a person did in Slack, or what happened to us there. A closed set."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

from flows.events import File

Entered: TypeAlias = str | bool | list[str]
"""What one field of a form holds."""


class Ours(msgspec.Struct, frozen=True, kw_only=True):
    """Who we are in the workspace that an event comes from. Empty: not known."""

    bot_user: str = ""
    bot_id: str = ""
    app: str = ""


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """What every one of them has.

    `key`: the same for every delivery of the same deed, in one workspace (Slack: an utterance
    comes as `message` and as `app_mention`, commands and presses are doubled by impatience).
    `external`: not one of the workspace's own people: somebody of another organisation in a
    shared room, or a guest. Where Slack does not say, a person of a shared room is external.
    """

    key: str
    team: str = ""
    enterprise: str = ""
    user: str = ""
    external: bool = False


class Place(msgspec.Struct, frozen=True):
    """A room, or a thread in it."""

    channel: str
    thread: str | None = None
    kind: Literal["im", "mpim", "channel"] = "channel"


class Wrote(Deed, frozen=True, kw_only=True):
    """Words, as people read them. `mention`: they name us; `direct`: nobody else is there."""

    place: Place
    ts: str
    text: str
    files: tuple[File, ...] = ()
    mention: bool = False
    direct: bool = False
    subtype: str = ""


class _Used(Deed, frozen=True, kw_only=True):
    """Something of a message or view was used. `pointer`: what we gave it to carry."""

    action: str
    """Slack's `action_id`: which of our elements it was."""
    pointer: str
    label: str = ""
    place: Place | None = None
    ts: str = ""
    """Of the message that it stands in; empty for a view."""
    ephemeral: bool = False
    view: str = ""
    view_hash: str = ""
    trigger: str = ""
    response_url: str = ""
    text: str = ""
    """Of that message, as Slack keeps it: escaped."""
    blocks: tuple[dict[str, Any], ...] = ()
    """Of that message, as Slack keeps them."""


class Pressed(_Used, frozen=True, kw_only=True):
    """A button."""


class Chose(_Used, frozen=True, kw_only=True):
    """An entry of a list, a date and the like: `pointer` is the value chosen."""


class Submitted(Deed, frozen=True, kw_only=True):
    """A form was sent. `values`: by block, what was entered; what was left empty is not there."""

    callback: str
    pointer: str
    values: dict[str, Entered]
    view: str
    view_hash: str = ""
    trigger: str = ""
    response_url: str = ""


class Closed(Deed, frozen=True, kw_only=True):
    """A form was put away."""

    callback: str
    pointer: str
    view: str


class Commanded(Deed, frozen=True, kw_only=True):
    """A slash command. `text` is read by `adapters.slack.command`, as people read it here."""

    command: str
    text: str
    place: Place
    trigger: str = ""
    response_url: str = ""


class Shortcut(Deed, frozen=True, kw_only=True):
    """A shortcut, of the workspace or of a message (`ts` of it, and what `author` wrote there)."""

    callback: str
    trigger: str = ""
    response_url: str = ""
    place: Place | None = None
    ts: str = ""
    text: str = ""
    author: str = ""
    domain: str = ""
    """Of the workspace: `https://DOMAIN.slack.com/archives/CHANNEL/pTS` is the message."""
    files: tuple[File, ...] = ()


class OpenedHome(Deed, frozen=True, kw_only=True):
    """Our own page was opened, or (`messages`) the conversation with us."""

    tab: Literal["home", "messages"]
    place: Place


class Edited(Deed, frozen=True, kw_only=True):
    """A person changed what they wrote earlier."""

    place: Place
    ts: str
    text: str
    before: str


class Deleted(Deed, frozen=True, kw_only=True):
    """A person took back what they wrote earlier."""

    place: Place
    ts: str


class Stopped(Deed, frozen=True, kw_only=True):
    """The stop button of Slack itself. `streams`: messages that were being written."""

    place: Place
    streams: tuple[str, ...] = ()


class Reacted(Deed, frozen=True, kw_only=True):
    """An emoji was put under a message. `ours`: the message is one of ours."""

    emoji: str
    place: Place
    ts: str
    ours: bool


class Uninstalled(Deed, frozen=True, kw_only=True):
    """The app was removed from the workspace; `at`: when (ms), 0 if Slack does not say."""

    at: int = 0


class Revoked(Deed, frozen=True, kw_only=True):
    """Tokens are no longer good, by the users whose they were."""

    bots: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    at: int = 0
    """When (ms); 0 if Slack does not say."""


class Access(Deed, frozen=True, kw_only=True):
    """An organisation lets its app act in these workspaces, or no longer."""

    teams: tuple[str, ...]
    granted: bool


class Limited(Deed, frozen=True, kw_only=True):
    """Slack withheld events: more than 30,000 came in an hour. `minute`: since 1970."""

    minute: int = 0


class Ignored(Deed, frozen=True, kw_only=True):
    """Nothing for us, and why; to be acknowledged all the same."""

    reason: str


Heard: TypeAlias = (
    Wrote
    | Pressed
    | Chose
    | Submitted
    | Closed
    | Commanded
    | Shortcut
    | OpenedHome
    | Edited
    | Deleted
    | Stopped
    | Reacted
    | Uninstalled
    | Revoked
    | Access
    | Limited
    | Ignored
)
