"""A payload of Slack's → what a person did. Pure, and total: no JSON makes it raise.

What is talk and what is not: the table of rules stands with `adapters.slack.talk`; presses and
forms are read by `adapters.slack.using`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from adapters.slack import payloads, talk, using
from adapters.slack.heard import Commanded, Heard, Ignored, Limited, Ours, Place
from adapters.slack.mrkdwn import readable
from adapters.slack.sender import Sender


def hear(payload: Mapping[str, Any], ours: Ours) -> Heard:
    """What a payload says. Where several things were used at once, the first; see `hear_all`."""
    return hear_all(payload, ours)[0]


def hear_all(payload: Mapping[str, Any], ours: Ours) -> tuple[Heard, ...]:
    """Everything that a payload says, in order; never empty (Slack: `actions` is a list)."""
    return hear_from(payload, Sender.of(payload, ours))


def hear_from(payload: Mapping[str, Any], sender: Sender) -> tuple[Heard, ...]:
    """As `hear_all`, where the sender is known already."""
    ours = sender.ours
    app = payloads.name(payload, "api_app_id")
    if ours.app and app and app != ours.app:
        return (sender.ignored("it is for another app"),)
    if payloads.text(payload, "type") == "block_actions":
        return using.actions(payload, sender)
    kind = payloads.text(payload, "type", most=64)
    if not kind and payloads.name(payload, "command"):
        return (_command(payload, sender),)
    read = _KINDS.get(kind)
    return (read(payload, sender) if read else sender.ignored(f"nobody listens to {kind or 'this'!r}"),)


def _command(payload: Mapping[str, Any], sender: Sender) -> Heard:
    channel, trigger = payloads.name(payload, "channel_id"), payloads.name(payload, "trigger_id")
    if not (channel and sender.user and trigger):
        return sender.ignored("a command without a person, a room or a trigger")
    return sender.did(
        Commanded,
        f"command:{trigger}",
        command=payloads.name(payload, "command"),
        text=readable(payloads.text(payload, "text")),
        place=Place(channel, None, "im" if channel.startswith("D") else "channel"),
        trigger=trigger,
        response_url=payloads.text(payload, "response_url", most=2_000),
    )


def _limited(payload: Mapping[str, Any], sender: Sender) -> Heard:
    minute = payloads.at(payload, "minute_rate_limited")
    minute = minute if type(minute) is int and 0 <= minute < 2**53 else 0
    return sender.did(Limited, f"limited:{minute}", minute=minute)


def _ignored(reason: str) -> Callable[[Mapping[str, Any], Sender], Ignored]:
    return lambda payload, sender: sender.ignored(reason)


_KINDS: Final[Mapping[str, Callable[[Mapping[str, Any], Sender], Heard]]] = {
    "event_callback": talk.event,
    "view_submission": using.submitted,
    "view_closed": using.closed,
    "shortcut": using.shortcut,
    "message_action": using.shortcut,
    "app_rate_limited": _limited,
    "block_suggestion": _ignored("our lists bring their entries along"),
    "interactive_message": _ignored("attachments with buttons are not ours"),
    "dialog_submission": _ignored("dialogs are not ours"),
    "dialog_cancellation": _ignored("dialogs are not ours"),
    "dialog_suggestion": _ignored("dialogs are not ours"),
    "url_verification": _ignored("it is answered at the door"),
}
