"""What every step is: fields from a file, exits by name, and a pure reaction to events.

A step never acts. `enter` and `resume` return a `Move`: effects to perform, values to keep,
and the exit to leave by (or none, to wait). Targets of exits are the flow's business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, NamedTuple

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from flows.conditions import Condition
from flows.effects import Effect
from flows.events import Event, Said
from flows.fields import Variable
from flows.names import Name
from flows.state import Awaiting, Frame, Meanwhile, Outcome, State
from flows.template import Template, Tree
from flows.values import Json, Vars
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
    ran: dict[str, Json] | None = None
    """The outcome of a run that is final now: `$RUNBOOKRESULT`, `${results.RUNBOOK.…}`."""
    background: str | None = None
    """A run that nobody waits for from now on."""
    error: str | None = None
    """Why it failed: `$ERROR`, and the run's end if the `failure` exit is not there."""
    awaiting: Awaiting | None = None
    meanwhile: Meanwhile | None = None
    tries: int = 0
    filled: Vars = {}
    """What a form has so far; forgotten with the next move."""
    ended: tuple[Outcome, str] | None = None
    """(outcome, message)."""
    frame: Frame | None = None
    """Walk the body of this loop once (more); with `awaiting`, after that wait."""


class At(NamedTuple):
    """Where a step is asked: its id, which visit, the flow's state as this turn found it,
    and what the step can see now."""

    step: str
    visit: int
    state: State
    scope: Scope
    read: bool = True
    """Some text of the flow names this step, so that what it brings must be kept whole."""
    declared: Mapping[str, Variable] = {}
    """What the flow says its variables must look like."""

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
    FROM_START: ClassVar[frozenset[str]] = frozenset()
    """What of that is there before the step is."""

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
        """What it waited for has come: the machine lets nothing else through. None: ignore
        it all the same."""
        return None

    def offers(self, said: Said) -> bool:
        """Whether these words name one of its answers; then they mean nothing else."""
        return False

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


def mentions(value: object) -> Iterator[str]:
    """The path of every variable that the texts and conditions in `value` name, in reading
    order. Steps inside a step are left out."""
    if isinstance(value, Template):
        yield from (ref.path for ref in value.refs)
    elif isinstance(value, Tree):
        yield from (ref.path for template in value.templates for ref in template.refs)
    elif isinstance(value, Condition):
        for row in value.rows():
            yield row.field
            yield from mentions(row.wanted)
    else:
        yield from (path for part in _parts(value) for path in mentions(part))


def _parts(value: object) -> Iterator[object]:
    if isinstance(value, BaseModel):
        yield from _parts([getattr(value, name) for name in type(value).model_fields])
    elif isinstance(value, dict):
        yield from _parts(list(value.values()))
    elif isinstance(value, list | tuple):
        yield from (part for part in value if not isinstance(part, Step))
