"""`for_each` and `repeat`: walk the steps inside more than once (runbook)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from flows.effects import Timer
from flows.events import Event, TimeCame
from flows.names import Name, VariableName
from flows.state import Awaiting, Frame
from flows.steps.base import At, Exit, Move, Step, Straight
from flows.steps.call import Repeat
from flows.template import Template
from flows.values import Json

if TYPE_CHECKING:
    from flows.steps import RunbookStep

MAX_ITEMS = 10_000


class ForEachStep(Straight):
    """Walk the steps once for each element of a list (H81). Loops may nest."""

    KIND: ClassVar[str] = "for_each"
    TITLE: ClassVar[str] = "For each"

    for_each: Template = Field(description="The list, e.g. $accounts")
    name: VariableName = Field(alias="as", description="The variable that holds the element")
    steps: list[RunbookStep] = Field(min_length=1)
    outcomes: dict[Literal["empty", "failure"], Name] = Field(
        {}, description="`empty`: there are no elements; `failure`: it is not a list"
    )

    def exits(self) -> tuple[Exit, ...]:
        return (
            *super().exits(),
            Exit("empty", self.outcomes.get("empty")),
            Exit("failure", self.outcomes.get("failure"), falls=False),
        )

    def keeps(self, exit: str) -> tuple[str, ...]:
        return (self.name,) if exit == "each" else ()

    def body(self) -> tuple[Step, ...]:
        return tuple(self.steps)

    def enter(self, at: At) -> Move:
        missing: list[str] = []
        items = self.for_each.value(at.scope, missing)
        if not isinstance(items, list):
            return Move(exit="failure", error=f"`{self.for_each.source}` is not a list")
        if len(items) > MAX_ITEMS:
            return Move(exit="failure", error=f"more than {MAX_ITEMS} elements")
        if not items:
            return Move(exit="empty")
        return self._walk(at, 0, items)

    def again(self, at: At, frame: Frame) -> Move:
        index = frame.index + 1
        items = frame.items or []
        return self._walk(at, index, items) if index < len(items) else Move(exit="next")

    def _walk(self, at: At, index: int, items: list[Json]) -> Move:
        return Move(
            frame=Frame(step=at.step, index=index, items=items), variables={self.name: items[index]}
        )


class RepeatStep(Step):
    """Walk the steps until a condition holds, with a wait between."""

    KIND: ClassVar[str] = "repeat"
    TITLE: ClassVar[str] = "Repeat"

    repeat: Repeat
    steps: list[RunbookStep] = Field(min_length=1)
    outcomes: dict[Literal["success", "failure"], Name] = Field(
        {}, description="`success`: it holds; `failure`: tried `at_most` times"
    )

    def exits(self) -> tuple[Exit, ...]:
        return (
            Exit("success", self.outcomes.get("success")),
            Exit("failure", self.outcomes.get("failure"), falls=False),
        )

    def body(self) -> tuple[Step, ...]:
        return tuple(self.steps)

    def enter(self, at: At) -> Move:
        return Move(frame=Frame(step=at.step, index=0))

    def again(self, at: At, frame: Frame) -> Move:
        if self.repeat.until.test(at.scope).met:
            return Move(exit="success")
        if frame.index + 1 >= self.repeat.at_most:
            return Move(exit="failure", error=f"still not so after {self.repeat.at_most} tries")
        timer = Timer(id=at.id("wait"), after=self.repeat.every)
        return Move(effects=(timer,), awaiting=Awaiting(id=timer.id, kind="time"), tries=frame.index + 1)

    def resume(self, at: At, event: Event) -> Move | None:
        if isinstance(event, TimeCame) and event.id == at.id("wait"):
            return Move(frame=Frame(step=at.step, index=at.state.tries))
        return None
