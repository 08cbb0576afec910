"""What the operators of condition rows mean. Each is total: any value on either side.

Whole numbers are compared exactly, however long, because ids of other systems are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from flows.patterns import MAX_MATCHED
from flows.values import MISSING, Json, Missing, as_text

_NUMBER = re.compile(r"\s*[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,3})?\s*")
_FRACTION = re.compile(r"[.eE]")
HUGE: Final = 10**400
"""No number of any use is longer, and infinity is none."""


def _number(value: Json | Missing) -> int | float | None:
    """The number that a value is or spells; whole ones stay exact, however long."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            return None
        value = float(value) if _FRACTION.search(value) else int(value)
    return value if abs(value) < HUGE else None


def _same(left: Json | Missing, right: Json | Missing, *, exact: bool) -> bool:
    if left is MISSING or left is None:
        return right is None
    if isinstance(left, bool) or isinstance(right, bool):
        return as_text(left).casefold() == as_text(right).casefold()
    if isinstance(left, int | float) or isinstance(right, int | float):
        one, two = _number(left), _number(right)
        return one is not None and one == two
    if isinstance(left, str) and isinstance(right, str) and not exact:
        return left.casefold() == right.casefold()
    return bool(left == right)


def _contains(value: Json | Missing, wanted: Json | Missing, *, exact: bool) -> bool:
    if isinstance(value, list):
        return any(_same(item, wanted, exact=exact) for item in value)
    text, part = _texts(value, wanted, exact=exact)
    return part is not None and part in text


def _edge(value: Json | Missing, wanted: Json | Missing, *, exact: bool, at_end: bool) -> bool:
    text, part = _texts(value, wanted, exact=exact)
    if part is None:
        return False
    return text.endswith(part) if at_end else text.startswith(part)


def _texts(value: Json | Missing, wanted: Json | Missing, *, exact: bool) -> tuple[str, str | None]:
    """Both sides as texts to compare; None: there is nothing to look for."""
    if value is MISSING or wanted is MISSING:
        return "", None
    text, part = as_text(value), as_text(wanted)
    return (text, part) if exact else (text.casefold(), part.casefold())


def _one_of(value: Json | Missing, wanted: Json | Missing, *, exact: bool) -> bool:
    return isinstance(wanted, list) and any(_same(value, item, exact=exact) for item in wanted)


def _matches(value: Json | Missing, pattern: Any) -> bool:
    return pattern.search(as_text(value)[:MAX_MATCHED]) is not None


def _compared(value: Json | Missing, wanted: Json | Missing, test: Callable[[float, float], bool]) -> bool:
    left, right = _number(value), _number(wanted)
    return left is not None and right is not None and test(left, right)


def _empty(value: Json | Missing, wanted: Json | Missing) -> bool:
    nothing = value is MISSING or value is None or value in ("", [], {})
    return nothing is bool(wanted)


Operator = Callable[[Json | Missing, Json | Missing, bool], bool]
OPERATORS: Final[dict[str, tuple[str, Operator]]] = {
    "is": ("is", lambda v, w, x: _same(v, w, exact=x)),
    "is_not": ("is not", lambda v, w, x: not _same(v, w, exact=x)),
    "contains": ("contains", lambda v, w, x: _contains(v, w, exact=x)),
    "not_contains": ("does not contain", lambda v, w, x: not _contains(v, w, exact=x)),
    "starts_with": ("starts with", lambda v, w, x: _edge(v, w, exact=x, at_end=False)),
    "ends_with": ("ends with", lambda v, w, x: _edge(v, w, exact=x, at_end=True)),
    "matches": ("matches", lambda v, w, x: _matches(v, w)),
    "one_of": ("is one of", lambda v, w, x: _one_of(v, w, exact=x)),
    "none_of": ("is none of", lambda v, w, x: not _one_of(v, w, exact=x)),
    "empty": ("is empty", lambda v, w, x: _empty(v, w)),
    "above": ("is above", lambda v, w, x: _compared(v, w, lambda a, b: a > b)),
    "at_least": ("is at least", lambda v, w, x: _compared(v, w, lambda a, b: a >= b)),
    "below": ("is below", lambda v, w, x: _compared(v, w, lambda a, b: a < b)),
    "at_most": ("is at most", lambda v, w, x: _compared(v, w, lambda a, b: a <= b)),
}
