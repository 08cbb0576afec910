"""Secrets: where they come from, and how their values are kept out of everything we show."""

from __future__ import annotations

from collections.abc import Mapping

from bot.errors import MissingSecret
from bot.masks import SHORTEST, forms
from flows.fields import MASK

__all__ = ["MASK", "SHORTEST", "Secrets"]


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
        found = forms(value) | set(self._forms)
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
