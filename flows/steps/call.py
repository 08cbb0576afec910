"""`call`: ask an outside system (runbook)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from flows.conditions import Condition
from flows.durations import Duration
from flows.effects import Call, Log, Note, Timer
from flows.events import CallAnswered, Event
from flows.names import CallName, Name, VariableName
from flows.state import Awaiting
from flows.steps.base import At, Exit, Move, Step
from flows.template import Tree, Unresolved, fill
from flows.values import MISSING, Vars, as_text
from flows.variables import Scope, pick


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
    timeout: Duration | None = Field(
        None, description="How long it may take; then `failure`. As the method says if left out"
    )

    def exits(self) -> tuple[Exit, ...]:
        return (
            Exit("success", self.outcomes.get("success")),
            Exit("failure", self.outcomes.get("failure"), falls=False),
        )

    def keeps(self, exit: str) -> tuple[str, ...]:
        return tuple(self.save) if exit == "success" else ()

    def enter(self, at: At) -> Move:
        internal = INTERNAL.get(self.call)
        return internal(at, self.arguments) if internal else self._ask(at, 0)

    def resume(self, at: At, event: Event) -> Move | None:
        if isinstance(event, CallAnswered):
            return self._answered(at, event, at.state.tries)
        return self._ask(at, at.state.tries + 1)

    def _id(self, at: At, tries: int) -> str:
        return at.id(str(tries)) if tries else at.id()

    def _ask(self, at: At, tries: int) -> Move:
        try:
            arguments = fill(self.arguments, at.scope)
        except Unresolved as error:  # D10: a body must be complete
            return Move(exit="failure", error=str(error))
        connector, _, method = self.call.partition(".")
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
        kept = {name: pick(event.answer, path) for name, path in self.save.items()}
        result: Vars = {"outcome": "success" if event.ok else "failure", "status": event.answer.get("status")}
        if at.read:  # up to a megabyte: kept only where a text asks for it
            result["result"] = event.answer.get("body")
        if not event.ok:
            return Move(exit="failure", error=event.error, variables=kept, result=result)
        if self.repeat is None or self._done(at, self.repeat, kept):
            return Move(exit="success", variables=kept, result=result)
        if tries + 1 >= self.repeat.at_most:
            gave_up = f"still not so after {self.repeat.at_most} tries"
            result["outcome"] = "failure"
            return Move(exit="failure", error=gave_up, variables=kept, result=result)
        timer = Timer(id=f"{self._id(at, tries)}.wait", after=self.repeat.every)
        waits = Awaiting(id=timer.id, kind="time")
        return Move(effects=(timer,), awaiting=waits, tries=tries, variables=kept, result=result)

    def _done(self, at: At, repeat: Repeat, kept: Vars) -> bool:
        scope = Scope(at.scope.variables | kept, at.scope.results, at.scope.context)
        return repeat.until.test(scope).met


def _add_message(at: At, arguments: Mapping[str, Tree]) -> Move:
    """The long form of `chat_message`, for people who come from the vendor's product (D9)."""
    own = at.scope.lookup("chat.id")
    if own is MISSING:  # DECISIONS 9: without a chat nothing is posted, and that is no failure
        silent = Log(id=at.id("log"), message="no chat: nothing was posted")
        return Move(exit="success", effects=(silent,), result={"outcome": "success"})
    try:
        filled = fill(arguments, at.scope)
    except Unresolved as error:
        return Move(exit="failure", error=str(error))
    if as_text(filled.get("chat_id")) != as_text(own):
        return Move(exit="failure", error="a runbook may only write into the chat that started it")
    text = filled.get("text")
    if text is None or isinstance(text, dict | list):
        return Move(exit="failure", error="`text` must be a text")
    text = as_text(text).strip()
    effects = (Note(id=at.id(), text=text),) if text else ()
    return Move(exit="success", effects=effects, result={"outcome": "success"})


INTERNAL: Final[dict[str, Callable[[At, Mapping[str, Tree]], Move]]] = {"chat.add_message": _add_message}
"""Operations of Cuebook itself, called like a connector's. They answer at once."""
