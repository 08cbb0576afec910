"""`wait_for`: rest until another system calls back (runbook)."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from flows.durations import Duration, spoken
from flows.effects import Timer
from flows.events import Called, Event
from flows.names import Name, VariableName
from flows.state import Awaiting, Meanwhile
from flows.steps.base import At, Exit, Move, Step
from flows.values import Vars
from flows.variables import pick


def _named(schema: dict[str, Any]) -> None:
    """For editors: it has an id. (The kind stays the first of what is required.)"""
    schema["required"].append("id")


class WaitForStep(Step):
    """Wait until another system posts to the address `${ID.url}`, which is there from the run's
    start: a step before this one sends it along.

    Durable, and costs no thread (DECISIONS 16, 22). The address works once; what comes before
    the run waits here is kept for it.
    """

    model_config = ConfigDict(json_schema_extra=_named)

    KIND: ClassVar[str] = "wait_for"
    TITLE: ClassVar[str] = "Wait for a callback"
    WAITS: ClassVar[bool] = True
    BRINGS: ClassVar[frozenset[str]] = frozenset({"url", "outcome", "body"})
    FROM_START: ClassVar[frozenset[str]] = frozenset({"url"})

    wait_for: Literal["callback"] = Field(description="callback: a POST to `${ID.url}`")
    timeout: Duration = Field(
        1800.0, validate_default=False, description="Leave by `timeout` when nobody calls back for so long"
    )
    save: dict[VariableName, str] = Field(
        {}, max_length=50, description="variable: where in what was posted, e.g. body.approved"
    )
    outcomes: dict[Literal["success", "timeout"], Name] = Field(
        {}, description="Where to go; without `timeout` a run that nobody calls back fails"
    )

    def exits(self) -> tuple[Exit, ...]:
        return (
            Exit("success", self.outcomes.get("success")),
            Exit("timeout", self.outcomes.get("timeout"), falls=False),
        )

    def keeps(self, exit: str) -> tuple[str, ...]:
        return tuple(self.save) if exit == "success" else ()

    def enter(self, at: At) -> Move:
        timer = Timer(id=at.id("timeout"), after=self.timeout)
        return Move(
            effects=(timer,),
            awaiting=Awaiting(id=at.id(), kind="callback"),
            meanwhile=Meanwhile(timers=(timer.id,)),
        )

    def resume(self, at: At, event: Event) -> Move | None:
        if not isinstance(event, Called):
            late = f"nobody called back within {spoken(self.timeout)}"
            return Move(exit="timeout", error=late, result={"outcome": "timeout"})
        posted: Vars = {"body": event.body}
        kept = {name: pick(posted, path) for name, path in self.save.items()}
        result: Vars = {"outcome": "success"}
        if at.read:  # up to a megabyte: kept only where a text asks for it
            result["body"] = event.body
        return Move(exit="success", variables=kept, result=result)
