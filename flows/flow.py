"""A compiled flow: named steps, and where each exit leads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from flows.documents import Profile, Runbook, Words
from flows.fields import Variable
from flows.steps.ask import fold
from flows.steps.base import Exit, Step, each, mentions

MAX_HOPS: Final = 200
"""Steps in a row without anything from outside, beside one visit to every step of the flow.
Beyond, it is a cycle that never waits (D5)."""


@dataclass(frozen=True, slots=True)
class Node:
    """A step in its place."""

    id: str
    step: Step
    following: str | None
    """The next step in the same list."""
    loops: tuple[str, ...]
    """The loops around it, outermost first."""
    first: str | None
    """The first step inside, if it is a loop."""

    def target(self, name: str) -> str | None:
        """Where an exit leads; None: off the end of its list, or nowhere."""
        found = self.exit(name)
        if found is None:
            return None
        return found.target or (self.following if found.falls else None)

    def exit(self, name: str) -> Exit | None:
        """The exit of this name, if the step has it."""
        return next((way for way in self.step.exits() if way.name == name), None)


class Flow:
    """A profile's or runbook's steps, ready to walk.

    `document` holds everything else about it; `hash` names this very content.
    """

    __slots__ = (
        "_meanings",
        "_targets",
        "declared",
        "document",
        "hash",
        "id",
        "kind",
        "most_hops",
        "nodes",
        "read",
        "secret",
        "start",
        "words",
    )

    def __init__(self, document: Profile | Runbook, hash: str = "") -> None:
        self.document, self.id, self.hash = document, document.id, hash
        self.kind: Literal["chat", "runbook"] = "chat" if isinstance(document, Profile) else "runbook"
        self.nodes: Mapping[str, Node] = {node.id: node for node in place(listed(document))}
        self.start = next(iter(self.nodes))
        self.most_hops = MAX_HOPS + len(self.nodes)
        self.words = document.words if isinstance(document, Profile) else Words()
        """The global words; a runbook hears nobody, so they mean nothing there."""
        self._meanings = {fold(spelling): self.words.meaning(spelling) for spelling in spellings(self.words)}
        self.declared: Mapping[str, Variable] = document.variables if isinstance(document, Profile) else {}
        """What the variables of a profile must look like."""
        given = document.variables if isinstance(document, Profile) else document.inputs
        self.secret = frozenset(name for name, variable in given.items() if variable.secret)
        """The variables whose values nobody may see."""
        self.read: frozenset[str] = frozenset(read(document))
        """The first parts of every variable that a text or condition names."""
        self._targets = {
            (node.id, way.name): node.target(way.name)
            for node in self.nodes.values()
            for way in node.step.exits()
        }

    def meaning(self, text: str) -> Literal["help", "start_over", "cancel"] | None:
        """Which global word a text is, if any; as `Words.meaning`, looked up."""
        return self._meanings.get(fold(text))

    def target(self, step: str, exit: str) -> str | None:
        """Where an exit leads; None: off the end of its list, or nowhere."""
        return self._targets.get((step, exit))

    def has_exit(self, step: str, exit: str) -> bool:
        """Whether the author gave this exit a place to go."""
        return self._targets.get((step, exit)) is not None


def listed(document: Profile | Runbook) -> Sequence[Step]:
    """The steps of a document."""
    return document.flow if isinstance(document, Profile) else document.steps


def spellings(words: Words) -> Iterator[str]:
    """Everything that means a global word."""
    for word in (words.help, words.start_over, words.cancel):
        if word:
            yield from word.words


def read(document: Profile | Runbook) -> Iterator[str]:
    """The first part of every path that the document reads, global words included."""
    for step in listed(document):
        for inner in each(step):
            yield from (path.split(".")[0] for path in mentions(inner))
    if isinstance(document, Profile):
        yield from (path.split(".")[0] for path in mentions(document.words))


def place(steps: Sequence[Step]) -> Iterator[Node]:
    """Every step with its id and its place. Steps without an id get `KIND-N`."""
    yield from _place(list(steps), (), _Names())


class _Names:
    """Gives out `KIND-N`, counted in reading order. The checker sees to it that no author's
    id is the same (E104)."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def of(self, step: Step) -> str:
        if step.id is not None:
            return step.id
        kind = step.KIND.replace("_", "-")
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return f"{kind}-{self.counts[kind]}"


def _place(steps: list[Step], loops: tuple[str, ...], names: _Names) -> Iterator[Node]:
    ids = [names.of(step) for step in steps]
    for index, (id, step) in enumerate(zip(ids, steps, strict=True)):
        following = ids[index + 1] if index + 1 < len(ids) else None
        inner = list(_place(list(step.body()), (*loops, id), names)) if step.body() else []
        yield Node(id, step, following, loops, inner[0].id if inner else None)
        yield from inner
