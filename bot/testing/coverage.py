"""Which steps a project's tests have entered, and by which exits they have left them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from flows.documents import Profile, Runbook
from flows.flow import Flow, Node
from flows.loading.loaded import Loaded
from flows.project import Project


class Noted(Flow):
    """A flow that notes where it is walked."""

    __slots__ = ("entered", "taken")

    def __init__(self, document: Profile | Runbook, hash: str) -> None:
        super().__init__(document, hash)
        self.entered: set[str] = set()
        self.taken: set[tuple[str, str]] = set()
        self.nodes = _Nodes(self.nodes, self.entered)

    def target(self, step: str, exit: str) -> str | None:
        """See `Flow.target`. The walk asks only for exits that it takes."""
        self.taken.add((step, exit))
        return super().target(step, exit)


class _Nodes(dict[str, Node]):
    """The walk looks up a step when it arrives there."""

    def __init__(self, nodes: Any, entered: set[str]) -> None:
        super().__init__(nodes)
        self._entered = entered

    def __getitem__(self, id: str) -> Node:
        self._entered.add(id)
        return super().__getitem__(id)


class FlowCoverage(NamedTuple):
    """What was walked of one profile or runbook. `missed` has the exits never taken, by step,
    in reading order; a step that was never entered has all of its exits there."""

    kind: str
    id: str
    steps: int
    entered: int
    exits: int
    taken: int
    unvisited: tuple[str, ...]
    missed: dict[str, tuple[str, ...]]


class Coverage:
    """Watch a project while tests play it: they must play `project`, not the one given."""

    def __init__(self, project: Project) -> None:
        self._flows: list[Noted] = []
        self.project = replace(
            project,
            profiles={id: self._noted(loaded) for id, loaded in project.profiles.items()},
            runbooks={id: self._noted(loaded) for id, loaded in project.runbooks.items()},
        )

    def _noted(self, loaded: Loaded[Any]) -> Loaded[Any]:
        flow = Noted(loaded.document, loaded.hash)
        self._flows.append(flow)
        return replace(loaded, flow=flow)

    def flows(self) -> list[FlowCoverage]:
        """Each profile, then each runbook."""
        return [_counted(flow) for flow in self._flows]


def _counted(flow: Noted) -> FlowCoverage:
    nodes = dict(flow.nodes.items())
    ways = {id: tuple(_ways(node)) for id, node in nodes.items()}
    missed = {
        id: left
        for id, names in ways.items()
        if (left := tuple(n for n in names if (id, n) not in flow.taken))
    }
    exits = sum(len(names) for names in ways.values())
    return FlowCoverage(
        kind="chat-profile" if flow.kind == "chat" else "runbook",
        id=flow.id,
        steps=len(nodes),
        entered=len(flow.entered),
        exits=exits,
        taken=exits - sum(len(names) for names in missed.values()),
        unvisited=tuple(id for id in nodes if id not in flow.entered),
        missed=missed,
    )


def _ways(node: Node) -> Iterator[str]:
    """The exits that the author gave a place to go; `success` where it is not written too."""
    return (way.name for way in node.step.exits() if way.target is not None or way.falls)
