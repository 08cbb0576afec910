"""Texts with variables: `$NAME`, `${a.b}`, `${x:-default}`, `${x:?message}`, `$$`.

Parsed once at load, filled in one pass. A value is data: what it contains is never read
again as a template (safety: values are never re-scanned). What is filled in stays below a
size, so that no text can eat the memory by naming a long value often.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

from flows.values import MISSING, Json, Missing, as_text

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_PATH = r"[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*"
_TOKEN = re.compile(
    rf"\$(?:(?P<dollar>\$)|(?P<name>{_NAME})"
    rf"|\{{(?P<path>{_PATH})(?::(?P<op>[-?])(?P<rest>[^}}]*))?\}}|(?P<bad>\{{|))"
)
_NESTED = re.compile(rf"\$(?:{_NAME}|\{{)")

MAX_TEXT: Final = 256 * 1024
"""Characters of a filled text (safety 8)."""
MAX_TREE: Final = 1024 * 1024
"""Characters of all texts of a filled structure, and `NODE` for each value in it: about as
much as an outside system may answer."""
NODE: Final = 8
MAX_DEPTH: Final = 32
MAX_VALUE_DEPTH: Final = 64
"""Of a value that is filled in. A value may hold older ones, but not for ever."""
TOO_LARGE: Final = "too large"


class Lookup(Protocol):
    """Where values come from: a path in, a value or `MISSING` out."""

    def lookup(self, path: str) -> Json | Missing: ...


@dataclass(frozen=True, slots=True)
class Ref:
    """One variable in a text; `at` is its offset there. `demand`: what the author says
    (`:?`) when it has no value."""

    path: str
    default: str | None
    at: int
    demand: str | None = None


class Unresolved(Exception):
    """A text that must be complete names variables that have no value. `paths` as `missing`
    of `Template.text`: a path, and in brackets why if there is more to say."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        named = (path.partition(" ") for path in paths)
        super().__init__("no value for " + ", ".join(f"${{{path}}}{gap}{why}" for path, gap, why in named))
        self.paths = paths


class Template:
    """A parsed text. Equal and hashable by its source."""

    __slots__ = ("parts", "plain", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        self.parts: tuple[str | Ref, ...] = tuple(_parse(source))
        first = self.parts[0]
        self.plain = first if len(self.parts) == 1 and isinstance(first, str) else None
        """The text of one that names no variable."""

    def __repr__(self) -> str:
        return f"Template({self.source!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Template) and other.source == self.source

    def __hash__(self) -> int:
        return hash(self.source)

    @property
    def refs(self) -> tuple[Ref, ...]:
        """The variables it names, in order."""
        return tuple(part for part in self.parts if isinstance(part, Ref))

    def text(self, scope: Lookup, missing: list[str]) -> str:
        """The filled text; what has no value is empty and its path is added to `missing`."""
        if self.plain is not None:
            return self.plain
        filled: list[str] = []
        room, ref = MAX_TEXT, None
        for part in self.parts:
            if isinstance(part, str):
                text = part
            else:
                ref, text = part, as_text(_value(part, scope, missing))
            room -= len(text)
            if room < 0:
                missing.append(_because(ref, TOO_LARGE))
                break
            filled.append(text)
        return "".join(filled)

    def value(self, scope: Lookup, missing: list[str]) -> Json:
        """As `text`, but one variable and nothing else keeps its type."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Ref):
            found = _value(self.parts[0], scope, missing)
            return None if found is MISSING else found
        return self.text(scope, missing)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(
            cls,
            core_schema.str_schema(strict=True, max_length=16_384),
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda template: template.source, return_schema=core_schema.str_schema()
            ),
        )


class Tree:
    """A JSON value whose texts are templates. Filled after parsing, so that no value can
    ever change the structure around it."""

    __slots__ = ("compiled", "source")

    def __init__(self, source: Json) -> None:
        self.source = source
        self.compiled = _compile(source, 0)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tree) and other.source == self.source

    def __hash__(self) -> int:
        return hash(repr(self.source))

    @property
    def templates(self) -> tuple[Template, ...]:
        """Every text in it, in order."""
        return tuple(_templates(self.compiled))

    def fill(self, scope: Lookup, missing: list[str]) -> Json:
        """The same structure with every text filled. A value for which there is no more
        room is None, and its path is added to `missing`."""
        return _Filling(scope, missing).fill(self.compiled)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(
            cls,
            core_schema.any_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda tree: tree.source),
        )


def fill(fields: Mapping[str, Tree], scope: Lookup) -> dict[str, Json]:
    """All of `fields`, or `Unresolved` naming everything that has no value (D10)."""
    missing: list[str] = []
    filled = {name: tree.fill(scope, missing) for name, tree in fields.items()}
    if missing:
        raise Unresolved(tuple(dict.fromkeys(missing)))
    return filled


def _parse(source: str) -> Iterator[str | Ref]:
    position, text = 0, ""
    for token in _TOKEN.finditer(source):
        text += source[position : token.start()]
        position = token.end()
        if token["dollar"]:
            text += "$"
        elif token["bad"] == "{":
            raise ValueError(
                f"`{source[token.start() : token.start() + 20]}` is not a variable: "
                "write ${name}, ${name.part} or ${name:-default}; a plain dollar sign is $$"
            )
        elif token["bad"] is not None:
            text += "$"  # "costs $5" means what it says
        else:
            if text:
                yield text
            text = ""
            yield _ref(token, source)
    text += source[position:]
    if text or not source:
        yield text


def _ref(token: re.Match[str], source: str) -> Ref:
    operator, rest = token["op"], token["rest"]
    if rest is not None and _NESTED.search(rest):
        raise ValueError(f"`{token[0]}` of `{source[:40]}`: what follows :{operator} is plain text")
    path = token["name"] or token["path"]
    return Ref(path, rest if operator == "-" else None, token.start(), rest if operator == "?" else None)


def _value(ref: Ref, scope: Lookup, missing: list[str]) -> Json | Missing:
    found = scope.lookup(ref.path)
    if found is MISSING or found is None or found == "":
        if ref.default is not None:
            return ref.default
        if ref.demand is not None:
            missing.append(_because(ref, ref.demand))
        elif found is MISSING:
            missing.append(ref.path)
    return found


def _because(ref: Ref | None, reason: str) -> str:
    path = ref.path if ref else "text"
    return f"{path} ({reason})" if reason else path


def _compile(source: Json, depth: int) -> Json:
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(source, str):
        return Template(source)
    if isinstance(source, list | tuple):
        return [_compile(item, depth + 1) for item in source]
    if isinstance(source, dict):
        return {str(key): _compile(item, depth + 1) for key, item in source.items()}
    return source


def _templates(compiled: Json) -> Iterator[Template]:
    if isinstance(compiled, Template):
        yield compiled
    elif isinstance(compiled, list):
        for item in compiled:
            yield from _templates(item)
    elif isinstance(compiled, dict):
        for item in compiled.values():
            yield from _templates(item)


class _Filling:
    """One structure being filled, and the room that is left in it."""

    __slots__ = ("missing", "room", "scope")

    def __init__(self, scope: Lookup, missing: list[str]) -> None:
        self.scope, self.missing, self.room = scope, missing, MAX_TREE

    def fill(self, compiled: Json) -> Json:
        if isinstance(compiled, Template):
            return self.text(compiled)
        if isinstance(compiled, list):
            return [self.fill(item) for item in compiled]
        if isinstance(compiled, dict):
            return {key: self.fill(item) for key, item in compiled.items()}
        return compiled

    def text(self, template: Template) -> Json:
        if template.plain is not None:
            return template.plain
        value = template.value(self.scope, self.missing)
        room = _room(value, self.room, MAX_VALUE_DEPTH)
        if room < 0:
            self.missing.append(_because(next(iter(template.refs), None), TOO_LARGE))
            return None
        self.room = room
        return value


def _room(value: Json, room: int, depth: int) -> int:
    """What is left of `room` beside a value; below 0 it does not fit, or is nested too deep.
    Looks no further than the room goes."""
    room -= NODE
    if isinstance(value, str):
        return room - len(value)
    if not isinstance(value, dict | list):
        return room
    if depth == 0:
        return -1
    for inner in value.values() if isinstance(value, dict) else value:
        room = _room(inner, room, depth - 1)
        if room < 0:
            return room
    return room - sum(map(len, value)) if isinstance(value, dict) else room
