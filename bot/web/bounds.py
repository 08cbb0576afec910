"""JSON from strangers: how deep and how much, judged before it is read.

A megabyte of brackets would become many times as much in memory, and a deep value breaks
whoever walks it. So the text itself is looked at, without its strings: what is left are
brackets, colons and commas, and those are counted in one pass each.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from bot.web.clean import cleaned_json
from bot.web.errors import BadRequest
from flows.values import Json

MAX_DEPTH: Final = 64
MAX_KEYS: Final = 10_000
MAX_ITEMS: Final = 100_000
_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""Possessive, and one without an end goes to the end: linear in any text."""
_BRACKET: Final = re.compile(rb"[\[\]{}]")


def bounded_json(data: bytes) -> Json:
    """The value, cleaned (`bot.web.clean`). Raises BadRequest in words for the sender."""
    _check(data)
    try:
        return cleaned_json(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as exc:
        raise BadRequest(f"The body is not JSON: {exc}") from None


def _check(data: bytes) -> None:
    bare = _STRING.sub(b"", data)
    if bare.count(b":") > MAX_KEYS:
        raise BadRequest(f"The body has more than {MAX_KEYS} keys.")
    if bare.count(b",") + bare.count(b"[") + bare.count(b"{") > MAX_ITEMS:
        raise BadRequest(f"The body has more than {MAX_ITEMS} values.")
    depth = 0
    for bracket in _BRACKET.finditer(bare):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > MAX_DEPTH:
            raise BadRequest(f"The body is nested deeper than {MAX_DEPTH} levels.")
