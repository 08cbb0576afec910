"""Durations as authors write them: `30s`, `10m`, `2h`, `1d`, `1m30s`, `500ms`."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_WHOLE = re.compile(r"(?:\d{1,6}(?:\.\d{1,3})?(?:ms|s|m|h|d))+", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)
LONGEST = 366 * 86400.0


def seconds(text: object) -> float:
    """`1m30s` → 90.0. ValueError says what a duration looks like."""
    if not isinstance(text, str) or not _WHOLE.fullmatch(text):
        raise ValueError(f"`{text}` is not a duration: write 30s, 10m, 2h or 1m30s")
    total = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    if total > LONGEST:
        raise ValueError(f"`{text}` is longer than a year")
    return total


def spoken(value: float) -> str:
    """90.0 → `1m30s`: the shortest spelling back, exact to the millisecond."""
    left, parts = round(value * 1000), []
    for unit in ("d", "h", "m", "s", "ms"):
        size = round(_UNITS[unit] * 1000)
        if left >= size:
            parts.append(f"{left // size}{unit}")
            left %= size
    return "".join(parts) or "0s"


Duration = Annotated[
    float,
    BeforeValidator(seconds),
    WithJsonSchema(
        {"type": "string", "pattern": r"^(\d+(\.\d+)?(ms|s|m|h|d))+$", "examples": ["30s", "10m"]}
    ),
]
