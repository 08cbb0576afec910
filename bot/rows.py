"""The rows of the store as plain values; `bot.storage.models` declares the same tables.

Times are whole milliseconds since 1970 in UTC (`…_at`), JSON is text: both databases store
them alike and nothing is converted on the hot path.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec


class Row(msgspec.Struct, kw_only=True, frozen=True):
    """One row. `KEY` names its primary key columns."""

    TABLE: ClassVar[str]
    KEY: ClassVar[tuple[str, ...]] = ("id",)


class Chat(Row, kw_only=True, frozen=True):
    """One conversation. `state` is the flow's State; `version` guards it; `seq` counts messages."""

    TABLE: ClassVar[str] = "chat"
    id: str
    profile: str
    definition: str
    """Hash of the profile it began with."""
    platform: str
    address: str
    """Where the platform finds it again; equal to `id` for platforms that read the log."""
    person: str
    state: str
    status: Literal["open", "ended"]
    version: int
    seq: int
    created_at: int
    updated_at: int
    heard_at: int
    """When the chat last heard anything from the bot or a run."""


class Inbox(Row, kw_only=True, frozen=True):
    """Something that happened to a chat or run. Unique by (`source`, `external_id`)."""

    TABLE: ClassVar[str] = "inbox"
    id: str
    source: str
    external_id: str
    target: str
    """`chat:ID` or `run:ID`."""
    event: str
    seq: int
    """The seq of the person's own message in the transcript; 0 where there is none."""
    state: Literal["new", "done", "parked"]
    tries: int
    received_at: int


class Message(Row, kw_only=True, frozen=True):
    """One line of a chat's transcript. The store assigns `seq` (from 1, no gaps) at commit."""

    TABLE: ClassVar[str] = "message"
    KEY: ClassVar[tuple[str, ...]] = ("chat", "seq")
    chat: str
    seq: int
    id: str
    sender: Literal["user", "bot", "agent"]
    kind: Literal["message", "note", "end"]
    text: str
    prompt: str
    """The question's id if this is one; else empty."""
    choices: str
    """JSON list of {label, value}; `[]` where there are none."""
    run: str
    created_at: int
    form: str = ""
    """JSON list of the fields that are asked for together; empty where there are none."""


class Outbox(Row, kw_only=True, frozen=True):
    """A message that a platform must be handed. In order per chat."""

    TABLE: ClassVar[str] = "outbox"
    id: str
    chat: str
    seq: int
    """Of the message; 0 until the store assigned it (`Append` fills both)."""
    platform: str
    address: str
    state: Literal["queued", "sending", "sent", "parked"]
    tries: int
    next_at: int
    ref: str
    reason: str


class Run(Row, kw_only=True, frozen=True):
    """One execution of a runbook."""

    TABLE: ClassVar[str] = "run"
    id: str
    runbook: str
    definition: str
    pins: str
    """JSON: connector id → hash, as they were when the run was accepted."""
    chat: str
    effect: str
    """The StartRun's id in the flow that asked for it; empty where none did."""
    parent: str
    mode: Literal["wait", "async"]
    origin: Literal["chat", "schedule", "command", "webhook", "run"]
    person: str
    inputs: str
    state: Literal["queued", "running", "waiting", "succeeded", "failed", "interrupted", "cancelled"]
    flow: str
    """The flow's State."""
    step: str
    awaiting: str
    owner: str
    outcome: Literal["", "success", "failure"]
    message: str
    code: str
    data: str
    steps: int
    created_at: int
    start_at: int
    started_at: int
    finished_at: int
    deadline_at: int
    requester: str = ""
    """The id of `person`, to find a person's runs by."""


class Trace(Row, kw_only=True, frozen=True):
    """What one step of a run, or one turn of a chat, saw and did. Written before the effect
    (`answer` empty) and completed with the answer."""

    TABLE: ClassVar[str] = "trace"
    KEY: ClassVar[tuple[str, ...]] = ("owner", "no")
    owner: str
    """`run:ID` or `chat:ID`."""
    no: int
    step: str
    kind: str
    title: str
    request: str
    answer: str
    ok: int
    """-1 not answered yet, 0 failure, 1 success."""
    note: str
    """Why: the condition as a sentence, or the error."""
    started_at: int
    finished_at: int


class Timer(Row, kw_only=True, frozen=True):
    """Something due: answer `target` with `TimeCame(effect)`, or act on `kind`."""

    TABLE: ClassVar[str] = "timer"
    id: str
    kind: Literal["chat", "run", "start", "deadline"]
    target: str
    effect: str
    due_at: int


class Schedule(Row, kw_only=True, frozen=True):
    """When a runbook with `schedule:` starts next. The row, not the alarm, decides."""

    TABLE: ClassVar[str] = "schedule"
    id: str
    runbook: str
    spec: str
    next_at: int
    last_date: str


class Definition(Row, kw_only=True, frozen=True):
    """A profile, runbook or connector as it was, under its content hash."""

    TABLE: ClassVar[str] = "definition"
    KEY: ClassVar[tuple[str, ...]] = ("hash",)
    hash: str
    kind: str
    id: str
    path: str
    source: str
    created_at: int


class Callback(Row, kw_only=True, frozen=True):
    """The address at which one waiting step of one run may be called back, once."""

    TABLE: ClassVar[str] = "callback"
    id: str
    """Hash of the token in the address: who reads the database cannot call."""
    run: str
    step: str
    state: Literal["open", "called", "closed"]
    """`closed`: the step was left without a call."""
    created_at: int


class Card(Row, kw_only=True, frozen=True):
    """The one message on a platform that shows a run, and is edited in place. `id`: the run's."""

    TABLE: ClassVar[str] = "card"
    id: str
    chat: str
    platform: str
    address: str
    ref: str
    """The platform's reference; empty until it was posted."""
    shown: str
    """Hash of what it shows."""
    state: Literal["open", "final"]
    updated_at: int


class Workspace(Row, kw_only=True, frozen=True):
    """A workspace of a platform in which Cuebook is installed. `id`: `PLATFORM:TEAM`;
    `PLATFORM:ENTERPRISE` where a whole organisation installed it, and then
    `PLATFORM:ENTERPRISE:TEAM` for what it says of one of its workspaces."""

    TABLE: ClassVar[str] = "workspace"
    id: str
    platform: str
    enterprise: str
    team: str
    name: str
    app: str
    bot: str
    """The platform's id of our bot."""
    bot_user: str
    """The user as whom the bot speaks."""
    scopes: str
    tokens: str
    """Sealed JSON; empty once it was removed."""
    expires_at: int
    """When the token has to be renewed by; 0 = never."""
    state: Literal["installed", "removed"]
    version: int
    """Guards a renewal: tokens for it work once."""
    installed_by: str
    installed_at: int


class OneTime(Row, kw_only=True, frozen=True):
    """Something that may be used once, until `expires_at`; `id` is the hash of it."""

    TABLE: ClassVar[str] = "one_time"
    id: str
    kind: str
    state: Literal["open", "used"]
    expires_at: int


ROWS: tuple[type[Row], ...] = (
    Chat, Inbox, Message, Outbox, Run, Trace, Timer, Schedule, Definition, Callback, Card, Workspace, OneTime,
)  # fmt: skip


def outbox_id(chat: str, seq: int) -> str:
    """The key of the Outbox row of a line: one for each line, the same for ever."""
    return f"{chat}:{seq}"


def outbox_row(line: Message, to: tuple[str, str]) -> Outbox:
    """The row that hands a numbered line to `to` (platform, address); due at once."""
    platform, address = to
    return Outbox(
        id=outbox_id(line.chat, line.seq),
        chat=line.chat,
        seq=line.seq,
        platform=platform,
        address=address,
        state="queued",
        tries=0,
        next_at=0,
        ref="",
        reason="",
    )
