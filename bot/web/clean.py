"""Text at the door: what one of the databases could not store is taken out, once."""

from __future__ import annotations

import json

import msgspec

from flows.values import Json


def clean(text: str) -> str:
    """`text` without NUL and without halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def cleaned_json(data: bytes) -> Json:
    """JSON with every text in it cleaned. Raises ValueError, msgspec.DecodeError, RecursionError.

    msgspec refuses a lone surrogate, which browsers do send (half of an emoji, cut by a
    length limit); the standard library reads it, so it gets the second try.
    """
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        if b"\\ud" not in data.lower():
            raise
        value = json.loads(data)
    return _cleaned(value)


def _cleaned(value: Json) -> Json:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): _cleaned(item) for key, item in value.items()}
    return value
