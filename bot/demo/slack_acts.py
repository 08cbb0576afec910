"""What a line means that somebody types who sits in Slack. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final, TypeAlias

import msgspec

COMMAND: Final = "/cuebook"
HELP: Final = (
    "Words are said to Cuebook. A number presses that button.",
    "  /cuebook WORDS   the slash command: help, list, status, run RUNBOOK name=value, cancel RUN",
    "  /home            the page of the app;  /direct  back to the conversation with it",
    "  /channel         #helpdesk, where @Cuebook mentions it;  /thread N  a thread there",
    "  /edit WORDS      change what you said last;  /delete  take it back",
    "  /press LABEL     the newest button that says so;  /twice N  press it twice, as impatient people do",
    "  /shortcut        the app's shortcut: a form to start something",
    "  /say WORDS       say what would mean something else here;  /quit  leave",
)
PLAYING: Final = (
    "Piped lines wait until the bot has done what it can; /now LINE waits for its next word alone."
)


class Say(msgspec.Struct, frozen=True):
    """Words to whoever is here."""

    text: str


class Press(msgspec.Struct, frozen=True):
    """The button with this number, or the newest with this label."""

    number: int = 0
    label: str = ""
    times: int = 1


class Command(msgspec.Struct, frozen=True):
    """Our slash command with these words."""

    text: str


class Edit(msgspec.Struct, frozen=True):
    """Change what was said last."""

    text: str


class Delete(msgspec.Struct, frozen=True):
    """Take back what was said last."""


class Go(msgspec.Struct, frozen=True):
    """Look at another place: `direct`, `channel`, `home`, or the thread of a message of the channel."""

    place: str
    thread: int = 0


class Shortcut(msgspec.Struct, frozen=True):
    """The app's shortcut."""


class Help(msgspec.Struct, frozen=True):
    """Say how it goes."""


class Quit(msgspec.Struct, frozen=True):
    """Leave."""


class Unclear(msgspec.Struct, frozen=True):
    """Nothing happens; `reason` is shown."""

    reason: str


Act: TypeAlias = Say | Press | Command | Edit | Delete | Go | Shortcut | Help | Quit | Unclear


def at_once(line: str) -> tuple[str, bool]:
    """The line itself, and whether it does not wait until the bot is done (`/now LINE`)."""
    word, _, rest = line.strip().partition(" ")
    return (rest.strip(), True) if word == "/now" else (line.strip(), False)


def meaning(line: str, numbers: Collection[int] = ()) -> Act | None:
    """What is to be done; None for an empty line. `numbers`: of the buttons that are there. A
    number that no button has is words, for an order may be called 1002."""
    line = line.replace("\0", "").strip()
    if not line:
        return None
    if re.fullmatch(r"[0-9]{1,4}", line) and int(line) in numbers:
        return Press(int(line))
    return _slashed(line) if line.startswith("/") else Say(line)


def _slashed(line: str) -> Act:
    word, _, rest = line.partition(" ")
    rest = rest.strip()
    if word == COMMAND:
        return Command(rest)
    if word in _ALONE:
        return Unclear(f"{word} stands alone.") if rest else _ALONE[word]
    match word:
        case "/say" | "/edit" | "/press":
            return _worded(word, rest) if rest else Unclear(f"{word} takes words.")
        case "/thread" | "/twice":
            number = int(rest) if re.fullmatch(r"[0-9]{1,4}", rest) else 0
            if not number:
                return Unclear(f"{word} takes a number.")
            return Press(number, times=2) if word == "/twice" else Go("thread", number)
        case _:
            return Unclear(f"{word} is no command here; /help shows those that are. /say says it.")


def _worded(word: str, rest: str) -> Act:
    if word == "/press":
        return Press(label=rest)
    return Edit(rest) if word == "/edit" else Say(rest)


_ALONE: Final[dict[str, Act]] = {
    "/channel": Go("channel"),
    "/delete": Delete(),
    "/direct": Go("direct"),
    "/dm": Go("direct"),
    "/help": Help(),
    "/home": Go("home"),
    "/quit": Quit(),
    "/shortcut": Shortcut(),
}


def mentioned(text: str, name: str, id: str) -> str:
    """`@Cuebook` as Slack sends it: whoever types it chooses it from a list there."""
    return re.sub(rf"(?<!\w)@{re.escape(name)}\b", f"<@{id}>", text, flags=re.IGNORECASE)
