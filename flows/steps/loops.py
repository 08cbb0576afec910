"""`for_each` and `repeat`: walk the steps inside more than once (runbook)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Literal

import msgspec
from pydantic import Field

from flows.effects import Timer
from flows.events import Event
from flows.names import Name, VariableName
from flows.state import Awaiting, Frame
from flows.steps.base import At, Exit, Move, Step
from flows.steps.call import Repeat
from flows.template import Template
from flows.values import Json

if TYPE_CHECKING:
    from flows.steps import RunbookStep

MAX_ITEMS: Final = 10_000


class Loop(Step):
    """A step with steps inside. After a wait, the innermost frame says where to go on."""

    steps: list[RunbookStep] = Field(min_length=1, description="What is done each time")

    def body(self) -> tuple[Step, ...]:
        return tuple(self.steps)

    def resume(self, at: At, event: Event) -> Move | None:
        return Move(frame=at.state.frames[-1])


class ForEachStep(Loop):
    """Walk the steps once for each element of a list (H81). Loops may nest."""

    KIND: ClassVar[str] = "for_each"
    TITLE: ClassVar[str] = "For each"

    for_each: Template = Field(description="The list, e.g. $accounts")
    name: VariableName = Field(alias="as", description="The variable that holds the element")
    next: Name | None = Field(None, description="Where to go; the next step in the list if left out")
    outcomes: dict[Literal["empty", "failure"], Name] = Field(
        {}, description="`empty`: there are no elements; `failure`: it is not a list"
    )

    def exits(self) -> tuple[Exit, ...]:
        return (
            Exit("next", self.next),
            Exit("empty", self.outcomes.get("empty")),
            Exit("failure", self.outcomes.get("failure"), falls=False),
        )

    def keeps(self, exit: str) -> tuple[str, ...]:
        return (self.name,) if exit == "each" else ()

    def enter(self, at: At) -> Move:
        items = self.for_each.value(at.scope, [])
        if not isinstance(items, list):
            return Move(exit="failure", error=f"`{self.for_each.source}` is not a list")
        if len(items) > MAX_ITEMS:
            return Move(exit="failure", error=f"more than {MAX_ITEMS} elements")
        if not items:
            return Move(exit="empty")
        # only a text that is one variable and nothing else can be a list
        frame = Frame(step=at.step, index=0, source=self.for_each.refs[0].path)
        return Move(frame=frame, variables={self.name: items[0]})

    def again(self, at: At, frame: Frame) -> Move:
        items: Json = frame.items if frame.items is not None else at.scope.lookup(frame.source)
        index = frame.index + 1
        if index >= len(items):
            return Move(exit="next")
        return Move(frame=msgspec.structs.replace(frame, index=index), variables={self.name: items[index]})


class RepeatStep(Loop):
    """Walk the steps until a condition holds, with a wait between."""

    KIND: ClassVar[str] = "repeat"
    TITLE: ClassVar[str] = "Repeat"

    repeat: Repeat = Field(description="Until when, and how often")
    outcomes: dict[Literal["success", "failure"], Name] = Field(
        {}, description="`success`: it holds; `failure`: tried `at_most` times"
    )

    def exits(self) -> tuple[Exit, ...]:
        return (
            Exit("success", self.outcomes.get("success")),
            Exit("failure", self.outcomes.get("failure"), falls=False),
        )

    def enter(self, at: At) -> Move:
        return Move(frame=Frame(step=at.step, index=0))

    def again(self, at: At, frame: Frame) -> Move:
        if self.repeat.until.test(at.scope).met:
            return Move(exit="success")
        if frame.index + 1 >= self.repeat.at_most:
            return Move(exit="failure", error=f"still not so after {self.repeat.at_most} tries")
        timer = Timer(id=at.id("wait"), after=self.repeat.every)
        return Move(
            effects=(timer,),
            awaiting=Awaiting(id=timer.id, kind="time"),
            frame=Frame(step=at.step, index=frame.index + 1),
        )
