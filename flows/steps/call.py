"""`call`: ask an outside system (runbook)."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from flows.conditions import Condition
from flows.durations import Duration
from flows.effects import Call, Note, Timer
from flows.events import CallAnswered, Event, TimeCame
from flows.names import CallName, Name, VariableName
from flows.state import Awaiting
from flows.steps.base import At, Exit, Move, Step
from flows.template import Tree, Unresolved, fill
from flows.values import MISSING, Json
from flows.variables import Scope, dig


class Repeat(BaseModel):
    """Ask again until something holds: polling. The waits are durable."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    until: Condition = Field(description="Stop when this holds; it sees what `save` kept")
    every: Duration = Field(description="Time between two tries")
    at_most: int = Field(ge=1, le=1000, description="Tries; then the exit `failure`")


class CallStep(Step):
    """Call a connector's method. 200–299 is `success`, anything else is `failure` (H71).

    Written down before it is sent, and sent once: a crash in between ends the run
    (promise 2) unless the step is `repeatable`. Without a `failure` exit a failed call ends
    the run as failed.
    """

    KIND: ClassVar[str] = "call"
    TITLE: ClassVar[str] = "Call"
    WAITS: ClassVar[bool] = True
    BRINGS: ClassVar[frozenset[str]] = frozenset({"result", "status", "outcome"})

    call: CallName = Field(description="CONNECTOR.METHOD")
    arguments: dict[str, Tree] = Field({}, alias="with", description="What the method needs")
    save: dict[VariableName, str] = Field(
        {}, description="variable: where in the answer, e.g. body.locked, status, headers.location"
    )
    outcomes: dict[Literal["success", "failure"], Name] = Field({}, description="Where to go")
    repeat: Repeat | None = Field(None, description="Ask again until a condition holds")
    repeatable: bool = Field(False, description="It is safe to do twice; an idempotency key goes along")
    timeout: Duration = Field(30.0, description="How long it may take; then `failure`", validate_default=False)

    def exits(self) -> tuple[Exit, ...]:
        return (
            Exit("success", self.outcomes.get("success")),
            Exit("failure", self.outcomes.get("failure"), falls=False),
        )

    def keeps(self, exit: str) -> tuple[str, ...]:
        return tuple(self.save) if exit == "success" else ()

    def enter(self, at: At) -> Move:
        return self._ask(at, 0)

    def resume(self, at: At, event: Event) -> Move | None:
        tries = at.state.tries
        if isinstance(event, CallAnswered) and event.id == self._id(at, tries):
            return self._answered(at, event, tries)
        if isinstance(event, TimeCame) and event.id == self._id(at, tries) + ".wait":
            return self._ask(at, tries + 1)
        return None

    def _id(self, at: At, tries: int) -> str:
        return at.id(str(tries)) if tries else at.id()

    def _ask(self, at: At, tries: int) -> Move:
        try:
            arguments = fill(self.arguments, at.scope)
        except Unresolved as error:  # D10: a body must be complete
            return Move(exit="failure", error=str(error))
        if self.call in INTERNAL:
            return INTERNAL[self.call](at, arguments)
        connector, method = self.call.split(".")
        effect = Call(
            id=self._id(at, tries),
            connector=connector,
            method=method,
            args=arguments,
            timeout=self.timeout,
            repeatable=self.repeatable,
        )
        return Move(effects=(effect,), awaiting=Awaiting(id=effect.id, kind="call"), tries=tries)

    def _answered(self, at: At, event: CallAnswered, tries: int) -> Move:
        kept = {name: _picked(event.answer, path) for name, path in self.save.items()}
        result = {"result": event.answer.get("body"), "status": event.answer.get("status")}
        if not event.ok:
            return Move(exit="failure", error=event.error, variables=kept, result=result | {"outcome": "failure"})
        result["outcome"] = "success"
        if self.repeat is None or self._done(at, kept):
            return Move(exit="success", variables=kept, result=result)
        if tries + 1 >= self.repeat.at_most:
            gave_up = f"still not so after {self.repeat.at_most} tries"
            return Move(exit="failure", error=gave_up, variables=kept, result=result | {"outcome": "failure"})
        timer = Timer(id=self._id(at, tries) + ".wait", after=self.repeat.every)
        waits = Awaiting(id=timer.id, kind="time")
        return Move(effects=(timer,), awaiting=waits, tries=tries, variables=kept, result=result)

    def _done(self, at: At, kept: dict[str, Json]) -> bool:
        assert self.repeat is not None
        scope = Scope(at.scope.variables | kept, at.scope.results, at.scope.context)
        return self.repeat.until.test(scope).met


def _picked(answer: dict[str, Json], path: str) -> Json:
    found = dig(answer, path.split("."))
    return None if found is MISSING else found


def _add_message(at: At, arguments: dict[str, Json]) -> Move:
    """The long form of `chat_message`, for people who come from the vendor's product (D9)."""
    own = at.scope.lookup("chat.id")
    text = arguments.get("text")
    if str(arguments.get("chat_id", "")) != str(own or ""):
        return Move(exit="failure", error="a runbook may only write into the chat that started it")
    if not isinstance(text, str):
        return Move(exit="failure", error="`text` must be a text")
    effects = (Note(id=at.id(), text=text.strip()),) if text.strip() else ()
    return Move(exit="success", effects=effects, result={"outcome": "success"})


INTERNAL: Final[dict[str, Callable[[At, dict[str, Json]], Move]]] = {"chat.add_message": _add_message}
"""Operations of Cuebook itself, called like a connector's."""
