"""What can happen to a flow. A closed set: adding one turns every forgotten place red.

An event that answers an effect carries that effect's id; the machine ignores answers that
nobody awaits, so a late, doubled or forged one changes nothing.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from flows.values import Json, Vars


class Started(msgspec.Struct, tag="started", frozen=True, kw_only=True):
    """The chat was opened, or the run was claimed. Once, and first."""


class File(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file that a person sent along: where it is, as the platform says. Nobody fetched it."""

    name: str
    link: str = ""
    type: str = ""


class Said(msgspec.Struct, tag="said", frozen=True, kw_only=True, omit_defaults=True):
    """A person wrote `text`, pressed a choice of the question `prompt` (then `value`), or
    filled in its form (then `values`)."""

    text: str
    prompt: str | None = None
    value: str | None = None
    values: dict[str, Json] | None = None
    files: tuple[File, ...] = ()
    opening: bool = False
    """The words with which a person opened the chat: they answer its first question if they
    name one of its options, and are no answer otherwise."""


class CallAnswered(msgspec.Struct, tag="call_answered", frozen=True, kw_only=True):
    """A connector answered. `answer` is what `save` reads: `{status, body, headers}`."""

    id: str
    ok: bool
    answer: Vars = {}
    error: str = ""


class RunAccepted(msgspec.Struct, tag="run_accepted", frozen=True, kw_only=True):
    """The run was written down. `wait`: the flow parks until it ends; else it goes on."""

    id: str
    run: str
    wait: bool
    quiet: float = 0.0
    """Seconds of silence after which a waiting chat says "still working"; 0 = never."""


class RunRefused(msgspec.Struct, tag="run_refused", frozen=True, kw_only=True):
    """The run could not be started; `reason` begins with `Runbook failed: `."""

    id: str
    runbook: str
    reason: str


class RunEnded(msgspec.Struct, tag="run_ended", frozen=True, kw_only=True):
    """A run started by effect `id` is final, waited for or not."""

    id: str
    run: str
    runbook: str
    outcome: Literal["success", "failure"]
    message: str = ""
    code: str = ""
    data: Json = None
    announce: str = ""
    """What the chat says when nobody waited for it; empty = nothing."""


class TimeCame(msgspec.Struct, tag="time_came", frozen=True, kw_only=True):
    """The timer `id` is due. `quiet`: seconds since the chat last heard anything."""

    id: str
    quiet: float = 0.0


class Called(msgspec.Struct, tag="called", frozen=True, kw_only=True):
    """Another system has called back the step `step`, perhaps before the run is there; it names
    no visit, so a run keeps one that comes early."""

    step: str
    body: Json = None


Event: TypeAlias = Started | Said | CallAnswered | RunAccepted | RunRefused | RunEnded | TimeCame | Called
