"""A compiled flow: named steps, and where each exit leads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from flows.documents import Profile, Runbook
from flows.steps.ask import AskStep
from flows.steps.base import Exit, Step


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

    def target(self, exit: str) -> str | None:
        """Where an exit leads; None: off the end of its list, or nowhere."""
        found = self.exit(exit)
        if found is None:
            return None
        return found.target or (self.following if found.falls else None)

    def exit(self, name: str) -> Exit | None:
        """The exit of this name, if the step has it."""
        for exit in self.step.exits():
            if exit.name == name:
                return exit
        return None


class Flow:
    """A profile's or runbook's steps, ready to walk.

    `document` holds everything else about it; `hash` names this very content.
    """

    __slots__ = ("_targets", "document", "hash", "id", "kind", "nodes", "start")

    def __init__(self, document: Profile | Runbook, hash: str = "") -> None:
        self.document, self.id, self.hash = document, document.id, hash
        self.kind: Literal["chat", "runbook"] = "chat" if isinstance(document, Profile) else "runbook"
        self.nodes: Mapping[str, Node] = {node.id: node for node in place(listed(document))}
        self.start = next(iter(self.nodes))
        self._targets: dict[tuple[str, str], str | None] = {
            (node.id, exit.name): node.target(exit.name)
            for node in self.nodes.values()
            for exit in node.step.exits()
        }
        if isinstance(document, Profile):
            for node in self.nodes.values():
                if isinstance(node.step, AskStep) and node.step.save:
                    node.step.expecting(document.variables.get(node.step.save))

    def target(self, step: str, exit: str) -> str | None:
        """Where an exit leads; None: off the end of its list, or nowhere."""
        return self._targets.get((step, exit))

    def has_exit(self, step: str, exit: str) -> bool:
        """Whether the author gave this exit a place to go."""
        return self._targets.get((step, exit)) is not None


def listed(document: Profile | Runbook) -> Sequence[Step]:
    """The steps of a document."""
    return document.flow if isinstance(document, Profile) else document.steps


def place(steps: Sequence[Step]) -> Iterator[Node]:
    """Every step with its id and its place. Steps without an id get `KIND-N`."""
    names = _Names()
    yield from _place(list(steps), (), names)


class _Names:
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
