"""Where a flow stands: a small value that is stored, compared and replayed."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from flows.effects import Effect
from flows.values import Json, Vars

Awaited: TypeAlias = Literal["answer", "call", "start", "run", "time", "callback"]
Outcome: TypeAlias = Literal["success", "failure"]


class Awaiting(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The one thing a resting flow waits for.

    `answer` a person's words · `call` a connector · `start` the verdict on a StartRun
    · `run` the end of a run · `time` a pause · `callback` another system's. Equal as long as the same thing is awaited:
    when it changes, every timer of before is stale.
    """

    id: str
    kind: Awaited
    run: str | None = None


class Meanwhile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What may happen beside a wait, and what has; over when the wait is."""

    timers: tuple[str, ...] = ()
    """Timers that are listened to."""
    quiet: float = 0.0
    """Seconds of silence after which a waiting chat says a word. As it was when the wait
    began: a later change of the setting does not reach into it."""
    rings: int = 0
    """How often the silence was looked at."""
    told: bool = False
    """A person's words were answered with "still working"; once is enough (D1)."""


class Frame(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One loop being walked: which iteration, over what.

    The elements stay where they are, at `source`, so that a long list is in the state once.
    When something is about to change there, the walk first copies them to `items`: a loop
    always goes over the elements that it began with.
    """

    step: str
    index: int
    source: str = ""
    items: list[Json] | None = None


class Ended(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How and where the flow ended."""

    step: str
    outcome: Outcome
    message: str = ""


class State(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything a flow knows. `context` is fixed at the start (chat, run, …); `variables`
    are the author's; `results` holds what steps brought: `steps` by step id, `runs` by
    runbook id, `last` the newest finished run, `error` why the last failed step failed."""

    step: str | None = None
    visits: int = 0
    """Steps entered in its whole life: the middle part of every effect's id."""
    context: Vars = {}
    variables: Vars = {}
    results: Vars = {}
    awaiting: Awaiting | None = None
    meanwhile: Meanwhile | None = None
    frames: tuple[Frame, ...] = ()
    """The loops around `step`, outermost first."""
    tries: int = 0
    """How often the step has tried again on this visit."""
    filled: Vars = {}
    """What a form has been given so far on this visit, one field after the other."""
    hops: int = 0
    """Steps entered since something last came from outside (D5)."""
    asides: int = 0
    """Lines a chat has said beside its flow: help, "still working", stale presses."""
    background: tuple[str, ...] = ()
    """Runs that a chat started, does not wait for, and has not heard the end of."""
    ended: Ended | None = None


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What one event led to. `path`: the steps entered, for the trace; `reasons`: why a
    branch was taken, by `STEP.VISIT`."""

    state: State
    effects: tuple[Effect, ...] = ()
    path: tuple[str, ...] = ()
    reasons: dict[str, str] = {}
