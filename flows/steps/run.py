"""`runbook`: execute a runbook."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from flows.durations import Duration
from flows.effects import CancelRun, Effect, Say, StartRun, Timer
from flows.events import Event, RunAccepted, RunEnded, RunRefused, TimeCame
from flows.names import Name
from flows.state import Awaiting
from flows.steps.base import At, Exit, Move, Step
from flows.template import Tree, Unresolved, fill
from flows.values import Json

STILL_WORKING = "Still working on it …"


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
    at: str | None = Field(None, pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description='Start at this time, e.g. "22:00"')
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
            return refused(self.runbook, f"Runbook failed: {error}")
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
            case RunAccepted(id=id) if id == at.id():
                return self._accepted(at, event)
            case RunRefused(id=id, reason=reason) if id == at.id():
                return refused(self.runbook, reason)
            case RunEnded(id=id) if id == at.id():
                return Move(exit=event.outcome, result=outcome_of(event))
            case TimeCame(id=id) if id.startswith(at.id()):
                return self._time(at, event)
            case _:
                return None

    def _accepted(self, at: At, event: RunAccepted) -> Move:
        if not event.wait:
            return Move(exit="started" if "started" in self.outcomes else "success")
        return Move(awaiting=Awaiting(id=event.id, kind="run", run=event.run))

    def _time(self, at: At, event: TimeCame) -> Move | None:
        return None


class ChatRunbookStep(RunbookStep):
    """In a chat: also patience, and a word when it has been silent for long (N1, N2)."""

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

    def _accepted(self, at: At, event: RunAccepted) -> Move:
        move = super()._accepted(at, event)
        if move.exit is not None:
            return move
        timers: tuple[Effect, ...] = ()
        if event.quiet > 0:
            timers = (Timer(id=at.id("quiet"), after=event.quiet),)
        if self.patience is not None:
            timers = (*timers, Timer(id=at.id("patience"), after=self.patience))
        # The interval is kept in `tries` (ms): a later change of the setting must not
        # reach into a wait that has begun.
        return Move(awaiting=move.awaiting, effects=timers, tries=round(event.quiet * 1000))

    def _time(self, at: At, event: TimeCame) -> Move | None:
        if event.id == at.id("patience"):
            return Move(exit="still_running")
        if not event.id.startswith(at.id("quiet")):
            return None
        every = at.state.tries / 1000
        count = int(event.id.rpartition("-")[2]) + 1 if "-" in event.id.rpartition(".")[2] else 1
        left = every - event.quiet
        effects: tuple[Effect, ...] = ()
        if left <= 0.05:  # the alarm may ring a little early
            effects = (Say(id=at.id(f"still-{count}"), text=STILL_WORKING),)
            left = every
        again = Timer(id=at.id(f"quiet-{count}"), after=left)
        return Move(effects=(*effects, again), awaiting=at.state.awaiting, tries=at.state.tries)


def refused(runbook: str, reason: str) -> Move:
    """Take the failure exit, and let `$RUNBOOKRESULT` say why (D7)."""
    result = {"runbook": runbook, "outcome": "failure", "message": reason, "code": "refused", "data": None}
    return Move(exit="failure", error=reason, result=result)


def outcome_of(event: RunEnded) -> dict[str, Json]:
    """How an ended run is kept: `last`, `${results.RUNBOOK.…}` and `${STEP.…}`."""
    return {
        "runbook": event.runbook,
        "outcome": event.outcome,
        "message": event.message,
        "result": event.message,
        "code": event.code,
        "data": event.data,
    }


def cancel(at: At) -> CancelRun | None:
    """The effect that stops the run this flow waits for."""
    awaiting = at.state.awaiting
    if awaiting is None or awaiting.run is None:
        return None
    return CancelRun(id=at.id("cancel"), run=awaiting.run)
