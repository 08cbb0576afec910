"""Whether a condition on a text can hold for a text of which the variables are not known."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from flows.conditions import OPERATORS, Row
from flows.template import Ref, Template

GENERATED: Final = Template("Runbook failed: ${error}")
"""How every failure without an End begins (DECISIONS 5)."""
CUT_SHORT: Final = (
    Template("Runbook failed: cancelled by ${error}"),
    Template("Runbook failed: interrupted at step ${error}"),
    Template("Runbook failed: it took longer than ${error}"),
)
"""Those of them that an author may well ask for."""
_POSITIVE: Final = {"not_contains": "contains", "is_not": "is", "none_of": "one_of"}


class Match(IntEnum):
    """For no value of the variables, for some, for all."""

    NO = 0
    MAYBE = 1
    YES = 2


def match(row: Row, wanted: str, text: Template, inert: frozenset[str]) -> Match:
    """How a row, or its opposite if it is negative, fares with a text. `inert` variables only
    repeat what somebody gave; they are taken not to hold the word that is looked for."""
    operator = _POSITIVE.get(row.operator, row.operator)
    parts = [part if row.exact or isinstance(part, Ref) else part.casefold() for part in text.parts]
    wanted = wanted if row.exact else wanted.casefold()
    literals = [part for part in parts if isinstance(part, str)]
    open_ = any(isinstance(part, Ref) and part.path.split(".")[0] not in inert for part in parts)
    if operator == "contains":
        if any(wanted in literal for literal in literals):
            return Match.YES
        return Match.MAYBE if open_ else Match.NO
    if not any(isinstance(part, Ref) for part in parts):
        return Match.YES if _holds(row, operator, "".join(literals), wanted) else Match.NO
    if operator == "starts_with":
        return _edge(parts[0], wanted, at_end=False)
    if operator == "ends_with":
        return _edge(parts[-1], wanted, at_end=True)
    if operator in ("is", "one_of"):
        return Match.MAYBE if _could_be(parts, wanted) else Match.NO
    if operator == "matches" and any(row.pattern.search(literal) for literal in literals):
        return Match.YES
    return Match.MAYBE


def _holds(row: Row, operator: str, text: str, wanted: str) -> bool:
    if operator == "one_of":
        return text == wanted
    return OPERATORS[operator][1](text, row.pattern if operator == "matches" else wanted, row.exact)


def _edge(part: str | Ref, wanted: str, *, at_end: bool) -> Match:
    """The first or last part of a text that also has variables."""
    if isinstance(part, Ref):
        return Match.MAYBE
    fits = part.endswith if at_end else part.startswith
    if fits(wanted):
        return Match.YES
    longer = wanted.endswith(part) if at_end else wanted.startswith(part)
    return Match.MAYBE if longer else Match.NO


def _could_be(parts: list[str | Ref], wanted: str) -> bool:
    """Whether some values make the text equal to `wanted`: the literals come in their order."""
    if isinstance(parts[0], str) and not wanted.startswith(parts[0]):
        return False
    if isinstance(parts[-1], str) and not wanted.endswith(parts[-1]):
        return False
    position = 0
    for part in parts:
        if isinstance(part, str):
            position = wanted.find(part, position)
            if position < 0:
                return False
            position += len(part)
    return True
