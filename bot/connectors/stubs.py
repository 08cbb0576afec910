"""The `Connectors` port from a script: for tests, and for `cuebook test`, without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from bot.connectors.http import allowed, status_in_words
from bot.ports import Clock
from bot.rows import Run
from flows.connector import Connector
from flows.durations import Duration, spoken
from flows.effects import Call
from flows.events import CallAnswered
from flows.names import nearest
from flows.values import Json

USUAL = 30.0  # seconds: what a method allows that says nothing


class Stub(BaseModel):
    """One answer, as a test file writes it: `{status: 404}`, `{body: {…}}`, `{error: …}`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: int = Field(200, ge=100, le=599)
    body: Any = None
    headers: dict[str, str] = {}
    error: str | None = Field(None, description="No answer at all, e.g. `no answer within 30s`")
    delay: Duration = Field(0.0, validate_default=False, description="How long it takes, in the test's time")


class StubConnectors:
    """Answers by `CONNECTOR.METHOD`: one answer, or several used in order, the last again and
    again. What is not there is a failure that names it. `calls` holds what was asked.

    `clock`: lets `delay` pass in the test's time; without one it passes in real time.
    `definitions`: as of HttpConnectors, to know a method's own `success` statuses.
    """

    def __init__(
        self,
        answers: Mapping[str, Json],
        clock: Clock | None = None,
        definitions: Callable[[str], Connector] | None = None,
    ) -> None:
        self._answers = {name: _stubs(name, given) for name, given in answers.items()}
        self._used = dict.fromkeys(self._answers, 0)
        self._clock, self._definitions = clock, definitions
        self.calls: list[Call] = []

    @property
    def unused(self) -> tuple[str, ...]:
        """Stubs that nobody asked for: often a misspelt name."""
        return tuple(name for name, used in self._used.items() if not used)

    async def perform(self, call: Call, *, definition: str, run: Run) -> CallAnswered:
        """The next answer of the script."""
        self.calls.append(call)
        name = f"{call.connector}.{call.method}"
        if name not in self._answers:
            same = [other.removeprefix(f"{call.connector}.") for other in self._answers]
            near = nearest(call.method, same)
            hint = f"; there is one for {call.connector}.{near}" if near else ""
            return CallAnswered(id=call.id, ok=False, error=f"the test has no stub for {name}{hint}")
        script = self._answers[name]
        stub = script[min(self._used[name], len(script) - 1)]
        self._used[name] += 1
        patience = self.patience(call, definition)
        await self._pass(min(stub.delay, patience), call)
        if stub.delay > patience:
            return CallAnswered(id=call.id, ok=False, error=f"no answer within {spoken(patience)}")
        return self._answered(call, stub, definition)

    def describe(self, call: Call, *, definition: str) -> dict[str, Any]:
        """What was asked; a stub knows no address."""
        return {"call": f"{call.connector}.{call.method}", "with": call.args}

    async def close(self) -> None:
        """Nothing to let go of."""

    def _answered(self, call: Call, stub: Stub, definition: str) -> CallAnswered:
        if stub.error is not None:
            return CallAnswered(id=call.id, ok=False, error=stub.error)
        headers = {name.lower(): value for name, value in stub.headers.items()}
        answer = {"status": stub.status, "headers": headers, "body": stub.body}
        ok = self._succeeds(call, stub.status, definition)
        return CallAnswered(
            id=call.id, ok=ok, answer=answer, error="" if ok else status_in_words(stub.status)
        )

    def patience(self, call: Call, definition: str) -> float:
        """The seconds that a call may take, as with the real connectors."""
        method = None
        if self._definitions is not None:
            method = self._definitions(definition).methods.get(call.method)
        return allowed(call, USUAL if method is None else method.timeout)

    def _succeeds(self, call: Call, status: int, definition: str) -> bool:
        if self._definitions is not None:
            method = self._definitions(definition).methods.get(call.method)
            if method is not None:
                return method.succeeds(status)
        return 200 <= status <= 299

    async def _pass(self, seconds: float, call: Call) -> None:
        if seconds <= 0:
            return
        if self._clock is None:
            await asyncio.sleep(seconds)
            return
        done = asyncio.Event()
        key = f"stub:{call.id}:{id(done)}"  # runs name their calls alike
        self._clock.alarm(key, self._clock.now() + round(seconds * 1000), done.set)
        try:
            await done.wait()
        finally:
            self._clock.cancel(key)


def _stubs(name: str, given: Json) -> Sequence[Stub]:
    several = given if isinstance(given, list) else [given]
    if not several:
        raise ValueError(f"the stub for {name} is an empty list")
    return [one if isinstance(one, Stub) else Stub.model_validate(one) for one in several]
