"""Reading JSON of which nothing is known: what is not there, or of another kind, is empty.

Slack signs what it sends and has still sent null where its documents say otherwise (an
organisation-wide app gets `team: null`), so that no read of ours may raise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from bot.runtime.wire import writable

ID: Final = 255
"""Characters of an id; what is longer is none."""
_NO_ID: Final = re.compile(r"[\x00-\x20\x7f-\x9f\ud800-\udfff]")
_NONE: Final[Mapping[str, Any]] = {}


def at(found: Any, *path: str) -> Any:
    """What stands at a path of keys; None where there is nothing."""
    for key in path:
        if not isinstance(found, dict):  # as JSON is read; asking for any mapping costs ten times as much
            return None
        found = found.get(key)
    return found


def table(found: Any, *path: str) -> Mapping[str, Any]:
    """The object at a path; an empty one where there is none."""
    value = at(found, *path)
    return value if isinstance(value, dict) else _NONE


def items(found: Any, *path: str, most: int = 100) -> list[Any]:
    """The first things of the list at a path."""
    value = at(found, *path)
    return value[:most] if isinstance(value, list) else []


def text(found: Any, *path: str, most: int = 40_000) -> str:
    """The text at a path as a database can keep it, cut to `most` characters."""
    value = at(found, *path)
    return writable(value[:most]) if isinstance(value, str) else ""


def name(found: Any, *path: str, most: int = ID) -> str:
    """The id at a path: whole, in one word, or empty. A cut one would mean somebody else."""
    value = at(found, *path)
    whole = isinstance(value, str) and len(value) <= most and _NO_ID.search(value) is None
    return value if whole else ""


def flag(found: Any, *path: str) -> bool:
    """True only for true."""
    return at(found, *path) is True
