"""What the rules look at: a definition with its steps, their places, and the other files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from flows.checker.rules import RULES
from flows.connector import Connector
from flows.documents import Profile, Runbook
from flows.flow import Node, listed, place
from flows.loading.compiling import Kind, loc_of_steps, step_places
from flows.loading.loaded import Loaded
from flows.names import nearest
from flows.problems import Problem
from flows.reading.nodes import Loc, scalars
from flows.source import MAX_PROBLEMS, Source
from flows.steps.base import Step

Definitions: TypeAlias = Mapping[Kind, Mapping[str, Loaded]]
Known: TypeAlias = Mapping[Kind, set[str]]


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A step in its flow and in its file."""

    node: Node
    loc: Loc

    @property
    def id(self) -> str:
        return self.node.id

    @property
    def step(self) -> Step:
        return self.node.step


@dataclass(frozen=True, slots=True, eq=False)
class Files:
    """All definitions that could be read; `names` has those that could not as well."""

    profiles: Mapping[str, Loaded[Profile]]
    runbooks: Mapping[str, Loaded[Runbook]]
    connectors: Mapping[str, Loaded[Connector]]
    names: Known

    def runbook(self, id: str) -> Runbook | None:
        """The runbook, if there is a good one."""
        loaded = self.runbooks.get(id)
        return None if loaded is None else loaded.document


class View:
    """One flow under check. `whole` is False where its steps are not told apart by name, and
    nothing can be said about ways through it."""

    def __init__(self, loaded: Loaded[Profile] | Loaded[Runbook], files: Files) -> None:
        self.document: Profile | Runbook = loaded.document
        self.source: Source = loaded.origin
        self.files = files
        self.whole = loaded.flow is not None
        self.kind: Literal["chat", "runbook"] = "chat" if isinstance(loaded.document, Profile) else "runbook"
        steps = list(listed(loaded.document))
        locs = step_places(steps, loc_of_steps(loaded.document))
        self.places = [Place(node, loc) for node, loc in zip(place(steps), locs, strict=True)]
        self.by_id = {found.id: found for found in self.places}

    def of_kind(self, *kinds: str) -> Iterator[Place]:
        """The steps of these kinds."""
        return (found for found in self.places if found.step.KIND in kinds)


MAX_SEARCHES = 20
"""Names looked up for suggestions in one file. One search through 500 names takes 13 ms, and a
hostile file must not make us search for long."""

Hint: TypeAlias = str | Callable[[], str]
"""What to do; or how to find that out, asked only if it will be shown."""


@dataclass(slots=True)
class Findings:
    """Collects the findings of one file."""

    source: Source
    problems: list[Problem] = field(default_factory=list)
    searches: int = 0

    @property
    def full(self) -> bool:
        """There are so many that further ones would not be shown."""
        return len(self.problems) >= MAX_PROBLEMS

    def add(self, code: str, loc: Loc, message: str, hint: Hint = "", *, key: bool = False) -> None:
        """A finding at the value of `loc`, or at its key."""
        self.at(code, self.source.offset(loc, key=key), message, hint)

    def at(self, code: str, offset: int, message: str, hint: Hint = "") -> None:
        """A finding at an offset."""
        if not self.full:
            told = hint if isinstance(hint, str) else self._searched(hint)
            self.problems.append(self.source.problem(code, offset, message, told, RULES[code].severity))

    def missing(self, code: str, place: Place, key: str, message: str, hint: Hint = "") -> None:
        """A finding about what `key` of a step lacks: there, or at the step's kind."""
        there = self.source.find((*place.loc, key)) is not None
        self.add(code, (*place.loc, key if there else place.step.KIND), message, hint, key=True)

    def _searched(self, hint: Callable[[], str]) -> str:
        self.searches += 1
        return hint() if self.searches <= MAX_SEARCHES else ""


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> Callable[[], str]:
    """The nearest known name; what to say if none is near."""

    def hint() -> str:
        near = nearest(name, known)
        return f"did you mean `{near}`?" if near else otherwise

    return hint


def exit_offset(view: View, place: Place, exit: str, target: str) -> int:
    """Where an exit's target is written: under the exit's own key if there are several."""
    inside = view.source.find(place.loc)
    spots = [
        (loc, node) for loc, node in scalars(inside) if node.value == target and loc[0] not in ("id", "steps")
    ]
    name = exit.removeprefix("option ")
    for loc, node in spots:
        if name in loc:
            return node.begin
    return spots[0][1].begin if spots else view.source.offset(place.loc)
