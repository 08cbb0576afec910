"""What a person may rely on, whichever way they come in: every adapter, through its front door."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.testing import Gate, Line, Stage, note, question
from flows.chat_policy import WORKING
from tests.contract.doors import DOORS, Door, Pushed
from tests.guide.house import PATIENCE

PROJECT = """\
kind: chat-profile
id: desk
audience: anyone
flow:
  - id: menu
    ask: What can I do for you?
    options:
      Unlock my account: ask_login
      Copy my files: copy
      Take a note: ask_note
      Goodbye: bye
  - id: ask_login
    ask: Which login is locked?
    save: login
  - runbook: unlock
    with: {login: $login}
    outcomes: {success: told, failure: told}
  - id: told
    say: $RUNBOOKRESULT
    next: menu
  - id: copy
    runbook: copy
    outcomes: {started: started, success: started, failure: told}
  - id: started
    say: The copy is on its way.
    next: menu
  - id: ask_note
    ask: What shall I write down?
    save: words
  - say: "Noted: $words"
    next: menu
  - id: bye
    end: Have a good day!
variables:
  login: {label: Login, matches: '[a-z.]{1,20}'}
  words: {label: Words}
---
kind: runbook
id: unlock
audience: anyone
inputs: {login: {required: true}}
steps:
  - chat_message: Looking up $login …
  - call: desk.unlock
    with: {login: $login}
  - end: success
    result: Account $login is unlocked.
---
kind: runbook
id: copy
audience: anyone
method: asynchronous
announce: result
steps:
  - call: desk.copy
  - end: success
    result: Your files are copied.
---
kind: connector
id: desk
base_url: http://desk.example
methods:
  unlock: {post: "/unlock/{login}", timeout: 5m}
  copy: {post: /copy, timeout: 5m}
"""
MENU = question("What can I do for you?", "Unlock my account", "Copy my files", "Take a note", "Goodbye")
ODD = {
    "emoji": "👩🏽‍💻 🇺🇳 ¡olé!",
    "long": "a" * 8_000,
    "variable": "$RUNBOOKRESULT ${chat.id} {{x}} {0} %s",
    "controls": "a\x1b[2J\x07\x9b1mb\x85c\u2028d\te",
    "right-to-left": "\u202eabc\u2066 שלום \u200f",
    "markup": "[bold]<b>&amp;*_`[/]",
    "json": '{"type": "message"}',
}


class Visit:
    """A person at a door, and the house behind it."""

    def __init__(self, door: Door, stage: Stage, unlock: Gate, copy: Gate) -> None:
        self.door, self.stage, self.unlock, self.copy = door, stage, unlock, copy
        self._looked = 0

    async def hears(self, *expected: str | Line) -> None:
        """Exactly these lines, since the last look."""
        wanted = [Line(one, "bot", ()) if isinstance(one, str) else one for one in expected]
        heard: list[Line] = []
        try:
            async with asyncio.timeout(PATIENCE):
                while len(heard) < len(wanted):
                    await asyncio.sleep(0.002)
                    heard = (await self.door.look())[0][self._looked :]
        finally:
            assert len(heard) == len(wanted), heard
            assert all(one.matches(other) for one, other in zip(wanted, heard, strict=True)), heard
        self._looked += len(heard)

    async def stands(self, gate: Gate) -> None:
        """A run has come as far as this call."""
        async with asyncio.timeout(PATIENCE):
            while not gate.waiting:
                await asyncio.sleep(0.002)

    async def told_the_end(self) -> None:
        """The person can see that it is over."""
        async with asyncio.timeout(PATIENCE):
            while not (await self.door.look())[1]:
                await asyncio.sleep(0.002)


@pytest.fixture(params=DOORS)
async def visit(request: pytest.FixtureRequest) -> AsyncIterator[Visit]:
    door, unlock, copy = DOORS[request.param](), Gate(), Gate()
    adapters = (door.adapter,) if isinstance(door, Pushed) else ()
    stage = await Stage.open(
        PROJECT, connectors={"desk.unlock": unlock, "desk.copy": copy}, adapters=adapters
    )
    await door.enter(stage)
    visit = Visit(door, stage, unlock, copy)
    await visit.hears(MENU)
    yield visit
    await door.leave()
    await stage.close()


async def until_it_waits(visit: Visit) -> None:
    """The person has asked for the waiting run, and it stands before the gate."""
    await visit.door.press("Unlock my account")
    await visit.hears("Which login is locked?")
    await visit.door.say("j.doe")
    await visit.hears(note("Looking up j.doe …"))
    await visit.stands(visit.unlock)


async def test_a_number_answers_like_a_press(visit: Visit) -> None:
    await visit.door.say("1")
    await visit.hears("Which login is locked?")


async def test_a_label_answers_whatever_its_case(visit: Visit) -> None:
    await visit.door.say("  unlock MY account ")
    await visit.hears("Which login is locked?")


async def test_a_wrong_answer_is_asked_again(visit: Visit) -> None:
    await visit.door.say("something else")
    await visit.hears("Please choose one of the options.", MENU)
    await visit.door.press("Unlock my account")
    await visit.hears("Which login is locked?")


async def test_a_waiting_run_is_heard_before_it_ends(visit: Visit) -> None:
    await until_it_waits(visit)
    await visit.unlock.open()
    await visit.hears("Account j.doe is unlocked.", MENU)


async def test_words_during_the_wait_are_answered_once(visit: Visit) -> None:
    await until_it_waits(visit)
    await visit.door.say("hello?")
    await visit.hears(WORKING)
    await visit.door.say("is anybody there?")
    await visit.stage.settle()
    await visit.unlock.open()
    await visit.hears("Account j.doe is unlocked.", MENU)


async def test_the_word_cancel_stops_the_run(visit: Visit) -> None:
    await until_it_waits(visit)
    await visit.door.say("cancel")
    await visit.hears("I'm asking it to stop …", f"Runbook failed: cancelled by {visit.door.called}", MENU)


async def test_a_background_run_reports_later(visit: Visit) -> None:
    await visit.door.press("Copy my files")
    await visit.hears("The copy is on its way.", MENU)
    await visit.stands(visit.copy)
    await visit.door.press("Take a note")
    await visit.hears("What shall I write down?")
    await visit.copy.open()
    await visit.hears("Your files are copied.")
    await visit.door.say("milk")
    await visit.hears("Noted: milk", MENU)


async def test_a_redelivery_changes_nothing(visit: Visit) -> None:
    if not visit.door.redelivers:
        pytest.skip("this platform hands everything over once, without ids")
    await visit.door.say("3", id="once")
    await visit.hears("What shall I write down?")
    await visit.door.say("3", id="once")
    await visit.door.say("bread", id="twice")
    await visit.hears("Noted: bread", MENU)


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
async def test_no_text_makes_a_chat_unusable(visit: Visit, text: str) -> None:
    await visit.door.press("Take a note")
    await visit.hears("What shall I write down?")
    await visit.door.say(text)
    async with asyncio.timeout(PATIENCE):
        while (await visit.door.look())[0][-1].choices != MENU.choices:
            await asyncio.sleep(0.002)
    [asked] = [line.text for line in (await visit.door.look())[0] if line.text.startswith("Noted: ")]
    assert asked != "Noted: "
    await visit.door.press("Goodbye")
    await visit.told_the_end()


async def test_the_end_is_told(visit: Visit) -> None:
    assert not (await visit.door.look())[1]
    await visit.door.press("Goodbye")
    await visit.hears("Have a good day!")
    await visit.told_the_end()
