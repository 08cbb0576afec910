"""Accepting a run: the checks, and the row that goes into the asking flow's own commit."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal

import msgspec

from bot.access.rules import check_start
from bot.errors import Refused
from bot.ids import new_id
from bot.limits import Limits
from bot.ports import Clock, Insert, Op, Person
from bot.rows import Callback, Run
from bot.runtime.addresses import Addresses
from bot.runtime.library import Library
from bot.runtime.secrecy import secret_inputs
from bot.runtime.wire import dump
from flows.documents import Runbook
from flows.effects import StartRun
from flows.errors import UnknownDefinition
from flows.events import RunAccepted, RunRefused
from flows.fields import BadValue, read_inputs
from flows.project import Loaded
from flows.steps.base import each
from flows.steps.call import INTERNAL, CallStep
from flows.values import Vars

Origin = Literal["chat", "schedule", "command", "webhook", "run"]


class Asker(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks for a run, from where. `context` is what the run will see of the chat."""

    person: Person
    origin: Origin
    context: Vars = {}
    chat: str = ""
    parent: str = ""
    depth: int = 0
    quiet: float = 0.0
    secrets: frozenset[str] = frozenset()
    """Values that the asking flow keeps to itself; the run does, too, if it is given them."""
    beside: int = 0
    """Runs that the same turn has had accepted before this one."""


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """The run, what is inserted with it, and what the flow is told."""

    row: Run
    event: RunAccepted
    callbacks: tuple[Callback, ...] = ()

    @property
    def unit(self) -> list[Op]:
        """All that makes the run be there. Whoever accepts one commits exactly this."""
        return [Insert(self.row), *(Insert(callback) for callback in self.callbacks)]


class Starts:
    """Decides whether a run may start. Changes nothing: the caller commits the unit."""

    def __init__(
        self, library: Library, clock: Clock, limits: Limits, zone: tzinfo, addresses: Addresses
    ) -> None:
        self._library, self._clock, self._limits = library, clock, limits
        self._zone, self.addresses = zone, addresses
        self.open: Counter[str] = Counter()
        """Open runs by person id."""
        self.queued: set[str] = set()
        """Ids of runs that are due and have not begun."""
        self.planned: set[str] = set()
        """Ids of runs that are accepted and not due."""

    def weigh(self, start: StartRun, asker: Asker) -> Accepted | RunRefused:
        """The row, or why not in words that begin with `Runbook failed: ` (D7)."""
        try:
            loaded = self._library.runbook(start.runbook)
            runbook = loaded.document
            check_start(asker.person, runbook)
            self._check_room(asker)
            inputs = read_inputs(runbook.inputs, start.inputs)
            return self._accept(start, asker, loaded, inputs)
        except (UnknownDefinition, Refused, BadValue) as error:
            return RunRefused(id=start.id, runbook=start.runbook, reason=f"Runbook failed: {error}")

    def _check_room(self, asker: Asker) -> None:
        if asker.depth >= self._limits.run_depth:
            raise Refused(f"runbooks may start runbooks {self._limits.run_depth} levels deep.")
        open_runs = self.open[asker.person.id] + asker.beside
        if asker.origin == "chat" and open_runs >= self._limits.runs_a_person:
            raise Refused(f"{self._limits.runs_a_person} of your runs are still open; wait for one to end.")
        if self.crowded:
            raise Refused("too many runs are waiting to begin; try again in a minute.")
        if len(self.planned) >= self._limits.runs_planned:
            raise Refused("too many runs are planned for later.")

    @property
    def crowded(self) -> bool:
        """No further run can be accepted now; in a moment perhaps."""
        return len(self.queued) >= self._limits.runs_queued

    def due(self, run: str) -> None:
        """Its time has come; it waits for its place."""
        self.planned.discard(run)
        self.queued.add(run)

    def begun(self, run: str) -> None:
        """It waits no more."""
        self.planned.discard(run)
        self.queued.discard(run)

    def _accept(self, start: StartRun, asker: Asker, loaded: Loaded[Runbook], inputs: Vars) -> Accepted:
        now, runbook = self._clock.now(), loaded.document
        assert loaded.flow is not None
        given: Vars = {"inputs": inputs, "context": asker.context, "depth": asker.depth}
        if hidden := secret_inputs(runbook, inputs, asker.secrets):
            given["secrets"] = hidden
        mode = start.mode or ("async" if runbook.method == "asynchronous" else "wait")
        row = Run(
            id=new_id(now),
            runbook=runbook.id,
            definition=loaded.hash,
            pins=dump(self._pins(runbook)),
            chat=asker.chat,
            effect=start.id if asker.origin in ("chat", "run") else "",
            parent=asker.parent,
            mode=mode,
            origin=asker.origin,
            person=dump(asker.person),
            inputs=dump(given),
            state="queued",
            flow="",
            step="",
            awaiting="",
            owner="",
            outcome="",
            message="",
            code="",
            data="",
            steps=0,
            created_at=now,
            start_at=self._due(start, now),
            started_at=0,
            finished_at=0,
            deadline_at=0,
            requester=asker.person.id,
        )
        quiet = asker.quiet if mode == "wait" else 0.0
        event = RunAccepted(id=start.id, run=row.id, wait=mode == "wait", quiet=quiet)
        return Accepted(row=row, event=event, callbacks=self.addresses.rows(row.id, loaded.flow, now))

    def _pins(self, runbook: Runbook) -> dict[str, str]:
        used = {
            step.call.split(".")[0]
            for outer in runbook.steps
            for step in each(outer)
            if isinstance(step, CallStep) and step.call not in INTERNAL
        }
        return {name: self._library.connector(name).hash for name in sorted(used)}

    def _due(self, start: StartRun, now: int) -> int:
        if start.after is not None:
            return now + round(start.after * 1000)
        if start.at is None:
            return now
        hour, minute = (int(part) for part in start.at.split(":"))
        here = datetime.fromtimestamp(now / 1000, UTC).astimezone(self._zone)
        due = here.replace(hour=hour, minute=minute, second=0, microsecond=0)
        if due <= here:
            due = (here + timedelta(days=1)).replace(hour=hour, minute=minute, second=0, microsecond=0)
        return round(due.timestamp() * 1000)
