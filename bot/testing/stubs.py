"""Outside systems as a script: answers in order, gates that a test opens, functions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from bot.connectors.stubs import StubConnectors
from bot.ports import Clock
from bot.rows import Run
from flows.connector import Connector
from flows.durations import spoken
from flows.effects import Call
from flows.events import CallAnswered
from flows.values import Json


class Gate:
    """A call that is answered when the test says so.

        gate = Gate({"body": {"locked": False}})
        chat = await Chat.open(project, "desk", connectors={"directory.unlock": gate})
        await chat.say("Unlock my account")   # the run now stands before the gate
        await gate.open()                      # and goes on; so do all later calls

    The call's own `timeout` holds in the clock's time.
    """

    def __init__(self, answer: Json = None) -> None:
        """`answer`: as a test file writes it, e.g. `{"status": 404}`; 200 if left out."""
        self.answer: Json = {} if answer is None else answer
        self._opened = False
        self._waiting: set[asyncio.Future[bool]] = set()
        self._settle: Callable[[], Awaitable[None]] | None = None

    @property
    def waiting(self) -> int:
        """How many calls stand before it now."""
        return len(self._waiting)

    async def open(self, answer: Json = None) -> None:
        """Let everybody through, from now on; returns when all is at rest again."""
        if answer is not None:
            self.answer = answer
        self._opened = True
        for waiting in self._waiting:
            _tell(waiting, passed=True)
        if self._settle is not None:
            await self._settle()

    def shut(self) -> None:
        """Later calls wait again."""
        self._opened = False

    def belongs_to(self, settle: Callable[[], Awaitable[None]]) -> None:
        """`open` waits by this until all is at rest."""
        self._settle = settle

    async def passes(self, patience: float, clock: Clock) -> bool:
        """Wait until it is open; False when so many seconds are over first."""
        if self._opened:
            return True
        verdict: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        key = f"gate:{id(verdict)}"
        clock.alarm(key, clock.now() + round(patience * 1000), lambda: _tell(verdict, passed=False))
        self._waiting.add(verdict)
        try:
            return await verdict
        finally:
            self._waiting.discard(verdict)
            clock.cancel(key)


def _tell(waiting: asyncio.Future[bool], *, passed: bool) -> None:
    if not waiting.done():
        waiting.set_result(passed)


Answer: TypeAlias = "Json | Gate | Callable[[Call], Json]"


class Stubs:
    """The `Connectors` port by CONNECTOR.METHOD: an answer, a list of answers used in order, a
    Gate, or a function from the call to an answer."""

    def __init__(
        self,
        answers: Mapping[str, Answer],
        clock: Clock,
        definitions: Callable[[str], Connector] | None = None,
    ) -> None:
        self._clock, self._definitions = clock, definitions
        self._special = {name: given for name, given in answers.items() if _is_special(given)}
        plain = {name: given for name, given in answers.items() if name not in self._special}
        self._plain = StubConnectors(plain, clock, definitions)
        self._used: set[str] = set()
        self.made: list[tuple[Run, Call]] = []
        """Every call with the run that made it, in order."""
        self.missing: list[str] = []
        """Methods that were called and have no stub."""
        self._known = set(answers)

    @property
    def unused(self) -> tuple[str, ...]:
        """Stubs that nobody asked for: often a misspelt name."""
        return tuple(name for name in self._known if name not in self._used)

    async def perform(self, call: Call, *, definition: str, run: Run) -> CallAnswered:
        """See `bot.ports.Connectors`."""
        self.made.append((run, call))
        name = f"{call.connector}.{call.method}"
        self._used.add(name)
        if name not in self._known and name not in self.missing:
            self.missing.append(name)
        given = self._special.get(name)
        if given is None:
            return await self._plain.perform(call, definition=definition, run=run)
        if isinstance(given, Gate):
            patience = self._plain.patience(call, definition)
            if not await given.passes(patience, self._clock):
                return CallAnswered(id=call.id, ok=False, error=f"no answer within {spoken(patience)}")
            answer = given.answer
        else:
            answer = given(call)
        once = StubConnectors({name: answer}, self._clock, self._definitions)
        return await once.perform(call, definition=definition, run=run)

    @property
    def calls(self) -> list[Call]:
        """What was asked, in order."""
        return [call for _, call in self.made]

    def asked(self, name: str) -> list[dict[str, Json]]:
        """The arguments of each call of CONNECTOR.METHOD, in order."""
        return [call.args for call in self.calls if f"{call.connector}.{call.method}" == name]


def _is_special(given: Answer) -> bool:
    return isinstance(given, Gate) or callable(given)
