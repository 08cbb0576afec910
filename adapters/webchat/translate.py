"""Frames of the sub-protocol `cuebook.v1` to and from values. Pure.

JSON text frames with a `type`. Whoever receives a type or a field it does not know ignores
it, so both sides can grow. Every transcript line has the chat's gap-free `seq`; `progress`
has none: it is replaceable and sent whole.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec

from adapters.webchat.shapes import Choices, Form, Id, Name, Seq, Values
from bot.ports import Live, Progress, ProgressStep
from bot.rows import Message
from bot.web.clean import clean

PROTOCOL: Final = "cuebook.v1"


class Junk(Exception):
    """The frame cannot be understood; the connection ends with 4400."""


# --- from the client -------------------------------------------------------------------


class Hello(msgspec.Struct, tag="hello", frozen=True, kw_only=True):
    """The first frame: which profile, or which chat to go on with and what was seen of it."""

    profile: Name = ""
    token: Annotated[str, msgspec.Meta(max_length=2048)] | None = None
    chat: Name | None = None
    last_seq: Seq | None = None
    client: Name = ""


class Say(msgspec.Struct, tag="message", frozen=True, kw_only=True):
    """The person wrote something. The same `cmid` again is the same message."""

    cmid: Id
    text: str


class Press(msgspec.Struct, tag="action", frozen=True, kw_only=True):
    """The person pressed a button of the question `prompt_id`, or filled in its form."""

    cmid: Id
    prompt_id: Id
    value: Annotated[str, msgspec.Meta(max_length=2000)] | None = None
    values: Values | None = None

    def __post_init__(self) -> None:
        if (self.value is None) is (self.values is None):
            raise ValueError("either `value` or `values`")


class Cancel(msgspec.Struct, tag="cancel", frozen=True, kw_only=True):
    """The person wants a run stopped."""

    cmid: Id
    run_id: Id


class Typing(msgspec.Struct, tag="typing", frozen=True, kw_only=True):
    """Taken and ignored: no flow can act on it yet."""

    seq: Seq = 0


class Read(msgspec.Struct, tag="read", frozen=True, kw_only=True):
    """Taken and ignored."""

    seq: Seq = 0


class Ping(msgspec.Struct, tag="ping", frozen=True, kw_only=True):
    """Browsers cannot send a ping of the WebSocket protocol; `t` comes back as it is."""

    t: float | str | None = None


ClientFrame: TypeAlias = Hello | Say | Press | Cancel | Typing | Read | Ping


class _Kind(msgspec.Struct):
    type: str


_KNOWN: Final = frozenset(("hello", "message", "action", "cancel", "typing", "read", "ping"))
_decoder: Final[msgspec.json.Decoder[ClientFrame]] = msgspec.json.Decoder(ClientFrame)


def decode(data: bytes) -> ClientFrame | None:
    """A client's frame; None for a type that we do not know. Raises Junk."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decode_again(data)


def _decode_again(data: bytes) -> ClientFrame | None:
    """The slow way, for what the fast one refused: an unknown type is ignored, halves of
    surrogate pairs are cleaned out, the rest is junk."""
    try:
        value = json.loads(data)
        kind = msgspec.convert(value, _Kind).type
        if kind not in _KNOWN:
            return None
        scrubbed = {key: _scrubbed(item) for key, item in value.items()}
        frame: ClientFrame = msgspec.convert(scrubbed, ClientFrame)
        return frame
    except (ValueError, RecursionError) as exc:  # msgspec's and json's errors are ValueErrors
        raise Junk from exc


def _scrubbed(item: Any) -> Any:
    if isinstance(item, dict):
        return {clean(key): clean(one) if isinstance(one, str) else one for key, one in item.items()}
    return clean(item) if isinstance(item, str) else item


# --- from the server -------------------------------------------------------------------


class Welcome(msgspec.Struct, tag="welcome", frozen=True, kw_only=True):
    """`full`: the transcript follows from its beginning · `partial`: what was missed follows
    · `reset`: too much was missed, forget what is shown, the last page follows."""

    chat: str
    token: str
    seq: int
    resume: Literal["full", "partial", "reset"]
    server_time: int
    limits: dict[str, float]
    ended: bool
    name: str


class Ack(msgspec.Struct, tag="ack", frozen=True, kw_only=True):
    """It is durable, as line `seq` of the transcript."""

    cmid: str
    seq: int
    duplicate: bool


class MessageFrame(msgspec.Struct, tag="message", frozen=True, kw_only=True, omit_defaults=True):
    """One line that somebody said. `at` in milliseconds since 1970, `end`: the chat is over."""

    seq: int
    id: str
    sender: Literal["user", "bot", "agent"] = msgspec.field(name="from")
    text: str
    choices: Choices
    at: int
    prompt_id: str = ""
    run: str = ""
    end: bool = False
    form: Form | msgspec.UnsetType = msgspec.UNSET


class NoteFrame(msgspec.Struct, tag="note", frozen=True, kw_only=True):
    """One line that a run added to the chat."""

    seq: int
    id: str
    run_id: str
    text: str
    at: int


class Update(msgspec.Struct, tag="update", frozen=True, kw_only=True):
    """An earlier line reads differently now."""

    seq: int
    id: str
    rev: int
    text: str


class ProgressFrame(msgspec.Struct, tag="progress", frozen=True, kw_only=True):
    """How a run stands. Replaces every earlier one of the same run."""

    run_id: str
    runbook: str
    title: str
    rev: int
    state: str
    steps: tuple[ProgressStep, ...]
    cancellable: bool


class Error(msgspec.Struct, tag="error", frozen=True, kw_only=True, omit_defaults=True):
    """What cannot be done: `code` for programs, `message` for people."""

    code: str
    message: str
    cmid: str = ""
    retry_after: float | None = None


class Pong(msgspec.Struct, tag="pong", frozen=True, kw_only=True):
    """The answer to a ping, with its `t`."""

    t: float | str | None


Line: TypeAlias = MessageFrame | NoteFrame
ServerFrame: TypeAlias = Welcome | Ack | Line | Update | ProgressFrame | Error | Pong

_encode: Final = msgspec.json.Encoder().encode


def encode(frame: ServerFrame) -> bytes:
    """A frame as it goes over the wire."""
    return _encode(frame)


def line(message: Message) -> Line:
    """A line of the transcript as clients see it."""
    if message.kind == "note":
        return NoteFrame(
            seq=message.seq, id=message.id, run_id=message.run, text=message.text, at=message.created_at
        )
    return MessageFrame(
        seq=message.seq,
        id=message.id,
        sender=message.sender,
        text=message.text,
        choices=msgspec.Raw(message.choices),
        at=message.created_at,
        prompt_id=message.prompt,
        run=message.run,
        end=message.kind == "end",
        form=msgspec.Raw(message.form) if message.form else msgspec.UNSET,
    )


def progress(item: Progress) -> ProgressFrame:
    """A run's picture as clients see it."""
    return ProgressFrame(
        run_id=item.run,
        runbook=item.runbook,
        title=item.title,
        rev=item.rev,
        state=item.state,
        steps=item.steps,
        cancellable=item.cancellable,
    )


def live(item: Live) -> bytes:
    """Whatever the bus brings, encoded."""
    return _encode(line(item) if isinstance(item, Message) else progress(item))


def label_of(lines: list[Message], prompt: str, value: str) -> str:
    """What the pressed button said: the last question of that id decides; else the value."""
    for message in reversed(lines):
        if message.prompt == prompt:
            choices: list[dict[str, Any]] = msgspec.json.decode(message.choices)
            return next((str(c["label"]) for c in choices if c["value"] == value), value)
    return value
