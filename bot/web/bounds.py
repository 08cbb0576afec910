"""JSON from strangers: how deep and how much, judged before it is read.

A megabyte of brackets would become many times as much in memory, and a deep value breaks
whoever walks it. So the text itself is walked first, string by string and bracket by bracket,
and given up as soon as there is too much of something.
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
MAX_ITEMS: Final = 50_000
_TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{},:]', re.DOTALL)
"""A string or a mark between values. Possessive, and a string without an end goes to the end:
linear in any text."""


def bounded_json(data: bytes) -> Json:
    """The value, cleaned (`bot.web.clean`). Raises BadRequest in words for the sender."""
    _check(data)
    try:
        return cleaned_json(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as exc:
        raise BadRequest(f"The body is not JSON: {exc}") from None


def _check(data: bytes) -> None:
    keys = items = depth = strings = 0
    for token in _TOKEN.finditer(data):
        match data[token.start()]:
            case 0x22:  # "
                strings += 1
            case 0x3A:  # :
                keys += 1
            case 0x2C:  # ,
                items += 1
            case 0x5B | 0x7B:  # [ {
                items, depth = items + 1, depth + 1
            case _:
                depth -= 1
        if keys > MAX_KEYS:
            raise BadRequest(f"The body has more than {MAX_KEYS} keys.")
        if items > MAX_ITEMS:
            raise BadRequest(f"The body has more than {MAX_ITEMS} values.")
        if depth > MAX_DEPTH:
            raise BadRequest(f"The body is nested deeper than {MAX_DEPTH} levels.")
        if depth < 0 or strings > MAX_KEYS + MAX_ITEMS + 1:
            raise BadRequest("The body is not JSON.")
