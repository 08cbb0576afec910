"""Values with their places: what a YAML file is made of once it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from flows.values import Json

Loc: TypeAlias = tuple[str | int, ...]
"""Keys and positions from the top of a document down to a value."""


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A value without parts. `begin` and `end` are offsets into the text."""

    begin: int
    end: int
    value: Json


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """A list."""

    begin: int
    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """A mapping: key → (offset of the key, value)."""

    begin: int
    entries: dict[str, tuple[int, Node]] = field(default_factory=dict)


Node: TypeAlias = Scalar | Items | Entries


def plain(node: Node) -> Json:
    """The value of a node, without positions."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, (_, value) in node.entries.items()}


def child(node: Node | None, part: str | int) -> Node | None:
    """What stands under a key or at a position. A position also finds its way into a
    mapping: `options` may be written as either."""
    if isinstance(node, Items) and isinstance(part, int):
        return node.items[part] if part < len(node.items) else None
    if isinstance(node, Entries):
        if isinstance(part, int) and 0 <= part < len(node.entries):
            return list(node.entries.values())[part][1]
        found = node.entries.get(str(part))
        return found[1] if found is not None else None
    return None


def scalars(node: Node | None, loc: Loc = ()) -> Iterator[tuple[Loc, Scalar]]:
    """Every value without parts, with its place."""
    if isinstance(node, Scalar):
        yield loc, node
    elif isinstance(node, Items):
        for index, item in enumerate(node.items):
            yield from scalars(item, (*loc, index))
    elif isinstance(node, Entries):
        for key, (_, value) in node.entries.items():
            yield from scalars(value, (*loc, key))


def key_offset(node: Node | None, part: str | int) -> int | None:
    if not isinstance(node, Entries):
        return None
    if isinstance(part, int):
        return list(node.entries.values())[part][0] if part < len(node.entries) else None
    found = node.entries.get(part)
    return found[0] if found is not None else None
