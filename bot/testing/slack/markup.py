"""Slack's way to write text: what people type, what apps receive, what people see."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_TOKEN: Final = re.compile(r"<(?:[@#!][^<>\s]+|(?:https?|mailto):[^<>]+)>")
_ADDRESS: Final = re.compile(r"https?://[^\s<>|]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_CODE: Final = re.compile(r"```(.*?)```|`([^`\n]+)`", re.DOTALL)
_MARKS: Final = tuple(
    re.compile(rf"(?<![\w{mark}]){mark}(?=[^\s{mark}])([^\n]+?)(?<=[^\s{mark}]){mark}(?![\w{mark}])")
    for mark in (r"\*", "_", "~")
)
_LINK: Final = re.compile(r"!?\[([^\]\n]*)\]\([^)\s]+\)")
_DOUBLE: Final = re.compile(r"(\*\*|__|~~)(?=\S)(.+?)(?<=\S)\1")
_HEADING: Final = re.compile(r"^#{1,6} +", re.MULTILINE)


def escaped(text: str) -> str:
    """The three characters that Slack escapes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescaped(text: str) -> str:
    """The opposite of `escaped`."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def typed(text: str) -> str:
    """What an app receives when a person types `text`: escaped, with addresses made links.
    Mentions may be given ready (`<@U…>`)."""
    parts: list[str] = []
    at = 0
    for token in _TOKEN.finditer(text):
        parts += [_linked(text[at : token.start()]), token[0]]
        at = token.end()
    return "".join([*parts, _linked(text[at:])])


def _linked(text: str) -> str:
    def link(found: re.Match[str]) -> str:
        address = found[0]
        return f"<mailto:{address}|{address}>" if "://" not in address else f"<{address}>"

    return _ADDRESS.sub(link, escaped(text))


def seen(text: str, name_of: Callable[[str], str], *, marks: bool = True) -> str:
    """What a person sees of text that is markup. `name_of`: the name of a user or channel."""
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found[1] if found[1] is not None else found[2])
        return f"\0{len(kept) - 1}\0"

    if marks:
        text = _CODE.sub(keep, text)
        for mark in _MARKS:
            text = mark.sub(r"\1", text)
    text = re.sub(r"<([^<>\n]+)>", lambda found: _token(found[1], name_of), text)
    text = re.sub(r"\0(\d+)\0", lambda found: kept[int(found[1])], text)
    return unescaped(text)


def _token(inside: str, name_of: Callable[[str], str]) -> str:
    target, _, label = inside.partition("|")
    if target[0] in "@#":
        return target[0] + (label or name_of(target[1:]))
    if target[0] == "!":
        return label or f"@{target[1:]}"
    return label or target


def markdown_seen(text: str) -> str:
    """What a person sees of a Markdown text: links as their labels, no marks of emphasis."""
    text = _CODE.sub(lambda found: found[1] if found[1] is not None else found[2], text)
    text = _HEADING.sub("", _LINK.sub(r"\1", text))
    return _MARKS[1].sub(r"\1", _MARKS[0].sub(r"\1", _DOUBLE.sub(r"\2", text)))


def mentions(text: str) -> list[str]:
    """The users that a text names."""
    return re.findall(r"<@([A-Z0-9]+)(?:\|[^>]*)?>", text)


def pieces(text: str) -> list[dict[str, str]]:
    """The elements of the rich text that Slack makes of a text."""
    made: list[dict[str, str]] = []
    at = 0
    for token in _TOKEN.finditer(text):
        made += [_words(text[at : token.start()]), _piece(token[0][1:-1])]
        at = token.end()
    return [one for one in [*made, _words(text[at:])] if one.get("text") != ""]


def _words(text: str) -> dict[str, str]:
    return {"type": "text", "text": unescaped(text)}


def _piece(inside: str) -> dict[str, str]:
    target, _, label = inside.partition("|")
    if target[0] == "@":
        return {"type": "user", "user_id": target[1:]}
    if target[0] == "#":
        return {"type": "channel", "channel_id": target[1:]}
    if target[0] == "!":
        return {"type": "broadcast", "range": target[1:]}
    return {"type": "link", "url": unescaped(target), **({"text": unescaped(label)} if label else {})}
