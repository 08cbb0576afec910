"""What is written after our slash command, as a wish. Pure; never raises.

    list · status [RUN] · cancel RUN · start PROFILE · run RUNBOOK [name=value …] · help

A value with spaces stands in quotes, straight or curly (Slack and telephones make curly ones).
The text was made readable before: mentions and links are what people see.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import msgspec


class StartProfile(msgspec.Struct, frozen=True):
    """Begin a chat with this profile."""

    id: str


class RunRunbook(msgspec.Struct, frozen=True):
    """Begin this runbook with these inputs."""

    id: str
    inputs: dict[str, str] = {}


class Help(msgspec.Struct, frozen=True):
    """Say how it goes."""


class List(msgspec.Struct, frozen=True):
    """Show what may be begun."""


class Status(msgspec.Struct, frozen=True):
    """Show how runs stand; `id`: this one."""

    id: str = ""


class CancelRun(msgspec.Struct, frozen=True):
    """Stop this run."""

    id: str


class Unclear(msgspec.Struct, frozen=True):
    """Not understood; `reason` is for the person."""

    reason: str


Wish: TypeAlias = StartProfile | RunRunbook | Help | List | Status | CancelRun | Unclear

LONGEST: Final = 8_000
_WORDS: Final = 60
_ID: Final = re.compile(r"[\w.-]{1,128}")
_NAME: Final = re.compile(r"[^\W\d]\w{0,63}")
_DOUBLE: Final = "\"“”„‟«»"  # fmt: skip
_SINGLE: Final = "'‘’‚‛"  # noqa: RUF001  (the quotes that people type)
_ENDS: Final = {**dict.fromkeys(_DOUBLE, _DOUBLE), **dict.fromkeys(_SINGLE, _SINGLE)}


class _Open(Exception):
    """A quote that nothing ends."""


def understood(text: str) -> Wish:
    """What a person wants."""
    if len(text) > LONGEST:
        return Unclear(f"That is too long: {LONGEST} characters at most.")
    try:
        words = _split(text)
    except _Open:
        return Unclear("A quotation mark is not closed.")
    if len(words) > _WORDS:
        return Unclear(f"Those are too many words: {_WORDS} at most.")
    if not words:
        return Help()
    verb, *rest = words
    read = _VERBS.get(verb.casefold())
    return read(rest) if read else Unclear(f"I do not know `{verb[:80]}`. Try `help`.")


def _split(text: str) -> list[str]:
    """Words; a quote begins one, or stands after `=`, and keeps its spaces. Raises _Open."""
    words: list[str] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        word, at = _word(text, at)
        words.append(word)
    return words


def _word(text: str, at: int) -> tuple[str, int]:
    kept: list[str] = []
    fresh = True
    while at < len(text) and not text[at].isspace():
        if fresh and text[at] in _ENDS:
            inside, at = _quoted(text, at)
            kept.append(inside)
            fresh = False
            continue
        fresh = text[at] == "=" and "=" not in "".join(kept)
        kept.append(text[at])
        at += 1
    return "".join(kept), at


def _quoted(text: str, at: int) -> tuple[str, int]:
    """The inside of a quote, and where it ends: at a mark of its kind before a space."""
    marks = _ENDS[text[at]]
    for end in range(at + 1, len(text)):
        if text[end] in marks and (end + 1 == len(text) or text[end + 1].isspace()):
            return text[at + 1 : end], end + 1
    raise _Open


def _run(words: Sequence[str]) -> Wish:
    if not words or not _ID.fullmatch(words[0]):
        return Unclear("Say which runbook: `run RUNBOOK name=value`. `list` shows them.")
    inputs: dict[str, str] = {}
    for word in words[1:]:
        name, equals, value = word.partition("=")
        if not (equals and _NAME.fullmatch(name)):
            return Unclear(f'Inputs are written `name=value` or `name="two words"`, not `{word[:80]}`.')
        if name in inputs:
            return Unclear(f"`{name}` is given twice.")
        inputs[name] = value
    return RunRunbook(words[0], inputs)


def _one(made: Callable[[str], Wish], wanted: str) -> Callable[[Sequence[str]], Wish]:
    return lambda words: made(words[0]) if len(words) == 1 and _ID.fullmatch(words[0]) else Unclear(wanted)


def _none(made: Callable[[], Wish], verb: str) -> Callable[[Sequence[str]], Wish]:
    return lambda words: Unclear(f"`{verb}` stands alone.") if words else made()


def _status(words: Sequence[str]) -> Wish:
    return _one(Status, "Write `status`, or `status RUN`.")(words) if words else Status()


_VERBS: Final[dict[str, Callable[[Sequence[str]], Wish]]] = {
    "help": lambda words: Help(),
    "?": lambda words: Help(),
    "list": _none(List, "list"),
    "status": _status,
    "runs": _none(Status, "runs"),
    "cancel": _one(CancelRun, "Say which run: `cancel RUN`. `status` shows them."),
    "stop": _one(CancelRun, "Say which run: `stop RUN`. `status` shows them."),
    "start": _one(StartProfile, "Say with whom: `start PROFILE`. `list` shows them."),
    "chat": _one(StartProfile, "Say with whom: `chat PROFILE`. `list` shows them."),
    "run": _run,
}
