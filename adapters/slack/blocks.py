"""The parts of Slack's messages and views, each within Slack's limits whatever it is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from adapters.slack.escape import elements, fitted, shown

Block: TypeAlias = dict[str, Any]

CHOOSE: Final = "cb:choose"
"""The action_id of a list that answers a question; a button's is `cb:choose:N`."""
FORM: Final = "cb:form"
"""Of the button that asks for a form, and the callback_id of that form."""
START: Final = "cb:start"
"""Of what begins something (`cb:start`, `cb:start:N`), and the callback_id of the chooser."""
RUN: Final = "cb:run"
"""The callback_id of the form of a runbook."""
CANCEL: Final = "cb:cancel"
"""Of what stops a run (`cb:cancel` in a card, `cb:cancel:RUN` on the home page)."""
ENTERED: Final = "cb:value"
"""Of the one element of each input."""

LABEL: Final = 75
OPTIONS: Final = 100
BUTTONS: Final = 25
VALUE: Final = 150
TITLE: Final = 24
PIECE: Final = 3_000
"""Characters of one block of text."""
MESSAGE_BLOCKS: Final = 50
VIEW_BLOCKS: Final = 100
WHOLE: Final = 12_000
"""Characters of all blocks of a message. Slack refuses somewhere near 13,000 (undocumented)."""
FALLBACK: Final = 30_000
"""Characters of `text`; Slack takes 40,000."""


class Snippet(msgspec.Struct, frozen=True):
    """A text that is too long for a message, to be attached as a file."""

    name: str
    content: str


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """One message: `text` for notifications, screen readers and old clients says everything
    that `blocks` show."""

    text: str
    blocks: list[Block] = []
    snippet: Snippet | None = None
    metadata: dict[str, Any] | None = None
    fingerprint: str = ""
    """The same for what looks the same; only cards have one."""


def plain(text: str, most: int) -> dict[str, Any]:
    """A plain_text object; never empty, which Slack would refuse."""
    return {"type": "plain_text", "text": fitted(text, most).strip() or "–"}


def rich(text: str, **style: bool) -> Block:
    """A block of text that is shown as it is written."""
    return rich_of(elements(text, **style))


def rich_of(inside: list[dict[str, Any]]) -> Block:
    """A block of ready elements."""
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": inside or _NOTHING}]}


_NOTHING: Final[list[dict[str, Any]]] = [{"type": "text", "text": "–"}]


def quoted(text: str) -> Block:
    """A block of text with a bar at its side: somebody else speaks."""
    inside = elements(text) or _NOTHING
    return {"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": inside}]}


def context(text: str) -> Block:
    """A small grey line. Plain text: a name in it notifies nobody."""
    return {"type": "context", "elements": [plain(text, 2_000)]}


def header(text: str) -> Block:
    """A heading."""
    return {"type": "header", "text": plain(text, 150)}


def section(text: str, accessory: Block | None = None) -> Block:
    """A line with something to use at its end."""
    made: Block = {"type": "section", "text": plain(text, PIECE)}
    return {**made, "accessory": accessory} if accessory else made


def actions(inside: Sequence[Block]) -> Block:
    """A row of things to use."""
    return {"type": "actions", "elements": list(inside[:BUTTONS])}


def button(label: str, action: str, value: str, **more: Any) -> Block:
    """A button; `style` and `confirm` in `more`."""
    return {"type": "button", "action_id": action, "text": plain(label, LABEL), "value": value, **more}


def option(label: str, value: str) -> dict[str, Any]:
    """One entry of a list."""
    return {"text": plain(label, LABEL), "value": value}


def select(action: str, placeholder: str, options: Sequence[Mapping[str, Any]]) -> Block:
    """A list of which one entry can be chosen (Slack: 1 to 100, values not twice)."""
    once = {one["value"]: one for one in reversed(options)}
    return {
        "type": "static_select",
        "action_id": action,
        "placeholder": plain(placeholder, 150),
        "options": list(reversed(once.values()))[:OPTIONS],
    }


def confirm(title: str, text: str, yes: str, no: str) -> dict[str, Any]:
    """The question that Slack asks before a press counts."""
    return {
        "title": plain(title, 100),
        "text": plain(text, 300),
        "confirm": plain(yes, 30),
        "deny": plain(no, 30),
    }


def pieces(text: str, most: int = PIECE) -> Iterator[str]:
    """`text` in parts of at most `most` characters, parted after a line or else a word."""
    rest = shown(text).strip("\n")
    while len(rest) > most:
        end = max(rest.rfind("\n", most // 2, most), 0) or max(rest.rfind(" ", most // 2, most), 0) or most
        yield rest[:end].rstrip()
        rest = rest[end:].lstrip("\n" if rest[end] == "\n" else " ")
    if rest.strip():
        yield rest


def weight(found: Any) -> int:
    """About how many characters Slack counts in blocks: every string in them that is read."""
    if isinstance(found, Mapping):
        return sum(weight(one) for key, one in found.items() if key not in _UNREAD)
    if isinstance(found, list):
        return sum(map(weight, found))
    return len(found) if isinstance(found, str) else 0


_UNREAD: Final = ("type", "action_id", "block_id", "value", "style", "status", "task_id", "url")
