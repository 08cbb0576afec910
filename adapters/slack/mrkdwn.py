"""Slack's way of writing text, read as people see it.

Slack: `& < >` arrive as `&amp; &lt; &gt;`, so every `<` in a text begins a token of Slack's:
`<@U…|name>`, `<#C…|name>`, `<!here>`, `<!date^…|fallback>`, `<URL|label>`. Emoji (`:smile:`)
and marks of emphasis stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from adapters.slack import payloads

LONGEST: Final = 40_000
"""Slack: characters of one message."""
_DEEPEST: Final = 8  # lists in quotes in sections; what is deeper is no message of a person
_MOST_PIECES: Final = 5_000
_ENTITIES: Final = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}
_ENTITY: Final = re.compile("&(?:amp|lt|gt);")
_TOKEN: Final = re.compile(r"<([^<>]*)>")
_SCHEME: Final = re.compile(r"^(?:mailto:|tel:)", re.IGNORECASE)
_WEB: Final = re.compile(r"^https?://(?:www\.)?", re.IGNORECASE)


def unescaped(text: str) -> str:
    """The three characters that Slack escapes, back; once, so that a typed `&lt;` stays one."""
    return _ENTITY.sub(lambda found: _ENTITIES[found[0]], text)


def mentions(text: str, user: str) -> bool:
    """Whether a text of Slack's names this user."""
    return bool(user) and (f"<@{user}>" in text or f"<@{user}|" in text)


def readable(text: str, *, without: str = "") -> str:
    """A text of Slack's as people read it. The mentions of the user `without` are left out."""
    parts: list[str] = []
    end = 0
    for token in _TOKEN.finditer(text):
        parts.append(unescaped(text[end : token.start()]))
        end = token.end()
        if without and token[1].partition("|")[0] == f"@{without}":
            parts[-1] = parts[-1].rstrip(" \t")
            end = _passed(text, end, joined=bool(parts[-1]) and not parts[-1].endswith("\n"))
        else:
            parts.append(_token(token[1]))
    return "".join([*parts, unescaped(text[end:])]).strip()[:LONGEST]


def _passed(text: str, end: int, *, joined: bool) -> int:
    """Where the words go on after a mention of ours: `@bot: hello` says `hello`."""
    while end < len(text) and text[end] in (" \t" if joined else " \t,:"):
        end += 1
    return end - 1 if joined and text[end - 1] in " \t" else end


def _token(inside: str) -> str:
    target, _, label = inside.partition("|")
    label = unescaped(label).strip()
    match target[:1]:
        case "@" | "#":
            return target[0] + (label.lstrip(target[0]) or unescaped(target[1:]))
        case "!":
            return _special(target[1:], label)
        case _:
            return _link(unescaped(target), label)


def _special(target: str, label: str) -> str:
    kind, *more = target.split("^")
    match kind:
        case "date":
            return label
        case "subteam":
            return f"@{label.lstrip('@') or ''.join(more[:1])}"
        case _:
            return f"@{label.lstrip('@') or unescaped(kind)}"


def _link(target: str, label: str) -> str:
    """An address, in the form in which it was typed where Slack made the link of it."""
    address = _SCHEME.sub("", target)
    if label in ("", target, address):
        return label or address
    return label if _bare(label) == _bare(target) else f"{label} ({address})"


def _bare(address: str) -> str:
    return _WEB.sub("", address).rstrip("/").lower()


def of_blocks(blocks: Any, *, without: str = "") -> str:
    """The text of rich_text blocks, for a message that has no other."""
    pieces: list[str] = []
    for block in blocks if isinstance(blocks, list) else ():
        if payloads.text(block, "type") == "rich_text":
            pieces.append("".join(_pieces(payloads.items(block, "elements"), without, 0)).rstrip("\n"))
        if len(pieces) > _DEEPEST:
            break
    return "\n".join(pieces).strip()[:LONGEST]


def _pieces(elements: list[Any], without: str, depth: int) -> Iterator[str]:
    for element in elements[:_MOST_PIECES]:
        kind = payloads.text(element, "type", most=64)
        if not kind.startswith("rich_text"):
            yield _piece(element, kind, without)
        elif depth < _DEEPEST:
            inside = payloads.items(element, "elements", most=_MOST_PIECES)
            yield from _pieces(inside, without, depth + 1)
            yield "\n"


def _piece(element: Any, kind: str, without: str) -> str:
    match kind:
        case "user":
            user = payloads.name(element, "user_id")
            return "" if user == without else f"@{user}"
        case "channel":
            return f"#{payloads.name(element, 'channel_id')}"
        case "usergroup":
            return f"@{payloads.name(element, 'usergroup_id')}"
        case "broadcast":
            return f"@{payloads.name(element, 'range')}"
        case "emoji":
            return f":{payloads.name(element, 'name')}:"
        case "link":
            return _link(payloads.text(element, "url"), payloads.text(element, "text"))
        case "date":
            return payloads.text(element, "fallback")
        case _:
            return payloads.text(element, "text")
