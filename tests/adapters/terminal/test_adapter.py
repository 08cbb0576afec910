"""The terminal in front of the real runtime: a patient pipe, a person at the keys, the end."""

from __future__ import annotations

import asyncio
import os
import termios
from collections.abc import AsyncIterator
from io import StringIO

import pytest
from rich.console import Console

from adapters.terminal.adapter import House, Place, Terminal
from adapters.terminal.keyboard import hush
from adapters.terminal.screen import Paper, Screen
from adapters.terminal.translate import LONGEST
from bot.errors import StoreUnavailable
from bot.ports import Inbound, Progress, Receipt
from bot.testing import STRANGER, Gate, Stage
from flows.errors import UnknownDefinition

PROJECT = """\
kind: chat-profile
id: desk
audience: anyone
flow:
  - id: menu
    ask: What now?
    options: {Unlock: unlock, Copy: copy, Bye: bye}
  - id: unlock
    runbook: unlock
    outcomes: {success: told, failure: told}
  - id: told
    say: $RUNBOOKRESULT
    next: menu
  - id: copy
    runbook: copy
    outcomes: {started: menu, success: menu, failure: told}
  - id: bye
    end: Goodbye.
---
kind: chat-profile
id: form
audience: anyone
variables: {asset: {label: Asset}, pin: {secret: true, label: PIN}}
flow:
  - ask: Tell me.
    fields: [asset, pin]
  - id: more
    ask: More?
---
kind: runbook
id: unlock
name: Unlock it
audience: anyone
steps:
  - chat_message: Looking …
  - title: Unlocking
    call: desk.unlock
  - end: success
    result: Unlocked.
---
kind: runbook
id: copy
name: Copy it
audience: anyone
method: asynchronous
steps:
  - call: desk.unlock
  - end: success
---
kind: connector
id: desk
base_url: http://desk.example
methods: {unlock: {post: /unlock, timeout: 5m}}
"""
MENU = "What now?\n  1. Unlock\n  2. Copy\n  3. Bye\n"


class Sitting:
    """Somebody's place: what they type, what they see, the chat's task."""

    def __init__(self, stage: Stage, gate: Gate) -> None:
        self.stage, self.gate = stage, gate
        self.out, self.err = StringIO(), StringIO()
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self.asked = 0
        self.hushed: list[bool] = []

    async def read(self) -> bytes:
        self.asked += 1
        return await self._pieces.get()

    async def sit(self, *, keys: bool = False, linger: float = 30.0, profile: str = "desk") -> None:
        house = House(self.stage.engine, self.stage.runtime.bus, self.stage.clock)
        surface = (
            Screen(Console(file=self.out, force_terminal=True, color_system=None, width=60, height=20))
            if keys
            else Paper(Console(file=self.out))
        )
        place = Place(
            self,
            surface,
            keys=keys,
            asides=None if keys else Paper(Console(file=self.err)),
            hush=self.hushed.append,
        )
        self.terminal = Terminal(house, place, linger=linger)
        self.talk = asyncio.get_running_loop().create_task(self.terminal.talk(profile, STRANGER))
        await self.stage.settle()

    async def types(self, *pieces: str) -> None:
        for piece in pieces:
            self._pieces.put_nowait(piece.encode())
        await self.stage.settle()

    async def left(self) -> list[Progress]:
        async with asyncio.timeout(5):
            return await self.talk


@pytest.fixture
async def sitting() -> AsyncIterator[Sitting]:
    gate = Gate()
    stage = await Stage.open(PROJECT, connectors={"desk.unlock": gate})
    sitting = Sitting(stage, gate)
    yield sitting
    if not sitting.talk.done():
        sitting.talk.cancel()
        await asyncio.wait([sitting.talk])
    await stage.close()


async def test_a_pipe_speaks_only_when_it_is_asked(sitting: Sitting) -> None:
    await sitting.sit()
    await sitting.types("Unlock\nbye\n", "")
    assert sitting.out.getvalue() == f"{MENU}> Unlock\n  | Looking …\n"
    await sitting.gate.open()
    assert sitting.out.getvalue() == f"{MENU}> Unlock\n  | Looking …\nUnlocked.\n{MENU}> Bye\nGoodbye.\n"
    assert await sitting.left() == []


async def test_a_pipe_waits_until_its_last_words_were_answered(
    sitting: Sitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    async def later(inbound: Inbound) -> Receipt:
        said.append(inbound.said.text)
        return Receipt(seq=2)  # durable, but its turn is still to come

    await sitting.sit()
    monkeypatch.setattr(sitting.stage.engine, "receive", later)
    await sitting.types("no\nmaybe\n")
    assert said == ["no"]


async def test_a_pipe_that_ends_at_a_question_ends_the_talk(sitting: Sitting) -> None:
    await sitting.sit()
    await sitting.types("")
    assert await sitting.left() == []
    assert sitting.out.getvalue() == MENU


async def test_a_run_that_is_waited_for_may_end_after_the_input(sitting: Sitting) -> None:
    await sitting.sit()
    await sitting.types("1\n", "")
    assert not sitting.talk.done()
    await sitting.gate.open()
    await sitting.left()
    assert sitting.out.getvalue().endswith(f"Unlocked.\n{MENU}")


async def test_but_only_as_long_as_it_lingers(sitting: Sitting) -> None:
    await sitting.sit(linger=0.05)
    await sitting.types("1\n", "")
    [left] = await sitting.left()
    assert (left.title, left.state) == ("Unlock it", "running")


async def test_a_background_run_is_not_waited_for(sitting: Sitting) -> None:
    await sitting.sit()
    await sitting.types("Copy\n", "")
    [left] = await sitting.left()
    assert left.title == "Copy it"


async def test_the_end_of_the_chat_ends_the_talk(sitting: Sitting) -> None:
    await sitting.sit(keys=True)
    await sitting.types("3\n")
    assert await sitting.left() == []
    assert "Goodbye." in sitting.out.getvalue()


async def test_ctrl_d_leaves(sitting: Sitting) -> None:
    await sitting.sit(keys=True)
    await sitting.types("\x04")
    assert await sitting.left() == []


async def test_the_run_at_work_is_shown_above_what_is_typed(sitting: Sitting) -> None:
    await sitting.sit(keys=True)
    await sitting.types("1\n", "canc")
    assert sitting.out.getvalue().endswith("  Unlock it\n    … Unlocking\n> canc")
    await sitting.gate.open()
    assert sitting.out.getvalue().endswith(f"{MENU}> canc")


async def test_words_at_the_keys_go_at_once(sitting: Sitting) -> None:
    await sitting.sit(keys=True)
    await sitting.types("1\n", "hello\n")
    assert "I'm still working on it." in sitting.out.getvalue()


async def test_a_message_at_the_limit_goes_and_one_past_it_does_not(sitting: Sitting) -> None:
    await sitting.sit()
    await sitting.types(f"{'a' * LONGEST}\n")
    assert "Please choose one of the options." in sitting.out.getvalue()
    before = sitting.out.getvalue()
    await sitting.types(f"{'b' * (LONGEST + 1)}\n")
    assert (sitting.out.getvalue(), sitting.err.getvalue()) == (
        before,
        "! A message may have 8000 characters at most; this one was not sent.\n",
    )


async def test_what_cannot_be_taken_is_said_and_can_be_said_again(
    sitting: Sitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sitting.sit()
    with monkeypatch.context() as patch:

        async def full(_: object) -> None:
            raise StoreUnavailable("the disk is full")

        patch.setattr(sitting.stage.engine, "receive", full)
        await sitting.types("3\n")
    assert sitting.err.getvalue() == "! the disk is full\n"
    await sitting.types("3\n")
    assert sitting.out.getvalue().endswith("Goodbye.\n")


async def test_a_profile_that_is_not_there_is_the_callers_error(sitting: Sitting) -> None:
    await sitting.sit(profile="nowhere")
    with pytest.raises(UnknownDefinition):
        await sitting.left()


async def test_a_long_transcript_is_shown_whole(sitting: Sitting) -> None:
    await sitting.sit()
    await sitting.types(*["no\n"] * 100)
    assert sitting.out.getvalue().count("> no\n") == 100


async def test_a_reader_is_asked_for_one_piece_at_a_time(sitting: Sitting) -> None:
    await sitting.sit()
    await sitting.types("1\n2\n", "3\n")
    assert sitting.asked == 1


FORM = "Tell me.\nAsset?\n> LAP-1\nPIN?\n> •••\nMore?\n"


async def test_a_form_is_asked_field_by_field_and_a_terminal_shows_no_secret(sitting: Sitting) -> None:
    await sitting.sit(profile="form")
    await sitting.types("LAP-1\n")
    assert sitting.hushed == [True]
    await sitting.types("geheim\n")
    assert sitting.hushed == [True, False]
    await sitting.types("")
    await sitting.left()
    assert sitting.out.getvalue() == FORM
    assert sitting.hushed == [True, False, False]  # as it was, whatever happened


async def test_a_secret_is_typed_unseen(sitting: Sitting) -> None:
    await sitting.sit(keys=True, profile="form")
    await sitting.types("LAP-1")
    assert "> LAP-1" in sitting.out.getvalue()
    await sitting.types("\r")
    await sitting.types("g", "eheim")
    seen = sitting.out.getvalue()
    assert "PIN?" in seen
    assert "geheim" not in seen
    assert "> g" not in seen
    await sitting.types("\r", "open")
    assert sitting.out.getvalue().count("•••") == 1
    assert "> open" in sitting.out.getvalue()


def test_a_terminal_that_shows_by_itself_is_hushed_and_let_go_again() -> None:
    ours, theirs = os.openpty()
    try:
        shown = []
        for quiet in (True, False):
            hush(theirs, quiet=quiet)
            shown.append(bool(termios.tcgetattr(theirs)[3] & termios.ECHO))
        assert shown == [False, True]
    finally:
        os.close(ours)
        os.close(theirs)
    hush(theirs, quiet=True)  # it is gone: nothing happens
