"""What buttons, lists and forms of ours carry: an opaque, signed pointer to what they mean.

Everybody in a room sees a button and may press it, and who is no friend may send any value
(safety: forged `value`, old card). So a pointer names a thing and proves that we wrote it; it
holds no parameters and grants nothing: who presses, and whether they may, is asked on press.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any, Final, Literal, TypeAlias, get_args

import msgspec

Kind: TypeAlias = Literal["choice", "form", "cancel", "start", "page"]
KINDS: Final[tuple[str, ...]] = get_args(Kind)
LONGEST: Final = 150
"""Slack: characters of the value of one entry of a list; everything else may be longer."""
_VERSION: Final = 1
_SEAL: Final = 16  # bytes of the HMAC: 128 bits
_ABOUT: Final = b"cuebook slack pointer\0"

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(tuple[str, ...])


class TooLong(ValueError):
    """The parts do not fit into what Slack carries."""


def digest(text: str) -> str:
    """A long name in 16 characters, to be compared by making it again."""
    return _spelled(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:12])


class Pointers:
    """Makes and reads pointers. Two with the same key understand each other."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise ValueError("a key for pointers has 16 bytes at least")
        self._key = key

    def make(self, kind: Kind, *parts: str) -> str:
        """At most LONGEST characters of base64url. Raises TooLong."""
        body = bytes((_VERSION, KINDS.index(kind))) + _encoder.encode(parts)
        made = _spelled(body + self._seal(body))
        if len(made) > LONGEST:
            raise TooLong(f"a pointer of {len(made)} characters; {LONGEST} fit")
        return made

    def read(self, text: Any) -> tuple[str, ...] | None:
        """(kind, *parts) of a pointer of ours; None for anything else. Never raises."""
        raw = _bytes(text)
        body, seal = raw[:-_SEAL], raw[-_SEAL:]
        if len(body) < 3 or not hmac.compare_digest(self._seal(body), seal):
            return None
        if body[0] != _VERSION or body[1] >= len(KINDS):
            return None
        try:
            return (KINDS[body[1]], *_decoder.decode(body[2:]))
        except (msgspec.DecodeError, ValueError):
            return None

    def choice(self, chat: str, prompt: str, value: str) -> str:
        """To one choice of a question: `("choice", chat, digest(prompt), digest(value))`."""
        return self.make("choice", chat, digest(prompt), digest(value))

    def form(self, chat: str, prompt: str) -> str:
        """To the form of a question: `("form", chat, digest(prompt))`."""
        return self.make("form", chat, digest(prompt))

    def cancel(self, chat: str, run: str) -> str:
        """To a run that may be stopped: `("cancel", chat, run)`."""
        return self.make("cancel", chat, run)

    def start(self, kind: Literal["profile", "runbook"], id: str) -> str:
        """To something that may be begun: `("start", kind, id)`."""
        return self.make("start", kind, id)

    def _seal(self, body: bytes) -> bytes:
        return hmac.new(self._key, _ABOUT + body, hashlib.sha256).digest()[:_SEAL]


def _spelled(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: Any) -> bytes:
    """What a text spells, if it does in the one way in which we spell it."""
    if not isinstance(text, str) or not 0 < len(text) <= LONGEST or not text.isascii():
        return b""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""
    return raw if _spelled(raw) == text else b""
