"""A person in a chat, for tests of flows: say, press, hear."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

import msgspec

from bot.errors import NotFound
from bot.ports import Inbound, Person, Progress, Receipt
from bot.rows import Chat as ChatRow
from bot.rows import Message, Run
from bot.runtime.wire import load, load_choices, load_state
from bot.testing.lines import Expected, Line, compared, line_of
from bot.testing.stage import Given, Stage
from bot.testing.stubs import Answer
from flows.durations import seconds
from flows.events import Said
from flows.state import State
from flows.values import MISSING, Json
from flows.variables import BUILTINS, Scope

STRANGER: Final = Person(kind="anonymous", id="stranger")
CUSTOMER: Final = Person(kind="authenticated", id="customer", name="A customer", email="customer@example.com")
AGENT: Final = Person(kind="agent", id="agent", name="An agent", email="agent@example.com")


class PlayedRun(msgspec.Struct, frozen=True):
    """A run as a test sees it."""

    runbook: str
    state: str
    outcome: str
    result: str
    inputs: dict[str, Json]
    row: Run


class Chat:
    """One chat, played in virtual time against the real runtime.

        async def test_a_locked_account_is_unlocked() -> None:
            chat = await Chat.open(Path("helpdesk"), "it-helpdesk", connectors={
                "directory.get_user": {"body": {"locked": True}},
                "directory.unlock": {"status": 204},
            })
            chat.hears("Hi there, I'm the IT bot.", question("What can I do for you?", "Unlock", "Rebuild"))
            await chat.press("Unlock")
            chat.hears("Which login is locked?")
            await chat.say("j.doe")
            chat.hears(note("Looking up j.doe …"), "Account j.doe is unlocked.", "Anything else?")
            assert chat.runs[0].outcome == "success"

    After each `say`, `press` and `advance` everything that can happen without time passing
    has happened, so silence can be checked at once: `chat.hears()`.
    """

    def __init__(self, stage: Stage, id: str) -> None:
        self.stage, self.id = stage, id
        self._lines: list[Message] = []
        self._looked = 0
        self._said = 0
        self._row: ChatRow | None = None
        self._runs: list[Run] = []
        stage.watching.append(self._look)

    @classmethod
    async def open(
        cls,
        project: Given,
        profile: str,
        *,
        person: Person = STRANGER,
        connectors: Mapping[str, Answer] | None = None,
    ) -> Chat:
        """A chat on a stage of its own; see `Stage.open` for `project` and `connectors`."""
        stage = await Stage.open(project, connectors=connectors)
        return await cls.on(stage, profile, person)

    @classmethod
    async def on(
        cls, stage: Stage, profile: str, person: Person = STRANGER, *, id: str = "", address: str = ""
    ) -> Chat:
        """A new chat, or the open one at `address`. With an address its lines go out through
        the stage's adapter for the platform `test`. Raises as `bot.ports.Engine.open`."""
        opened = await stage.engine.open(profile, person, platform="test", address=address, id=id)
        chat = cls(stage, opened.chat)
        await chat.settle()
        return chat

    # --- do ------------------------------------------------------------------------------

    async def say(self, text: str, *, id: str = "") -> Receipt:
        """Write something. The same `id` again is a redelivery.

        Raises NotAllowed where the chat has ended.
        """
        return await self._do(Said(text=text), id)

    async def press(self, label: str, *, id: str = "") -> Receipt:
        """Press a button of the open question. AssertionError if there is no such button."""
        asked = self.question
        for choice in load_choices(asked.choices) if asked is not None else ():
            if choice.label == label and asked is not None:
                return await self._do(Said(text=label, prompt=asked.prompt, value=choice.value), id)
        raise AssertionError(f"there is no button {label!r}; there are: {', '.join(self.buttons) or 'none'}")

    async def fill(self, **values: Json) -> Receipt:
        """Fill in the form of the open question. AssertionError if it has none."""
        asked = self.question
        if asked is None or not asked.form:
            raise AssertionError("no form is open")
        return await self._do(Said(text="", prompt=asked.prompt, values=values), "")

    async def _do(self, said: Said, id: str) -> Receipt:
        self._said += 1
        inbound = Inbound(
            chat=self.id, id=id or f"{self.stage.lives}-{self._said}", said=said, source=f"test:{self.id}"
        )
        receipt = await self.stage.engine.receive(inbound)
        await self.settle()
        return receipt

    async def advance(self, time: float | str) -> None:
        """Let time pass: seconds, or a duration such as `2m`."""
        await self.stage.advance(seconds(time) if isinstance(time, str) else time)

    async def settle(self) -> None:
        """Let everything happen that can without time passing."""
        await self.stage.settle()

    async def close(self) -> None:
        """Close the stage; only for a chat that has its own (`Chat.open`)."""
        await self.stage.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _look(self) -> None:
        store = self.stage.store
        seen = self._lines[-1].seq if self._lines else 0
        self._lines += await store.find(
            Message, chat=self.id, above={"seq": seen}, order="seq", limit=100_000
        )
        self._row = await store.get(ChatRow, id=self.id)
        self._runs = await store.find(Run, chat=self.id)

    # --- see -----------------------------------------------------------------------------

    def hears(self, *expected: Expected) -> None:
        """AssertionError unless exactly these lines of the bot and of runs came since the
        last look, in this order. A plain text is a line of the bot's; see `note`, `question`."""
        heard = [line for line in self.transcript[self._looked :] if line.kind != "user"]
        self._looked = len(self._lines)
        wanted = [Line(item) if isinstance(item, str) else item for item in expected]
        if len(wanted) != len(heard) or not all(
            one.matches(other) for one, other in zip(wanted, heard, strict=True)
        ):
            raise AssertionError("the chat heard something else\n" + compared(wanted, heard))

    def skip(self) -> None:
        """Take what came as heard, whatever it was."""
        self._looked = len(self._lines)

    @property
    def transcript(self) -> list[Line]:
        """Everything that was said, the person's own lines too."""
        return [line_of(message) for message in self._lines]

    @property
    def messages(self) -> list[Message]:
        """The same as rows, with seq, times and ids."""
        return list(self._lines)

    @property
    def question(self) -> Message | None:
        """The open question, if there is one."""
        awaiting = self.state.awaiting
        if awaiting is None or awaiting.kind != "answer":
            return None
        asked = [line for line in self._lines if line.prompt == awaiting.id and line.sender == "bot"]
        return next((line for line in reversed(asked) if line.form), asked[-1] if asked else None)

    @property
    def buttons(self) -> list[str]:
        """Labels of the open question's choices."""
        asked = self.question
        return [choice.label for choice in load_choices(asked.choices)] if asked is not None else []

    @property
    def runs(self) -> list[PlayedRun]:
        """The runs of this chat, in the order of their starts."""
        return [
            PlayedRun(row.runbook, row.state, row.outcome, row.message, load(row.inputs)["inputs"], row)
            for row in self._runs
        ]

    @property
    def state(self) -> State:
        """Where the flow stands."""
        return load_state(self.row.state)

    @property
    def row(self) -> ChatRow:
        """The chat's row."""
        if self._row is None:
            raise NotFound("there is no such chat")
        return self._row

    @property
    def ended(self) -> bool:
        """Whether the chat is over."""
        return self.row.status == "ended"

    @property
    def step(self) -> str:
        """The step that the chat rests at."""
        return self.state.step or ""

    @property
    def variables(self) -> dict[str, Json]:
        """What the flow has collected, and the built-in names that have a value."""
        state = self.state
        scope = Scope.of(state)
        builtin = {known.alias: scope.lookup(known.path) for known in BUILTINS}
        return {name: value for name, value in builtin.items() if value is not MISSING} | state.variables

    def value(self, path: str) -> Json:
        """Any name that a text may hold: `login`, `RUNBOOKRESULT`, `results.unlock.data`;
        None where there is no value."""
        found = Scope.of(self.state).lookup(path)
        return None if found is MISSING else found

    async def progress(self) -> list[Progress]:
        """The runs at work now, as pictures of their steps."""
        return await self.stage.engine.progress(self.id)
