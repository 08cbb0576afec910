"""How cases of conversation tests went, and what makes a line fit."""

from __future__ import annotations

import msgspec

from bot.testing.chat import PlayedRun
from bot.testing.lines import Line
from flows.durations import spoken
from flows.fields import MASK
from flows.testfile import (
    BotSays,
    Calls,
    ExpectedRun,
    RunSays,
    TalkItem,
    TimePasses,
    UserFills,
    UserPresses,
    UserSays,
)


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Where a case went wrong. `heard`: what came instead, as far as it matters."""

    line: int
    col: int
    message: str
    expected: str = ""
    heard: tuple[str, ...] = ()
    hint: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """How one case went. `notes` are advice about its stubs."""

    path: str
    line: int
    name: str
    seconds: float
    failure: Failure | None = None
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Nothing went wrong."""
        return self.failure is None


class Wrong(Exception):
    """A case failed; carries the Failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def fits(item: TalkItem, line: Line) -> bool:
    """Whether a line of the transcript is this item of a talk."""
    match item:
        case BotSays(bot=wanted):
            return line.kind in ("bot", "agent") and wanted.accepts(line.text)
        case RunSays(note=wanted):
            return line.kind == "note" and wanted.accepts(line.text)
        case UserSays(user=text) | UserPresses(press=text):
            return line.kind == "user" and line.text.strip() in (text.strip(), MASK)
        case UserFills():
            return line.kind == "user"
        case TimePasses() | Calls():
            return False


def described(item: TalkItem) -> str:
    """An item of a talk in the form of a line."""
    match item:
        case BotSays(bot=wanted):
            return str(Line(str(wanted)))
        case RunSays(note=wanted):
            return str(Line(str(wanted), "note"))
        case UserSays(user=text) | UserPresses(press=text):
            return str(Line(text, "user"))
        case UserFills(fill=values):
            return str(Line(f"a form: {', '.join(values)}", "user"))
        case TimePasses(wait=seconds):
            return f"wait  {spoken(seconds)}"
        case Calls(callback=posted):
            return f"callback  {posted.step}"


def differs(wanted: ExpectedRun, run: PlayedRun) -> str:
    """What is not as it should be with a run; empty if nothing."""
    if wanted.runbook != run.runbook:
        return f"this run was of {run.runbook}"
    if wanted.outcome is not None and wanted.outcome != run.outcome:
        return f"its outcome was {run.outcome or 'none yet'}"
    if wanted.result is not None and not wanted.result.accepts(run.result):
        return f"its result message was: {run.result}"
    for name, value in (wanted.inputs or {}).items():
        if name not in run.inputs or run.inputs[name] != value:
            return f"its input {name} was {run.inputs.get(name)!r}"
    return ""
