"""The ways through a flow: edges, what is reached, and facts carried along."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import NamedTuple, TypeVar

from flows.checker.view import Place, View

EACH = "each"  # from a loop into its body
ROUND = "round"  # from the end of a body back to its loop

F = TypeVar("F", bound=Hashable)


class Edge(NamedTuple):
    """One way from a step to a step."""

    exit: str
    target: str


class Paths:
    """The graph of a flow whose steps are told apart by name."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.edges = {place.id: list(_edges(view, place)) for place in view.places}
        self.start = view.places[0].id
        self.reached = self._reached()

    def off_the_end(self) -> Iterator[tuple[Place, str]]:
        """Steps that are reached, with an exit after which there is no further step."""
        for place in self.view.places:
            node = place.node
            if place.id not in self.reached or node.loops or node.following is not None:
                continue
            for exit in place.step.exits():
                if exit.target is None and exit.falls:
                    yield place, exit.name

    def cycles(self, through: Callable[[Place], bool]) -> list[set[str]]:
        """Groups of steps that lead to each other by way of such steps alone, the rounds of
        loops aside. (Tarjan, without recursion.)"""
        allowed = {place.id for place in self.view.places if place.id in self.reached and through(place)}
        ways = {
            id: [edge.target for edge in self.edges[id] if edge.exit != ROUND and edge.target in allowed]
            for id in allowed
        }
        return [group for group in _groups(ways) if len(group) > 1 or any(id in ways[id] for id in group)]

    def carried(
        self,
        initial: frozenset[F],
        carry: Callable[[Place, str, frozenset[F]], frozenset[F] | None],
        *,
        every: bool = False,
    ) -> dict[str, frozenset[F]]:
        """What holds on entering each step: on some way there, or with `every` on all ways.
        `carry` says what holds after leaving a step by an exit; None if that never happens."""
        holds: dict[str, frozenset[F]] = {self.start: initial}
        waiting = [self.start]
        while waiting:
            id = waiting.pop()
            place = self.view.by_id[id]
            for edge in self.edges[id]:
                facts = carry(place, edge.exit, holds[id])
                if facts is None:
                    continue
                before = holds.get(edge.target)
                after = facts if before is None else before & facts if every else before | facts
                if after != before:
                    holds[edge.target] = after
                    waiting.append(edge.target)
        return holds

    def _reached(self) -> set[str]:
        found, waiting = {self.start}, [self.start]
        while waiting:
            for edge in self.edges[waiting.pop()]:
                if edge.target not in found:
                    found.add(edge.target)
                    waiting.append(edge.target)
        return found


def enters_a_loop(place: Place, to: Place) -> bool:
    """Whether a way leads to the inside of a loop that it does not come from."""
    return to.node.loops != place.node.loops[: len(to.node.loops)]


def _edges(view: View, place: Place) -> Iterator[Edge]:
    node = place.node
    if node.first is not None:
        yield Edge(EACH, node.first)
    for exit in place.step.exits():
        target = exit.target or (node.following if exit.falls else None)
        to = view.by_id.get(target or "")
        if target is not None and to is not None and not enters_a_loop(place, to):
            yield Edge(exit.name, target)
        elif target is None and exit.falls and node.loops:
            yield Edge(ROUND, node.loops[-1])


def _groups(ways: dict[str, list[str]]) -> Iterable[set[str]]:
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    open_: list[str] = []
    inside: set[str] = set()
    for root, first in ways.items():
        if root in index:
            continue
        work = [(root, iter(first))]
        index[root] = low[root] = len(index)
        open_.append(root)
        inside.add(root)
        while work:
            id, targets = work[-1]
            for target in targets:
                if target not in index:
                    index[target] = low[target] = len(index)
                    open_.append(target)
                    inside.add(target)
                    work.append((target, iter(ways[target])))
                    break
                if target in inside:
                    low[id] = min(low[id], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[id])
                if low[id] == index[id]:
                    group = set(open_[open_.index(id) :])
                    del open_[open_.index(id) :]
                    inside -= group
                    yield group
