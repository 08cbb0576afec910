"""Secrets: where they come from, and how their values are kept out of everything we show.

Masking goes by value, not by the name of a field: an echo, an error text or a nested answer
has no field name to go by (safety, fact 17).
"""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote, quote_plus

from bot.errors import MissingSecret

MASK: Final = "•••"
SHORTEST: Final = 4
"""Shorter values are not masked: they would turn up in half of all texts by chance."""
_SHORTEST_PART: Final = 8
_HEX: Final = re.compile(r"%[0-9A-F]{2}")


class Secrets:
    """The operator's secrets and settings, read anew each time from `environ`.

    Every value that was handed out stays masked for as long as the process lives, so that a
    changed secret does not uncover the old one.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._forms: dict[str, None] = {}
        self._known: set[str] = set()

    def get(self, name: str, connector: str = "") -> str:
        """The secret's value. Raises MissingSecret(connector, name) if it is not set."""
        value = self.setting(name, connector)
        self.hide(value)
        return value

    def setting(self, name: str, connector: str = "") -> str:
        """A value that is no secret, such as an address. Raises MissingSecret as `get`."""
        value = self.look(name)
        if not value:
            raise MissingSecret(connector, name)
        return value

    def look(self, name: str) -> str:
        """As `setting`, but empty if it is not set."""
        return self._environ.get(name, "").strip()  # a file read into a variable ends in a newline

    def hide(self, value: str) -> None:
        """Mask this value from now on."""
        if len(value) < SHORTEST or value in self._known:
            return
        self._known.add(value)
        found = {form for form in _forms(value) if len(form) >= SHORTEST} | set(self._forms)
        self._forms = dict.fromkeys(sorted(found, key=len, reverse=True))  # the longest first

    def mask(self, text: str) -> str:
        """`text` with every known secret, however encoded, replaced by `•••`."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        return text

    def shows(self, text: str) -> bool:
        """Whether `mask` would change this text."""
        return any(form in text for form in self._forms)


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
