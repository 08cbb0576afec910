"""The signed paper that says which chat is yours and who you are in it.

A JWT (RFC 7519), HS256, made and read only here. It travels in a frame or in the
`Authorization` header, never in an address, because addresses end up in logs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import jwt
import msgspec

from bot.errors import SettingsError

AUDIENCE: Final = "cuebook.chat"
_DAY: Final = 86_400
_SKEW: Final = 60
"""Seconds by which the clocks of two of our own processes may differ."""
_CLAIMS: Final = ("aud", "chat", "exp", "iat", "sub")


class BadToken(Exception):
    """Not ours, not for this, or too old: nobody is told which."""


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """The chat that a token opens, and the person it says. `until` in milliseconds."""

    chat: str
    person: str
    until: int


class Tokens:
    """Signs and reads. `now` gives milliseconds since 1970."""

    def __init__(self, key: bytes, now: Callable[[], int], *, days: int = 30) -> None:
        """Raises SettingsError for a key under 32 bytes (RFC 7518, 3.2)."""
        if len(key) < 32:
            raise SettingsError("the key that signs chat tokens must have at least 32 bytes")
        self._key, self._now, self._life = key, now, days * _DAY

    def issue(self, chat: str, person: str) -> str:
        """A token for `person` in `chat`, good for the set number of days."""
        now = self._now() // 1000
        claims = {"aud": AUDIENCE, "chat": chat, "sub": person, "iat": now, "exp": now + self._life}
        return jwt.encode(claims, self._key, algorithm="HS256")

    def verify(self, token: str) -> Owner:
        """Who holds `token`. Raises BadToken.

        The times are checked here rather than by the library, which would read its own clock.
        """
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=["HS256"],
                audience=AUDIENCE,
                options={"require": list(_CLAIMS), "verify_exp": False, "verify_iat": False},
            )
        except (jwt.PyJWTError, ValueError, RecursionError) as exc:
            raise BadToken from exc
        return self._owner(claims)

    def is_aging(self, owner: Owner) -> bool:
        """Half of its life is over: time for a new one."""
        return owner.until - self._now() < self._life * 500

    def _owner(self, claims: dict[str, object]) -> Owner:
        chat, person, issued, until = (claims[name] for name in ("chat", "sub", "iat", "exp"))
        if type(issued) is not int or type(until) is not int:
            raise BadToken
        if not (isinstance(chat, str) and isinstance(person, str) and chat and person):
            raise BadToken
        now = self._now() // 1000
        if not (issued <= now + _SKEW and now < until <= issued + self._life):
            raise BadToken
        return Owner(chat=chat, person=person, until=until * 1000)
