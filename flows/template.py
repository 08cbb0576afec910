"""Texts with variables: `$NAME`, `${a.b}`, `${x:-default}`, `${x:?message}`, `$$`.

Parsed once at load, filled in one pass. A value is data: what it contains is never read
again as a template (safety: values are never re-scanned).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

from flows.values import MISSING, Json, Missing, as_text

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_PATH = r"[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*"
_TOKEN = re.compile(
    rf"\$(?:(?P<dollar>\$)|(?P<name>{_NAME})"
    rf"|\{{(?P<path>{_PATH})(?::(?P<op>[-?])(?P<rest>[^}}]*))?\}}|(?P<bad>\{{|))"
)


class Lookup(Protocol):
    """Where values come from: a path in, a value or `MISSING` out."""

    def lookup(self, path: str) -> Json | Missing: ...


@dataclass(frozen=True, slots=True)
class Ref:
    """One variable in a text; `at` is its offset there."""

    path: str
    default: str | None
    at: int


class Unresolved(Exception):  # noqa: N818  (reads as what happened)
    """A text that must be complete names variables that have no value."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        super().__init__("no value for " + ", ".join(f"${{{path}}}" for path in paths))
        self.paths = paths


class Template:
    """A parsed text. Equal and hashable by its source."""

    __slots__ = ("parts", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        self.parts: tuple[str | Ref, ...] = tuple(_parse(source))

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
        parts = self.parts
        if len(parts) == 1 and isinstance(parts[0], str):
            return parts[0]
        return "".join(
            part if isinstance(part, str) else as_text(_value(part, scope, missing))
            for part in parts
        )

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
        """The same structure with every text filled."""
        return _fill(self.compiled, scope, missing)

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
            default = token["rest"] if token["op"] == "-" else None
            yield Ref(token["name"] or token["path"], default, token.start())
    text += source[position:]
    if text or not source:
        yield text


def _value(ref: Ref, scope: Lookup, missing: list[str]) -> Json | Missing:
    found = scope.lookup(ref.path)
    if ref.default is not None and (found is MISSING or found is None or found == ""):
        return ref.default
    if found is MISSING:
        missing.append(ref.path)
    return found


MAX_DEPTH = 32


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


def _fill(compiled: Json, scope: Lookup, missing: list[str]) -> Json:
    if isinstance(compiled, Template):
        return compiled.value(scope, missing)
    if isinstance(compiled, list):
        return [_fill(item, scope, missing) for item in compiled]
    if isinstance(compiled, dict):
        return {key: _fill(item, scope, missing) for key, item in compiled.items()}
    return compiled
