"""What every step is: fields from a file, exits by name, and a pure reaction to events.

A step never acts. `enter` and `resume` return a `Move`: effects to perform, values to keep,
and the exit to leave by (or none, to wait). Targets of exits are the flow's business.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, NamedTuple

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from flows.effects import Effect
from flows.events import Event
from flows.names import Name
from flows.state import Awaiting, Frame, State
from flows.template import Template
from flows.values import Json
from flows.variables import Scope


class Exit(NamedTuple):
    """A way out. `target` None: to the step that follows in the list, unless `falls` is
    False: then the exit has nowhere to go."""

    name: str
    target: str | None
    falls: bool = True


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """What a step decided."""

    exit: str | None = None
    """Leave by this exit; None: wait for `awaiting`, end by `ended`, or walk `frame`."""
    effects: tuple[Effect, ...] = ()
    variables: dict[str, Json] = {}
    result: dict[str, Json] | None = None
    """Kept as `${STEP.…}`."""
    error: str | None = None
    """Why it failed: `$ERROR`, and the run's end if the `failure` exit is not there."""
    awaiting: Awaiting | None = None
    tries: int = 0
    ended: tuple[str, str] | None = None
    """(outcome, message)."""
    frame: Frame | None = None
    """Walk the body of this loop once (more)."""


class At(NamedTuple):
    """Where a step is asked: its id, which visit, the flow's state and what it can see."""

    step: str
    visit: int
    state: State
    scope: Scope

    def id(self, name: str = "") -> str:
        """The id of an effect of this visit."""
        return f"{self.step}.{self.visit}.{name}" if name else f"{self.step}.{self.visit}"

    def say(self, template: Template, missing: list[str]) -> str:
        """A text for people: unresolved variables are empty (DECISIONS 8)."""
        return template.text(self.scope, missing).strip()


class Step(BaseModel):
    """The base of all kinds. The kind is the key in the file that names it."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_alias=True, validate_by_name=False)

    KIND: ClassVar[str]
    """The key in the file."""
    TITLE: ClassVar[str]
    """How people call it in the editor and in traces."""
    WAITS: ClassVar[bool] = False
    """It rests until something happens: a cycle through it is no endless loop."""
    BRINGS: ClassVar[frozenset[str]] = frozenset()
    """What `${STEP.…}` has after it."""

    id: Name | None = Field(None, description="A name; needed only when something points at this step")
    title: str = Field("", max_length=200, description="Shown to people while the step works")
    note: str = Field("", max_length=2000, description="For authors; ignored by the engine")

    def exits(self) -> tuple[Exit, ...]:
        """Every way out, in reading order."""
        raise NotImplementedError

    def enter(self, at: At) -> Move:
        """The flow arrives here."""
        raise NotImplementedError

    def resume(self, at: At, event: Event) -> Move | None:
        """An event while the flow rests here. None: it is not for this step."""
        return None

    def keeps(self, exit: str) -> tuple[str, ...]:
        """The variables that have a value once it is left by `exit` (`each`: into its body)."""
        return ()

    def body(self) -> tuple[Step, ...]:
        """The steps inside, if it is a loop."""
        return ()

    def again(self, at: At, frame: Frame) -> Move:
        """The body of this loop has been walked."""
        raise NotImplementedError


class Straight(Step):
    """A step with one way out."""

    next: Name | None = Field(None, description="Where to go; the next step in the list if left out")

    def exits(self) -> tuple[Exit, ...]:
        return (Exit("next", self.next),)


def each(step: Step) -> Iterator[Step]:
    """A step and everything inside it."""
    yield step
    for inner in step.body():
        yield from each(inner)
