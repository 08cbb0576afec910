"""From the bytes of an answer to plain JSON that may be stored, compared and shown. Pure."""

from __future__ import annotations

import codecs
from email.message import Message
from typing import Final

import msgspec

from bot.connectors.limits import Limits
from bot.connectors.secrets import Secrets
from bot.errors import CallFailed
from flows.values import Json

NOT_JSON: Final = "the answer is not valid JSON"


def understood(body: bytes, content_type: str, secrets: Secrets, limits: Limits) -> Json:
    """The body as JSON if it says that it is, else as text; without NUL, and masked.

    Raises CallFailed for JSON that is broken, too deep or too large, NaN included.
    """
    kind, charset = _kind(content_type)
    if not body:
        return None
    if kind == "application/json" or kind.endswith("+json"):
        value = _parsed(body, limits)
    else:
        value = _text(body, charset)
    return _Clean(secrets, limits).value(value, 0)


def plain(text: str) -> str:
    """A text without what no database stores: NUL, and halves of a character."""
    return (
        text.replace("\0", "").encode("utf-8", "replace").decode()
        if not text.isascii() or "\0" in text
        else text
    )


def _kind(content_type: str) -> tuple[str, str]:
    header = Message()
    header["content-type"] = content_type[:200]
    charset = header.get_param("charset", "utf-8")
    return header.get_content_type(), charset if isinstance(charset, str) else "utf-8"


def _parsed(body: bytes, limits: Limits) -> Json:
    try:
        return msgspec.json.decode(body.removeprefix(codecs.BOM_UTF8))
    except RecursionError:
        raise CallFailed(f"the answer is nested deeper than {limits.depth} levels") from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise CallFailed(NOT_JSON) from None


def _text(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset, "replace")
    except (LookupError, ValueError, TypeError):  # no such charset, or one that is no text
        return body.decode("utf-8", "replace")


class _Clean:
    """Walks an answer once: counts, cleans and masks."""

    def __init__(self, secrets: Secrets, limits: Limits) -> None:
        self._secrets, self._limits = secrets, limits
        self._left = limits.nodes

    def value(self, value: Json, depth: int) -> Json:
        self._left -= 1
        if self._left < 0:
            raise CallFailed(f"the answer has more than {self._limits.nodes} values")
        if isinstance(value, str):
            return self._secrets.mask(plain(value))
        if isinstance(value, dict | list):
            if depth >= self._limits.depth:
                raise CallFailed(f"the answer is nested deeper than {self._limits.depth} levels")
            return self._inside(value, depth + 1)
        if isinstance(value, int | float) and self._secrets.shows(str(value)):
            return self._secrets.mask(str(value))
        return value

    def _inside(self, value: Json, depth: int) -> Json:
        if isinstance(value, list):
            return [self.value(item, depth) for item in value]
        return {self._secrets.mask(plain(key)): self.value(item, depth) for key, item in value.items()}
