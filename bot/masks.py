"""Values that must not be shown, found in whatever text they turn up.

Masking goes by value, not by the name of a field: an echo, an error text or a nested answer
has no field name to go by (safety, fact 17).
"""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

from flows.fields import MASK
from flows.values import Json, as_text

SHORTEST: Final = 4
"""Shorter values are not masked: they would turn up in half of all texts by chance."""
_SHORTEST_PART: Final = 8
_HEX: Final = re.compile(r"%[0-9A-F]{2}")


class Mask:
    """A few values, and every usual way to write them, replaced by `•••`."""

    __slots__ = ("_forms", "values")

    def __init__(self, values: Iterable[str] = ()) -> None:
        self.values = frozenset(value for value in values if len(value) >= SHORTEST)
        """What is masked, as it was given."""
        found = {form for value in self.values for form in forms(value)}
        self._forms = sorted(found, key=len, reverse=True)  # the longest first

    def text(self, text: str) -> str:
        """`text` without them."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        return text

    def value(self, value: Json) -> Json:
        """The same structure, with every text and number in it masked."""
        if not self.values:
            return value
        if isinstance(value, dict):
            return {self.text(key): self.value(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(inner) for inner in value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            return MASK if as_text(value) in self.values else value
        return self.text(value) if isinstance(value, str) else value


def texts(value: Json) -> Iterator[str]:
    """Every text that a secret value consists of."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)
    elif not isinstance(value, bool):
        yield as_text(value)


def forms(value: str) -> set[str]:
    """Every usual way to write a value, none of them too short to be told from chance."""
    return {form for form in _forms(value) if len(form) >= SHORTEST}


def _forms(value: str) -> Iterator[str]:
    yield value
    raw = value.encode("utf-8", "replace")
    for quoted in (quote(value, safe=""), quote(value), quote_plus(value)):
        yield quoted
        yield _HEX.sub(lambda found: found[0].lower(), quoted)
    for ascii_only in (True, False):
        inside = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        yield inside
        yield inside.replace("/", "\\/")
    yield html.escape(value)
    yield raw.hex()
    yield raw.hex().upper()
    yield from _base64_forms(raw)


def _base64_forms(raw: bytes) -> Iterator[str]:
    for encode in (b64encode, urlsafe_b64encode):
        whole = encode(raw).decode()
        yield whole
        yield whole.rstrip("=")
        # Inside a longer text (`user:password`) the same bytes look different, in one of
        # three ways; the letters that depend on the neighbours are left out.
        for before in (0, 1, 2):
            shifted = encode(bytes(before) + raw).decode().rstrip("=")
            begin = (before * 8 + 5) // 6
            part = shifted[begin : (before + len(raw)) * 8 // 6]
            if len(part) >= _SHORTEST_PART:
                yield part
