"""The values a flow may hold: plain JSON and nothing else.

`Json` is `Any` to the type checker: narrowing a recursive union at every use costs more
than it finds, and the doors (`normalise`, the loader, the connector) let only JSON in.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

Json: TypeAlias = Any
Vars: TypeAlias = dict[str, Json]


class Missing:
    """The answer of a look-up that found nothing; false, and never stored."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


def as_text(value: Json | Missing) -> str:
    """How a value reads inside a text: nothing for none, `true`/`false`, JSON for the rest."""
    if value is MISSING or value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, int | float):
        return str(value)
    import json

    return json.dumps(value, ensure_ascii=False)
