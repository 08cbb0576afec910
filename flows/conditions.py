"""Conditions as rows: `{RUNBOOKRESULT: {contains: failed}}`, with `any`, `all` and `not`.

Several rows, and several operators in a row, must all hold. Text tests ignore case unless
the row says `exact: true` (D4). A missing value is not equal, contains nothing, is empty;
it is never an error in the middle of a chat. Patterns use RE2, whose time is linear in the
text, and are compiled at load.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import re2
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from flows.template import Lookup, Tree
from flows.values import MISSING, Json, Missing, as_text
from flows.variables import title

MAX_MATCHED = 4096  # characters of a value that a pattern looks at (safety 8)


def compile_pattern(pattern: str) -> Any:
    """An RE2 pattern, or ValueError with RE2's reason. Look-arounds do not exist in RE2."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error.args[0]
        raise ValueError(f"`{pattern}` is not a pattern: {reason}") from error


def _number(value: Json | Missing) -> float | None:
    if isinstance(value, bool) or value is MISSING:
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return None


def _same(left: Json | Missing, right: Json, exact: bool) -> bool:
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


def _contains(value: Json | Missing, wanted: Json, exact: bool) -> bool:
    if isinstance(value, list):
        return any(_same(item, wanted, exact) for item in value)
    text, part = as_text(value), as_text(wanted)
    return part in text if exact else part.casefold() in text.casefold()


def _edge(value: Json | Missing, wanted: Json, exact: bool, at_end: bool) -> bool:
    text, part = as_text(value), as_text(wanted)
    if not exact:
        text, part = text.casefold(), part.casefold()
    return text.endswith(part) if at_end else text.startswith(part)


def _compared(value: Json | Missing, wanted: Json, test: Callable[[float, float], bool]) -> bool:
    left, right = _number(value), _number(wanted)
    return left is not None and right is not None and test(left, right)


def _empty(value: Json | Missing, wanted: Json) -> bool:
    nothing = value is MISSING or value is None or value == "" or value == [] or value == {}
    return nothing is bool(wanted)


Operator = Callable[[Json | Missing, Json, bool], bool]
OPERATORS: Final[dict[str, tuple[str, Operator]]] = {
    "is": ("is", _same),
    "is_not": ("is not", lambda v, w, x: not _same(v, w, x)),
    "contains": ("contains", _contains),
    "not_contains": ("does not contain", lambda v, w, x: not _contains(v, w, x)),
    "starts_with": ("starts with", lambda v, w, x: _edge(v, w, x, at_end=False)),
    "ends_with": ("ends with", lambda v, w, x: _edge(v, w, x, at_end=True)),
    "matches": ("matches", lambda v, w, x: bool(w.search(as_text(v)[:MAX_MATCHED]))),
    "one_of": ("is one of", lambda v, w, x: any(_same(v, item, x) for item in w)),
    "none_of": ("is none of", lambda v, w, x: not any(_same(v, item, x) for item in w)),
    "empty": ("is empty", lambda v, w, x: _empty(v, w)),
    "above": ("is above", lambda v, w, x: _compared(v, w, lambda a, b: a > b)),
    "at_least": ("is at least", lambda v, w, x: _compared(v, w, lambda a, b: a >= b)),
    "below": ("is below", lambda v, w, x: _compared(v, w, lambda a, b: a < b)),
    "at_most": ("is at most", lambda v, w, x: _compared(v, w, lambda a, b: a <= b)),
}
GROUPS: Final = ("any", "all", "not")
MAX_DEPTH = 8


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
        found = scope.lookup(self.field)
        wanted = self.wanted.fill(scope, [])
        words, operator = OPERATORS[self.operator]
        met = operator(found, self.pattern if self.operator == "matches" else wanted, self.exact)
        shown = as_text(found)
        shown = shown if len(shown) <= 80 else shown[:79] + "…"
        sentence = f'{title(self.field)} "{shown}" {words} "{as_text(wanted)}" → {"yes" if met else "no"}'
        return Verdict(met, sentence)


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
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(
            cls,
            core_schema.any_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda condition: condition.source),
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
            "properties": {"any": {"type": "array"}, "all": {"type": "array"}, "not": {"type": "object"}},
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
        yield _row(field, operator, wanted, exact)


def _row(field: str, operator: str, wanted: Json, exact: bool) -> Row:
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
