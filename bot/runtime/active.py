"""A run that this process walks, and the picture of it that people see."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal

import msgspec

from bot.access.rules import check_cancel
from bot.errors import NotAllowed
from bot.ports import Person, Progress, ProgressStep
from bot.rows import Run, Trace
from bot.runtime.secrecy import HIDES_NOTHING
from bot.runtime.wire import load_person
from flows.documents import Runbook
from flows.flow import Flow
from flows.state import State

SHOWN = 50  # steps in the picture that people see; the trace has all
OPEN = ("queued", "running", "waiting")


class Active:
    """A run being walked by this process."""

    __slots__ = (
        "calling", "depth", "flow", "mask", "outbox", "person", "rested", "rev", "row", "state", "steps", "stopped",
    )  # fmt: skip

    def __init__(self, row: Run, state: State, flow: Flow, person: Person, depth: int) -> None:
        self.row, self.state, self.flow, self.person, self.depth = row, state, flow, person, depth
        self.steps: list[ProgressStep] = []
        self.outbox: tuple[str, str] | None = None
        self.mask = HIDES_NOTHING
        """What it may show nowhere."""
        self.rev = 0
        self.calling: asyncio.Task[object] | None = None
        """The task that waits for an outside system now."""
        self.rested = asyncio.Event()
        """Set once it has come to rest: it is final, or waits."""
        self.stopped = ""
        """Who cancelled it, once somebody has."""

    @property
    def runbook(self) -> Runbook:
        """Its document."""
        assert isinstance(self.flow.document, Runbook)
        return self.flow.document


def unreadable(row: Run) -> Active:
    """A run whose definition is gone or cannot be compiled any more, in the form that can end."""
    steps = [{"end": "failure"}]
    document = Runbook.model_validate({"kind": "runbook", "id": row.runbook, "steps": steps})
    return Active(row, State(step=row.step or None), Flow(document), load_person(row.person), 0)


def shown(active: Active, path: Sequence[str], now: int, *, ok: bool, over: bool) -> None:
    """Bring the picture of the run up to date: what rested is over once it was left, what was
    entered is there. A step that waits to ask again is not over."""
    steps = active.steps
    if (path or over) and steps and steps[-1].status == "working":
        steps[-1] = msgspec.structs.replace(steps[-1], status="done" if ok else "failed")
    for index, id in enumerate(path):
        kind = active.flow.nodes[id].step
        rests = index == len(path) - 1 and not over
        steps.append(
            ProgressStep(id=id, kind=kind.KIND, title=kind.title, status="working" if rests else "done")
        )
    del steps[:-SHOWN]
    active.rev = max(active.rev + 1, now)


def shown_before(active: Active, walked: list[Trace]) -> None:
    """The picture of a run that another task or process began."""
    said: dict[int, Literal["working", "done", "failed"]] = {-1: "working", 0: "failed", 1: "done"}
    active.steps = [
        ProgressStep(id=trace.step, kind=trace.kind, title=trace.title, status=said[trace.ok])
        for trace in walked[-SHOWN:]
    ]
    row = active.row
    if active.steps and row.state == "waiting" and active.steps[-1].id == row.step:
        active.steps[-1] = msgspec.structs.replace(active.steps[-1], status="working")
    active.rev = max((max(trace.started_at, trace.finished_at) for trace in walked), default=0)


def picture(active: Active) -> Progress:
    """What people see of it now."""
    try:
        check_cancel(active.person, active.person, active.runbook)
        cancellable = active.row.state in OPEN
    except NotAllowed:
        cancellable = False
    return Progress(
        run=active.row.id,
        runbook=active.row.runbook,
        title=active.runbook.called,
        rev=active.rev,
        state=active.row.state,
        steps=tuple(active.steps),
        cancellable=cancellable,
        by_agents=active.row.state in OPEN and active.runbook.cancellable_by != "none",
        parent=active.row.parent,
    )
