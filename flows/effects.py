"""What a flow wants done. Steps return these; the runtime performs them and answers by events.

Every effect's id is `STEP.VISIT[.NAME]`: unique within its flow, the same on replay.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from flows.values import Json, Vars


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One button: what it shows, and what pressing it sends."""

    label: str
    value: str


class FormField(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One field of a form: what it is called, and what may be in it."""

    name: str
    label: str
    type: Literal["text", "integer", "number", "boolean", "date"] = "text"
    options: tuple[Choice, ...] = ()
    """The only values allowed, if there are any."""
    secret: bool = False
    """What is entered is shown to nobody, and is in no transcript."""
    hint: str = ""


class Say(msgspec.Struct, tag="say", frozen=True, kw_only=True, omit_defaults=True):
    """The bot speaks. With `prompt` it is a question that a press may name."""

    id: str
    text: str
    prompt: str | None = None
    choices: tuple[Choice, ...] = ()
    form: tuple[FormField, ...] = ()
    """The fields that are asked for together. A platform with forms shows one; elsewhere a
    person answers one field after the other."""


class Note(msgspec.Struct, tag="note", frozen=True, kw_only=True):
    """*Add Live Chat Message*: a run speaks in the chat that started it."""

    id: str
    text: str


class StartRun(msgspec.Struct, tag="start_run", frozen=True, kw_only=True, omit_defaults=True):
    """Start a runbook. Answered in the same turn by `RunAccepted` or `RunRefused`."""

    id: str
    runbook: str
    inputs: Vars = {}
    mode: Literal["wait", "async"] | None = None
    """None: as the runbook's own `method` says."""
    after: float | None = None
    """Seconds from now (`in:`); such a run is never waited for."""
    at: str | None = None
    """The next time the clock shows HH:MM (`at:`) in the project's zone."""


class CancelRun(msgspec.Struct, tag="cancel_run", frozen=True, kw_only=True):
    """The person asked to stop the run that the chat waits for."""

    id: str
    run: str


class Call(msgspec.Struct, tag="call", frozen=True, kw_only=True, omit_defaults=True):
    """Ask a connector. Journalled before it is performed; answered by `CallAnswered`."""

    id: str
    connector: str
    method: str
    args: Vars = {}
    timeout: float | None = None
    """Seconds; None: as the connector's method says."""
    within: float | None = None
    """Seconds that the run has left, if that is known."""
    repeatable: bool = False


class Timer(msgspec.Struct, tag="timer", frozen=True, kw_only=True):
    """Answer with `TimeCame(id)` after so many seconds. Durable: it survives a restart."""

    id: str
    after: float


class Finish(msgspec.Struct, tag="finish", frozen=True, kw_only=True, omit_defaults=True):
    """The flow has ended. A chat's closing text was said before; a run's is `message`."""

    id: str
    outcome: Literal["success", "failure"]
    message: str = ""
    code: str = ""
    data: Json = None


class Log(msgspec.Struct, tag="log", frozen=True, kw_only=True):
    """Something the author should know, e.g. an unresolved variable. Never a value."""

    id: str
    message: str


Effect: TypeAlias = Say | Note | StartRun | CancelRun | Call | Timer | Finish | Log
