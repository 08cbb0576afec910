"""Events: what is talk, and what is not.

Slack tells an app about nearly everything in its rooms, about its own doings too. Talk is a
message of a person without a subtype, with a file, or one sent to thread and room at once;
in a room only what names us or stands in a thread is meant for us. Everything that has a
`bot_id` is ignored: two bots that answer each other never stop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from adapters.slack import payloads
from adapters.slack.heard import (
    Access,
    Deleted,
    Edited,
    Heard,
    OpenedHome,
    Place,
    Reacted,
    Revoked,
    Stopped,
    Uninstalled,
    Wrote,
)
from adapters.slack.mrkdwn import mentions, of_blocks, readable
from adapters.slack.sender import Sender
from flows.events import File

FILES: Final = 20
"""Of one message; what is beyond is not looked at."""
_TALK: Final = ("", "file_share", "thread_broadcast")
_SLACKBOT: Final = "USLACKBOT"


def event(payload: Mapping[str, Any], sender: Sender) -> Heard:
    """What an event says."""
    found = payloads.table(payload, "event")
    kind = payloads.text(found, "type", most=64)
    read = _EVENTS.get(kind)
    if read is None:
        return sender.ignored(f"nobody listens to the event {kind!r}")
    return read(found, sender)


def _message(found: Mapping[str, Any], sender: Sender) -> Heard:
    match payloads.text(found, "subtype", most=64):
        case "message_changed":
            return _changed(found, sender)
        case "message_deleted":
            return _deleted(found, sender)
        case subtype if subtype in _TALK:
            return _words(found, sender)
        case subtype:
            return sender.ignored(f"a message of the subtype {subtype!r} is no talk")


def _words(found: Mapping[str, Any], sender: Sender) -> Heard:
    channel, ts = payloads.name(found, "channel"), payloads.name(found, "ts")
    if (reason := _no_person(found, sender)) or not (channel and ts):
        return sender.ignored(reason or "a message without a room or a time")
    raw = payloads.text(found, "text")
    place = _place(found, channel)
    named = payloads.text(found, "type") == "app_mention" or _names(found, raw, sender.ours.bot_user)
    if place.kind != "im" and place.thread is None and not named:
        return sender.ignored("said in a room, and not to us")
    return sender.did(
        Wrote,
        f"words:{sender.team}:{channel}:{ts}",
        place=place,
        ts=ts,
        text=_text(found, sender.ours.bot_user),
        files=files(found),
        mention=named,
        direct=place.kind == "im",
        subtype=payloads.text(found, "subtype", most=64),
    )


def _names(found: Mapping[str, Any], raw: str, user: str) -> bool:
    """A text that is written in blocks alone may name us there."""
    return mentions(raw, user) or (not raw and bool(user) and f"@{user}" in of_blocks(found.get("blocks")))


def _text(found: Mapping[str, Any], bot_user: str = "") -> str:
    raw = payloads.text(found, "text")
    if raw.strip():
        return readable(raw, without=bot_user)
    return of_blocks(payloads.at(found, "blocks"), without=bot_user)


def files(found: Any) -> tuple[File, ...]:
    """The files of a message: where they are. Nobody fetches them here."""
    return tuple(
        File(
            name=payloads.text(one, "name", most=255) or payloads.text(one, "title", most=255) or "file",
            link=payloads.name(one, "permalink", most=2_000),
            type=payloads.text(one, "mimetype", most=255),
        )
        for one in payloads.items(found, "files", most=FILES)
        if isinstance(one, Mapping)
    )


def _no_person(found: Mapping[str, Any], sender: Sender) -> str:
    """Why nobody said this; empty if a person did."""
    if found.get("bot_id") or found.get("bot_profile"):
        return "a bot said it"
    if sender.user in (sender.ours.bot_user, _SLACKBOT) or not sender.user:
        return "we said it ourselves" if sender.user else "nobody said it"
    return ""


def _place(found: Mapping[str, Any], channel: str, thread: str = "thread_ts") -> Place:
    return Place(channel, payloads.name(found, thread) or None, _kind(found, channel))


def _kind(found: Mapping[str, Any], channel: str) -> Literal["im", "mpim", "channel"]:
    """Slack: `app_mention` has no channel_type; a direct conversation's id begins with D."""
    match payloads.text(found, "channel_type", most=64):
        case "im" | "app_home":
            return "im"
        case "mpim":
            return "mpim"
        case "":
            return "im" if channel.startswith("D") else "channel"
        case _:
            return "channel"


def _changed(found: Mapping[str, Any], sender: Sender) -> Heard:
    """Slack: links that were unfurled and our own edits come as changes too; a message whose
    thread stays is not deleted but becomes a tombstone."""
    now, before = payloads.table(found, "message"), payloads.table(found, "previous_message")
    channel, ts = payloads.name(found, "channel"), payloads.name(now, "ts") or payloads.name(before, "ts")
    if reason := _no_person(before, sender) or _no_person(now, sender):
        return sender.ignored(reason)
    if not (channel and ts):
        return sender.ignored("a change without a room or a time")
    place = Place(channel, payloads.name(now, "thread_ts") or None, _kind(found, channel))
    key = sender.key("edited", channel, ts, payloads.name(found, "event_ts"))
    if payloads.text(now, "subtype") == "tombstone":
        return sender.did(Deleted, key, place=place, ts=ts)
    text, old = _text(now, sender.ours.bot_user), _text(before, sender.ours.bot_user)
    if text == old:
        return sender.ignored("the words are the same")
    return sender.did(Edited, key, place=place, ts=ts, text=text, before=old)


def _deleted(found: Mapping[str, Any], sender: Sender) -> Heard:
    before = payloads.table(found, "previous_message")
    channel = payloads.name(found, "channel")
    ts = payloads.name(found, "deleted_ts") or payloads.name(before, "ts")
    if (reason := _no_person(before, sender)) or not (channel and ts):
        return sender.ignored(reason or "a deletion without a room or a time")
    place = Place(channel, payloads.name(before, "thread_ts") or None, _kind(found, channel))
    return sender.did(Deleted, sender.key("deleted", channel, ts), place=place, ts=ts)


def _home(found: Mapping[str, Any], sender: Sender) -> Heard:
    channel, tab = payloads.name(found, "channel"), payloads.text(found, "tab", most=16) or "home"
    if tab not in ("home", "messages") or not (sender.user and channel):
        return sender.ignored("a tab that we do not have")
    key = sender.key("home", sender.user, payloads.name(found, "event_ts"))
    return sender.did(OpenedHome, key, tab=tab, place=Place(channel, None, "im"))


def _assistant(found: Mapping[str, Any], sender: Sender) -> Heard:
    """Slack: the older way to open the conversation with an app, in a thread of its own."""
    channel = payloads.name(found, "assistant_thread", "channel_id")
    thread = payloads.name(found, "assistant_thread", "thread_ts")
    if not (sender.user and channel):
        return sender.ignored("a conversation without a person or a room")
    place = Place(channel, thread or None, "im")
    return sender.did(OpenedHome, sender.key("home", channel, thread), tab="messages", place=place)


def _stopped(found: Mapping[str, Any], sender: Sender) -> Heard:
    channel = payloads.name(found, "channel")
    if not (sender.user and channel):
        return sender.ignored("a stop without a person or a room")
    streams = found.get("streaming_message_ts")
    named = streams if isinstance(streams, list) else [streams]
    return sender.did(
        Stopped,
        sender.key("stopped", channel, payloads.name(found, "event_ts")),
        place=_place(found, channel),
        streams=tuple(ts for ts in named[:FILES] if isinstance(ts, str) and len(ts) <= payloads.ID),
    )


def _reacted(found: Mapping[str, Any], sender: Sender) -> Heard:
    channel, ts = payloads.name(found, "item", "channel"), payloads.name(found, "item", "ts")
    emoji = payloads.name(found, "reaction")
    if sender.user in ("", sender.ours.bot_user) or not (channel and ts and emoji):
        return sender.ignored("a reaction of ours, or to something else than a message")
    return sender.did(
        Reacted,
        sender.key("reacted", channel, ts, sender.user, emoji),
        emoji=emoji,
        place=Place(channel, None, _kind(found, channel)),
        ts=ts,
        ours=bool(sender.ours.bot_user) and payloads.name(found, "item_user") == sender.ours.bot_user,
    )


def _revoked(found: Mapping[str, Any], sender: Sender) -> Heard:
    bots, users = (
        tuple(id for id in payloads.items(found, "tokens", part, most=1_000) if isinstance(id, str))
        for part in ("bot", "oauth")
    )
    key = sender.key("revoked", *bots[:1], *users[:1])
    return sender.did(Revoked, key, bots=bots, users=users, at=sender.at)


def _uninstalled(_found: Mapping[str, Any], sender: Sender) -> Heard:
    return sender.did(Uninstalled, sender.key("uninstalled", sender.team), at=sender.at)


def _access(found: Mapping[str, Any], sender: Sender) -> Heard:
    teams = tuple(id for id in payloads.items(found, "team_ids", most=1_000) if isinstance(id, str))
    granted = payloads.text(found, "type") == "team_access_granted"
    return sender.did(Access, sender.key("access", *teams[:1]), teams=teams, granted=granted)


_EVENTS: Final[Mapping[str, Callable[[Mapping[str, Any], Sender], Heard]]] = {
    "message": _message,
    "app_mention": _words,
    "app_home_opened": _home,
    "assistant_thread_started": _assistant,
    "agent_session_stopped": _stopped,
    "reaction_added": _reacted,
    "app_uninstalled": _uninstalled,
    "tokens_revoked": _revoked,
    "team_access_granted": _access,
    "team_access_revoked": _access,
}
