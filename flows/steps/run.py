"""`runbook`: execute a runbook."""

from __future__ import annotations

from typing import ClassVar, Final, Literal, Self

import msgspec
from pydantic import Field, model_validator

from flows.durations import Duration
from flows.effects import Effect, Say, StartRun, Timer
from flows.events import Event, RunAccepted, RunEnded, RunRefused, TimeCame
from flows.names import Name
from flows.outcomes import outcome_of, refusal_of
from flows.state import Awaiting, Meanwhile
from flows.steps.base import At, Exit, Move, Step
from flows.template import Tree, Unresolved, fill
from flows.values import Vars

STILL_WORKING = "Still working on it …"
EARLY: Final = 0.05  # seconds by which an alarm may ring before its time


class RunbookStep(Step):
    """The action *Execute a Runbook* (S7–S13, S48).

    The flow parks until the run ends, then leaves by its outcome; in the background it
    leaves by `started` at once. A run that could not be started is a `failure`.
    """

    KIND: ClassVar[str] = "runbook"
    TITLE: ClassVar[str] = "Execute a Runbook"
    BRINGS: ClassVar[frozenset[str]] = frozenset({"runbook", "outcome", "message", "result", "code", "data"})

    runbook: Name = Field(description="The id of the runbook to execute")
    inputs: dict[str, Tree] = Field({}, alias="with", description="The runbook's inputs")
    mode: Literal["wait", "async"] | None = Field(
        None, description="wait for the end, or go on at once; as the runbook's `method` says if left out"
    )
    at: str | None = Field(
        None, pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description='Start at this time, e.g. "22:00"'
    )
    after: Duration | None = Field(None, alias="in", description="Start after a while, e.g. 2h")
    outcomes: dict[Literal["success", "failure", "started", "still_running"], Name] = Field(
        {}, description="Where to go; `success` and `failure` must be written"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        later = self.at is not None or self.after is not None
        if self.at is not None and self.after is not None:
            raise ValueError("`at` and `in` exclude each other")
        if later and self.mode == "wait":
            raise ValueError("a run that starts later cannot be waited for: leave `mode` out")
        return self

    @property
    def later(self) -> bool:
        """It starts at another time, so nobody waits."""
        return self.at is not None or self.after is not None

    def exits(self) -> tuple[Exit, ...]:
        return tuple(
            Exit(name, self.outcomes.get(name), falls=False)
            for name in ("success", "failure", "started", "still_running")
            if name in self.outcomes or name in ("success", "failure")
        )

    def enter(self, at: At) -> Move:
        try:
            inputs = fill(self.inputs, at.scope)
        except Unresolved as error:
            return _over(at, refusal_of(self.runbook, f"Runbook failed: {error}"))
        start = StartRun(
            id=at.id(),
            runbook=self.runbook,
            inputs=inputs,
            mode="async" if self.later else self.mode,
            after=self.after,
            at=self.at,
        )
        return Move(effects=(start,), awaiting=Awaiting(id=start.id, kind="start"))

    def resume(self, at: At, event: Event) -> Move | None:
        match event:
            case RunAccepted(wait=True):
                return self._park(at, event)
            case RunAccepted(run=run):
                return Move(exit="started" if "started" in self.outcomes else "success", background=run)
            case RunRefused(reason=reason):
                return _over(at, refusal_of(self.runbook, reason))
            case RunEnded():
                return _over(at, outcome_of(event))
            case _:
                return None

    def _park(self, at: At, event: RunAccepted) -> Move:
        return Move(awaiting=Awaiting(id=event.id, kind="run", run=event.run))


class ChatRunbookStep(RunbookStep):
    """The action *Execute a Runbook*: the chat waits until the run has ended, and leaves by its
    outcome; in the background it leaves by `started` at once. A run that could not be started
    is a `failure`. A waiting chat may have patience (N1), and says a word in a long silence (N2)."""

    patience: Duration | None = Field(
        None, alias="wait_up_to", description="Wait this long, then leave by `still_running`; the run goes on"
    )

    @model_validator(mode="after")
    def _patient(self) -> Self:
        if self.patience is not None and (self.later or self.mode == "async"):
            raise ValueError("`wait_up_to` goes with a run that is waited for")
        if self.patience is not None and "still_running" not in self.outcomes:
            raise ValueError("`wait_up_to` needs the outcome `still_running`")
        if "still_running" in self.outcomes and self.patience is None:
            raise ValueError("the outcome `still_running` needs `wait_up_to`")
        return self

    def resume(self, at: At, event: Event) -> Move | None:
        return self._rang(at, event) if isinstance(event, TimeCame) else super().resume(at, event)

    def _park(self, at: At, event: RunAccepted) -> Move:
        timers: tuple[Timer, ...] = ()
        if event.quiet > 0:
            timers = (Timer(id=at.id("quiet"), after=event.quiet),)
        if self.patience is not None:
            timers = (*timers, Timer(id=at.id("patience"), after=self.patience))
        meanwhile = Meanwhile(timers=tuple(timer.id for timer in timers), quiet=event.quiet)
        return msgspec.structs.replace(super()._park(at, event), effects=timers, meanwhile=meanwhile)

    def _rang(self, at: At, event: TimeCame) -> Move | None:
        awaiting, meanwhile = at.state.awaiting, at.state.meanwhile
        if awaiting is None or meanwhile is None:
            return None
        if event.id == at.id("patience"):
            return Move(exit="still_running", background=awaiting.run)
        rings = meanwhile.rings + 1
        left = min(meanwhile.quiet - event.quiet, meanwhile.quiet)
        effects: tuple[Effect, ...] = ()
        if left <= EARLY:
            effects = (Say(id=at.id(f"still-{rings}"), text=STILL_WORKING),)
            left = meanwhile.quiet
        again = Timer(id=at.id(f"quiet-{rings}"), after=left)
        timers = tuple(again.id if timer == event.id else timer for timer in meanwhile.timers)
        later = msgspec.structs.replace(meanwhile, timers=timers, rings=rings)
        return Move(effects=(*effects, again), awaiting=awaiting, meanwhile=later)


def _over(at: At, outcome: Vars) -> Move:
    """Leave by the outcome of a run that is final, or that could not be started (D7)."""
    message = outcome["message"]
    result = outcome | {"result": message, "data": outcome["data"] if at.read else None}
    error = message if outcome["outcome"] == "failure" else None
    return Move(exit=outcome["outcome"], ran=outcome, result=result, error=error)
