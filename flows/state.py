"""Where a flow stands: a small value that is stored, compared and replayed."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from flows.effects import Effect
from flows.values import Json, Vars

Awaited: TypeAlias = Literal["answer", "call", "start", "run", "time"]


class Awaiting(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The one thing a resting flow waits for.

    `answer` a person's words · `call` a connector · `start` the verdict on a StartRun
    · `run` the end of a run · `time` a pause.
    """

    id: str
    kind: Awaited
    run: str | None = None
    told: bool = False
    """A waiting chat has said "still working" to a person's words; once is enough."""


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One loop being walked: which iteration, over what."""

    step: str
    index: int
    items: list[Json] | None = None


class Ended(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How and where the flow ended."""

    step: str
    outcome: Literal["success", "failure"]
    message: str = ""


class State(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything a flow knows. `context` is fixed at the start (chat, run, …); `variables`
    are the author's; `results` holds the runs and calls that steps made, by step id and,
    for runs, by runbook id."""

    step: str | None = None
    visits: int = 0
    context: Vars = {}
    variables: Vars = {}
    results: Vars = {}
    awaiting: Awaiting | None = None
    frames: tuple[Frame, ...] = ()
    tries: int = 0
    ended: Ended | None = None


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What one event led to. `path`: the steps entered, for the trace."""

    state: State
    effects: tuple[Effect, ...] = ()
    path: tuple[str, ...] = ()
