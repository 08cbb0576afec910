"""Buttons, lists, forms and shortcuts: what was used, and what it carried.

Slack: a payload of `block_actions` has a list of actions; texts in it come back escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from adapters.slack import payloads
from adapters.slack.heard import Chose, Closed, Entered, Heard, Place, Pressed, Shortcut, Submitted
from adapters.slack.mrkdwn import of_blocks, readable, unescaped
from adapters.slack.sender import Sender, short
from adapters.slack.talk import files

_URL: Final = 2_000
_POINTER: Final = 3_000
"""Slack: characters of a view's `private_metadata`; a button's value is shorter."""
_CHOSEN: Final = (
    "selected_date", "selected_time", "selected_user", "selected_channel", "selected_conversation", "value",
)  # fmt: skip


def actions(payload: Mapping[str, Any], sender: Sender) -> tuple[Heard, ...]:
    """All that was used at once; never empty."""
    if not sender.user:
        return (sender.ignored("nobody pressed it"),)
    found = tuple(_actions(payload, sender))
    return found or (sender.ignored("nothing was used"),)


def _actions(payload: Mapping[str, Any], sender: Sender) -> Iterator[Heard]:
    around = _around(payload)
    where = around["ts"] or around["view"]
    for one in payloads.items(payload, "actions", most=25):
        action = payloads.name(one, "action_id")
        if not action:
            continue
        at = payloads.name(one, "action_ts")
        key = f"action:{short(where, payloads.name(one, 'block_id'), action, at, sender.user)}"
        kind: type[Pressed | Chose] = Pressed if payloads.text(one, "type") == "button" else Chose
        label = unescaped(payloads.text(one, "text", "text") or _chosen_label(one))[:_URL]
        yield sender.did(kind, key, action=action, pointer=_carried(one), label=label, **around)


def _around(payload: Mapping[str, Any]) -> dict[str, Any]:
    """What a press needs to know of where it was made."""
    container, message = payloads.table(payload, "container"), payloads.table(payload, "message")
    ts = payloads.name(container, "message_ts") or payloads.name(message, "ts")
    return {
        "place": _place(payload),
        "ts": ts,
        "ephemeral": payloads.flag(container, "is_ephemeral"),
        "view": payloads.name(payload, "view", "id") or payloads.name(container, "view_id"),
        "view_hash": payloads.name(payload, "view", "hash"),
        "trigger": payloads.name(payload, "trigger_id"),
        "response_url": payloads.text(payload, "response_url", most=_URL),
        "text": payloads.text(message, "text"),
        "blocks": tuple(block for block in payloads.items(message, "blocks") if isinstance(block, dict)),
    }


def _place(payload: Mapping[str, Any]) -> Place | None:
    container, message = payloads.table(payload, "container"), payloads.table(payload, "message")
    channel = payloads.name(payload, "channel", "id") or payloads.name(container, "channel_id")
    thread = payloads.name(container, "thread_ts") or payloads.name(message, "thread_ts")
    return Place(channel, thread or None, "im" if channel.startswith("D") else "channel") if channel else None


def _carried(one: Any) -> str:
    chosen = payloads.text(one, "selected_option", "value", most=_POINTER)
    if chosen:
        return chosen
    return next((text for part in _CHOSEN if (text := payloads.text(one, part, most=_POINTER))), "")


def _chosen_label(one: Any) -> str:
    return payloads.text(one, "selected_option", "text", "text")


def submitted(payload: Mapping[str, Any], sender: Sender) -> Heard:
    """A form was sent (Slack: the values lie by block, then by element)."""
    view = payloads.table(payload, "view")
    id, callback = payloads.name(view, "id"), payloads.name(view, "callback_id")
    if not (id and sender.user):
        return sender.ignored("a form without a person or an id")
    values = {}
    for block, inside in list(payloads.table(view, "state", "values").items())[:100]:
        for element in list(payloads.table(inside).values())[:1]:
            if (value := _entered(element)) is not None:
                values[payloads.text(str(block), most=payloads.ID)] = value
    urls = payloads.items(payload, "response_urls", most=1)
    return sender.did(
        Submitted,
        f"view:{id}:{payloads.name(view, 'hash')}",
        callback=callback,
        pointer=payloads.text(view, "private_metadata", most=_POINTER),
        values=values,
        view=id,
        view_hash=payloads.name(view, "hash"),
        trigger=payloads.name(payload, "trigger_id"),
        response_url=payloads.text(urls[0], "response_url", most=_URL) if urls else "",
    )


def _entered(element: Any) -> Entered | None:
    """What an input holds; None if nothing was entered."""
    for part in ("selected_options", "selected_users", "selected_channels", "selected_conversations"):
        if isinstance(payloads.at(element, part), list):
            entries = payloads.items(element, part)
            return [payloads.text(one) or payloads.text(one, "value") for one in entries]
    if isinstance(value := payloads.at(element, "value"), bool):
        return value
    if payloads.text(element, "type") == "rich_text_input":
        return of_blocks([payloads.at(element, "rich_text_value")]) or None
    entered = payloads.text(element, "selected_option", "value")
    return entered or next((text for part in _CHOSEN if (text := payloads.text(element, part))), None)


def closed(payload: Mapping[str, Any], sender: Sender) -> Heard:
    """A form was put away."""
    view = payloads.table(payload, "view")
    id = payloads.name(view, "id")
    if not (id and sender.user):
        return sender.ignored("a form without a person or an id")
    return sender.did(
        Closed,
        f"closed:{id}:{payloads.name(view, 'hash')}",
        callback=payloads.name(view, "callback_id"),
        pointer=payloads.text(view, "private_metadata", most=_POINTER),
        view=id,
    )


def shortcut(payload: Mapping[str, Any], sender: Sender) -> Heard:
    """A shortcut of the workspace, or of one message."""
    callback, trigger = payloads.name(payload, "callback_id"), payloads.name(payload, "trigger_id")
    if not (callback and sender.user):
        return sender.ignored("a shortcut without a person or a name")
    message = payloads.table(payload, "message")
    raw = payloads.text(message, "text")
    return sender.did(
        Shortcut,
        f"shortcut:{short(callback, sender.user, payloads.name(payload, 'action_ts') or trigger)}",
        callback=callback,
        trigger=trigger,
        response_url=payloads.text(payload, "response_url", most=_URL),
        place=_place(payload),
        ts=payloads.name(payload, "message_ts") or payloads.name(message, "ts"),
        text=readable(raw) if raw.strip() else of_blocks(payloads.at(message, "blocks")),
        author=payloads.name(message, "user") or payloads.name(message, "bot_id"),
        domain=payloads.name(payload, "team", "domain"),
        files=files(message),
    )
