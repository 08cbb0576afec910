"""Conditions as rows: `{RUNBOOKRESULT: {contains: failed}}`, with `any`, `all` and `not`.

Several rows, and several operators in a row, must all hold. Text tests ignore case unless
the row says `exact: true` (D4). A missing value is not equal, contains nothing, is empty;
it is never an error in the middle of a chat. That goes for both sides: a row that compares
with a variable that has no value does not hold, unless it asks for a difference. Patterns
use RE2, whose time is linear in the text, and are compiled at load.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from flows.operators import OPERATORS
from flows.patterns import compile_pattern
from flows.template import Lookup, Tree
from flows.values import MISSING, Json, Missing, as_text
from flows.variables import title

__all__ = ["GROUPS", "OPERATORS", "Condition", "Group", "Row", "Verdict", "compile_pattern"]

SHOWN: Final = 80  # characters of a value in a sentence
SHOWN_ITEMS: Final = 10
GROUPS: Final = ("any", "all", "not")
MAX_DEPTH: Final = 8


class Verdict(NamedTuple):
    """Whether a condition holds, and the sentence a trace prints about it."""

    met: bool
    because: str


@dataclass(frozen=True, slots=True)
class Row:
    """One field, one operator, one wanted value (a tree: it may name other variables)."""

    field: str
    operator: str
    wanted: Tree
    exact: bool = False
    pattern: Any = None

    def test(self, scope: Lookup) -> Verdict:
        """Whether it holds, and the sentence about it. Never raises."""
        found, wanted = scope.lookup(self.field), self._filled(scope)
        words, operator = OPERATORS[self.operator]
        met = operator(found, self.pattern if self.operator == "matches" else wanted, self.exact)
        answer = "yes" if met else "no"
        return Verdict(met, f'{title(self.field)} "{_shown(found)}" {words} "{_shown(wanted)}" → {answer}')

    def _filled(self, scope: Lookup) -> Json | Missing:
        missing: list[str] = []
        wanted = self.wanted.fill(scope, missing)
        if not missing:
            return wanted
        if isinstance(wanted, list):  # what is left of a list to choose from
            return [item for item in wanted if item is not None]
        return MISSING


def _shown(value: Json | Missing) -> str:
    """A value as a trace shows it, without writing out what is long."""
    if isinstance(value, list | dict) and len(value) > SHOWN_ITEMS:
        return f"{len(value)} elements"
    text = as_text(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


@dataclass(frozen=True, slots=True)
class Group:
    """`all`, `any` or `not` over rows and groups."""

    word: str
    members: tuple[Row | Group, ...]

    def test(self, scope: Lookup) -> Verdict:
        verdicts = [member.test(scope) for member in self.members]
        met = any(v.met for v in verdicts) if self.word == "any" else all(v.met for v in verdicts)
        told = "; ".join(verdict.because for verdict in verdicts)
        if self.word == "not":
            return Verdict(not met, f"not ({told})")
        return Verdict(met, f"any of ({told})" if self.word == "any" else told)

    def rows(self) -> Iterator[Row]:
        """Every row in it, for the checker."""
        for member in self.members:
            if isinstance(member, Row):
                yield member
            else:
                yield from member.rows()


class Condition:
    """A condition as its file says it. `test` answers and explains; it never raises."""

    __slots__ = ("group", "source")

    def __init__(self, source: Json) -> None:
        self.source = source
        self.group = _group("all", source, 0)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Condition) and other.source == self.source

    def __hash__(self) -> int:
        return hash(repr(self.source))

    def test(self, scope: Lookup) -> Verdict:
        return self.group.test(scope)

    def rows(self) -> Iterator[Row]:
        return self.group.rows()

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(
            cls,
            core_schema.any_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda condition: condition.source
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        row = {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "properties": {name: {"description": words} for name, (words, _) in OPERATORS.items()}
            | {"exact": {"type": "boolean", "description": "tell upper and lower case apart"}},
        }
        return {
            "type": "object",
            "minProperties": 1,
            "description": "Rows {field: {operator: value}}; all must hold. any:, all: and not: nest.",
            "properties": {key: {"type": ["array", "object"]} for key in GROUPS},
            "additionalProperties": row,
        }


def _group(word: str, source: Json, depth: int) -> Group:
    if depth > MAX_DEPTH:
        raise ValueError(f"conditions nested deeper than {MAX_DEPTH} levels")
    if not isinstance(source, dict) or not source:
        raise ValueError("a condition is rows like {RUNBOOKRESULT: {contains: failed}}")
    members: list[Row | Group] = []
    for key, inner in source.items():
        if key in GROUPS:
            listed = inner if isinstance(inner, list) else [inner]
            if not listed:
                raise ValueError(f"`{key}` has no conditions in it")
            parts = tuple(_group("all", item, depth + 1) for item in listed)
            members.append(Group(key, parts))
        else:
            members.extend(_rows(str(key), inner))
    return Group(word, tuple(members))


def _rows(field: str, source: Json) -> Iterator[Row]:
    if not isinstance(source, dict) or not source:
        raise ValueError(f"`{field}` wants an operator, e.g. {{{field}: {{contains: failed}}}}")
    exact = source.get("exact", False)
    if not isinstance(exact, bool):
        raise ValueError(f"`exact` of `{field}` is true or false")
    for operator, wanted in source.items():
        if operator == "exact":
            continue
        if operator not in OPERATORS:
            from difflib import get_close_matches

            near = get_close_matches(str(operator), OPERATORS, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"use one of {', '.join(OPERATORS)}"
            raise ValueError(f"`{operator}` is not an operator, {hint}")
        yield _row(field, operator, wanted, exact=exact)


def _row(field: str, operator: str, wanted: Json, *, exact: bool) -> Row:
    if operator in ("one_of", "none_of") and not isinstance(wanted, list):
        raise ValueError(f"`{operator}` wants a list, e.g. {operator}: [done, error]")
    if operator == "empty" and not isinstance(wanted, bool):
        raise ValueError("`empty` is true or false")
    if operator != "matches":
        return Row(field, operator, Tree(wanted), exact)
    if not isinstance(wanted, str):
        raise ValueError("`matches` wants a pattern in quotes")
    pattern = compile_pattern(wanted if exact else f"(?i){wanted}")
    return Row(field, operator, Tree(wanted.replace("$", "$$")), exact, pattern)
