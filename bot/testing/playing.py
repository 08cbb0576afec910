"""Plays the cases of a test file (`flows.testfile`): what `cuebook test` does.

Lines of the bot must come in the order of the talk; others in between do not harm unless the
case is `exact` (DECISIONS 28). What the person says is looked for as well: a line that was
heard before does not count for an expectation after it.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence

from bot.connectors.stubs import Stub
from bot.errors import Refused
from bot.ports import Person, Receipt
from bot.runtime.assemble import Choices
from bot.testing.chat import Chat
from bot.testing.stage import Stage
from bot.testing.verdicts import Failure, Verdict, Wrong, described, differs, fits
from flows.errors import CuebookError
from flows.project import Project
from flows.testfile import (
    BotSays,
    Calls,
    Case,
    LoadedTest,
    RunSays,
    TalkItem,
    TimePasses,
    UserFills,
    UserPresses,
    UserSays,
)
from flows.testfile import Stub as StubOfFile
from flows.values import MISSING
from flows.variables import Scope

KINDS = {"anonymous": "anonymous", "authenticated": "authenticated", "agents": "agent"}
OPEN = ("queued", "running", "waiting")


async def play(test: LoadedTest, number: int, project: Project, choices: Choices | None = None) -> Verdict:
    """Play one case of a file on a stage of its own. Never raises for what the case does."""
    case = test.document.cases[number]
    began = time.perf_counter()
    stage = await Stage.open(
        project,
        connectors={name: [_answer(stub) for stub in stubs] for name, stubs in case.connectors.items()},
        choices=choices,
    )
    failure: Failure | None = None
    try:
        await _Play(test, number, stage).whole()
    except Wrong as wrong:
        failure = wrong.failure
    finally:
        await stage.close()
    line, _ = test.place(number)
    return Verdict(
        path=test.path,
        line=line,
        name=case.name,
        seconds=time.perf_counter() - began,
        failure=failure,
        notes=tuple(_notes(stage)),
    )


def _answer(stub: StubOfFile) -> Stub:
    return Stub.model_construct(**{**stub.model_dump(), "error": stub.error or None})


def _notes(stage: Stage) -> list[str]:
    stubs = stage.connectors
    return [
        *(f"{name} was called and has no stub here" for name in stubs.missing),
        *(f"the stub {name} was not used" for name in stubs.unused),
    ]


class _Play:
    """One case being played."""

    def __init__(self, test: LoadedTest, number: int, stage: Stage) -> None:
        self.test, self.number, self.stage = test, number, stage
        self.case: Case = test.document.cases[number]
        self.at = 0
        """How many lines of the transcript are behind us."""
        self.chat: Chat

    async def whole(self) -> None:
        """Talk, then look at what must be so at the end."""
        await self._enter()
        for index, item in enumerate(self.case.talk):
            await self._item(index, item)
        if self.case.exact:
            self._exact(len(self.case.talk))
        self._ended()
        self._runs()
        self._variables()
        if self.stage.runtime.tasks.crashed:
            raise self._wrong((), "something inside Cuebook failed; the lines above say what")

    async def _enter(self) -> None:
        who = self.case.who
        person = Person(kind=KINDS[who.audience], id="tester", name=who.name, email=who.email)  # type: ignore[arg-type]
        profile = self.case.profile or self.test.document.profile
        try:
            self.chat = await Chat.on(self.stage, profile, person)
        except CuebookError as error:
            raise self._wrong(("as",), str(error)) from error

    # --- talk ----------------------------------------------------------------------------

    async def _item(self, index: int, item: TalkItem) -> None:
        match item:
            case UserSays(user=text):
                await self._does(index, lambda: self.chat.say(text))
            case UserPresses(press=label):
                await self._does(index, lambda: self.chat.press(label))
            case UserFills(fill=values):
                await self._does(index, lambda: self.chat.fill(**values))
            case TimePasses(wait=seconds):
                await self.chat.advance(seconds)
            case Calls(callback=posted):
                await self._called(index, posted.step, posted.body)
            case BotSays() | RunSays():
                if not self.case.exact:
                    self._hears(index, item)

    async def _called(self, index: int, step: str, body: object) -> None:
        try:
            await self.stage.call_back(step, body)
        except (AssertionError, Refused) as error:
            raise self._wrong(("talk", index), str(error), heard=self._since()) from error

    async def _does(self, index: int, act: Callable[[], Awaitable[Receipt]]) -> None:
        if self.case.exact:
            self._exact(index)
        try:
            await act()
        except AssertionError as error:
            raise self._wrong(("talk", index), str(error), heard=self._since()) from error
        except Refused as error:
            raise self._wrong(("talk", index), str(error), heard=self._since()) from error
        said = [place for place, line in enumerate(self.chat.transcript) if line.kind == "user"]
        self.at = said[-1] + 1

    def _hears(self, index: int, item: BotSays | RunSays) -> None:
        lines = self.chat.transcript
        for place in range(self.at, len(lines)):
            if fits(item, lines[place]):
                self.at = place + 1
                return
        expected = described(item)
        raise self._wrong(
            ("talk", index),
            "this was not said",
            expected=expected,
            heard=self._since(),
            hint=self._hint(item),
        )

    def _exact(self, upto: int) -> None:
        """The talk up to an item and the transcript are the same, line by line."""
        wanted = [
            (index, item)
            for index, item in enumerate(self.case.talk[:upto])
            if not isinstance(item, TimePasses | Calls)
        ]
        lines = self.chat.transcript
        for (index, item), line in zip(wanted, lines, strict=False):
            if not fits(item, line):
                raise self._wrong(
                    ("talk", index), "another line came here", expected=described(item), heard=(str(line),)
                )
        if len(wanted) > len(lines):
            index, item = wanted[len(lines)]
            hint = self._waiting()
            raise self._wrong(("talk", index), "this was not said", expected=described(item), hint=hint)
        if len(lines) > len(wanted):
            more = tuple(str(line) for line in lines[len(wanted) :])
            place = ("talk", min(upto, len(self.case.talk) - 1))
            raise self._wrong(place, "more was said, and the case is `exact`", heard=more)

    def _since(self) -> tuple[str, ...]:
        return tuple(str(line) for line in self.chat.transcript[self.at :])

    def _hint(self, item: BotSays | RunSays) -> str:
        """What the author probably wants to know."""
        lines = self.chat.transcript
        other = "note" if isinstance(item, BotSays) else "bot"
        wanted = item.bot if isinstance(item, BotSays) else item.note
        if any(line.kind == other and wanted.accepts(line.text) for line in lines[self.at :]):
            who = "a run posted it" if other == "note" else "the bot said it"
            return f"{who}: write `{other}:`"
        if any(fits(item, line) for line in lines[: self.at]):
            return "it was said earlier"
        return self._waiting()

    def _waiting(self) -> str:
        run = next((run for run in self.chat.runs if run.state in OPEN), None)
        if run is None:
            return ""
        step = f", at its step {run.row.step}" if run.row.step else ""
        return f"{run.runbook} is still at work{step}: let time pass by `- wait: …`"

    # --- the end -------------------------------------------------------------------------

    def _ended(self) -> None:
        wanted = self.case.expect.ended
        if wanted is not None and wanted != self.chat.ended:
            now = "has ended" if self.chat.ended else f"is still open, at its step {self.chat.step}"
            raise self._wrong(("expect", "ended"), f"the chat {now}")

    def _runs(self) -> None:
        wanted = self.case.expect.runs
        if wanted is None:
            return
        runs = self.chat.runs
        heard = tuple(
            f"{run.runbook}: {run.outcome or run.state}, {run.result or 'no message'}" for run in runs
        )
        for index, (one, run) in enumerate(zip(wanted, runs, strict=False)):
            difference = differs(one, run)
            if difference:
                raise self._wrong(("expect", "runs", index), difference, heard=heard)
        if len(wanted) != len(runs):
            count = f"there were {len(runs)} runs, not {len(wanted)}"
            raise self._wrong(("expect", "runs"), count, heard=heard)

    def _variables(self) -> None:
        scope = Scope.of(self.chat.state)
        for name, wanted in self.case.expect.variables.items():
            found = scope.lookup(name)
            if found is MISSING or found != wanted:
                now = "no value" if found is MISSING else repr(found)
                message = f"{name} has another value" if found is not MISSING else f"{name} has no value"
                raise self._wrong(("expect", "variables", name), message, expected=repr(wanted), heard=(now,))

    def _wrong(
        self,
        loc: Sequence[str | int],
        message: str,
        *,
        expected: str = "",
        heard: tuple[str, ...] = (),
        hint: str = "",
    ) -> Wrong:
        origin = self.test.origin
        line, col = origin.place(origin.offset(("cases", self.number, *loc)))
        return Wrong(Failure(line=line, col=col, message=message, expected=expected, heard=heard, hint=hint))
