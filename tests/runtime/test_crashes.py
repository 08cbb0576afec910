"""Promises 1 and 2: whatever dies between whichever commits, nothing is lost and nothing that
has an effect is done twice."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias

import pytest

from bot.ports import Inbound, Store
from bot.rows import Chat as ChatRow
from bot.rows import Inbox, Run, Timer
from bot.storage.memory import MemoryStore
from bot.storage.open import open_store
from bot.testing import STRANGER, Chat, Killed, Stage, TestAdapter, note, project_of
from flows.events import Said
from tests.runtime.flows import DIRECTORY, profile, runbook
from tests.storage.samples import fresh

When: TypeAlias = Literal["before", "after"]

WHOLE = project_of(
    profile(
        """
  - id: ask
    ask: What shall I do?
    options: {Unlock: unlock, Rebuild: rebuild, Leave: bye}
  - id: unlock
    runbook: unlock
    outcomes: {success: told, failure: told}
  - id: told
    say: "Result: $RUNBOOKRESULT"
    next: ask
  - id: rebuild
    runbook: rebuild
    outcomes: {started: started, success: started, failure: told}
  - id: started
    say: It is on its way.
    next: ask
  - id: bye
    end: Bye.
"""
    ),
    runbook(
        """
  - chat_message: Looking.
  - {id: find, call: directory.find, with: {login: x}}
  - {id: nested, runbook: check, outcomes: {success: unlock, failure: unlock}}
  - {id: unlock, call: directory.unlock, with: {login: x}}
  - {end: success, result: Unlocked.}
""",
        id="unlock",
    ),
    runbook("  - {id: look, call: directory.find, with: {login: y}}\n  - {end: success}", id="check"),
    runbook(
        """
  - {id: wipe, call: directory.unlock, with: {login: z}}
  - {id: rest, pause: 1h}
  - chat_message: Nearly there.
  - {end: success, result: Rebuilt.}
""",
        "method: asynchronous\nannounce: result\ntimeout: 2h",
        id="rebuild",
    ),
    DIRECTORY,
)
DEFINITIONS = list(WHOLE.everything())
SCRIPT = ("Unlock", "Rebuild", "Unlock")


class Player:
    """A person whose client sends again what was not acknowledged, as every adapter's does."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.deaths = 0

    async def do(self, act: Any) -> None:
        """Do it until it is acknowledged."""
        while True:
            with suppress(Killed):
                await act()
                await self.stage.settle()
            if not self.stage.store.dead:
                return
            self.deaths += 1
            await self.stage.restart()


async def play(
    store: Store, cut: tuple[int, When] | None, adapter: TestAdapter | None = None
) -> tuple[Stage, Player]:
    """The whole conversation; the first process dies at the commit of `cut`, counted from the
    first that a person causes. With an adapter its lines are handed over."""
    stage = await Stage.open(
        WHOLE,
        store=store,
        connectors={"directory.find": {}, "directory.unlock": {}},
        adapters=(adapter,) if adapter is not None else (),
    )
    player = Player(stage)
    if cut is not None:
        stage.store.die_at = (len(DEFINITIONS) + cut[0], cut[1])
    await player.do(partial(_open_once, stage, "room 1" if adapter is not None else ""))
    for number, word in enumerate(SCRIPT):
        await player.do(partial(_say, stage, f"m{number}", word))
    await player.do(partial(stage.advance, 3_600))
    await player.do(partial(_say, stage, "last", "Leave"))
    return stage, player


async def _say(stage: Stage, id: str, word: str) -> None:
    await stage.engine.receive(Inbound(chat="c1", id=id, said=Said(text=word), source="test"))


async def _open_once(stage: Stage, address: str) -> None:
    if await stage.store.get(ChatRow, id="c1") is None:
        await stage.engine.open("desk", STRANGER, platform="test", id="c1", address=address)


async def check(stage: Stage) -> None:
    """What must hold, wherever the process died."""
    chat = Chat(stage, "c1")
    await chat.settle()
    said = [line.text for line in chat.transcript if line.kind == "user"]
    assert said == [*SCRIPT, "Leave"], "each message once, in order"
    assert chat.ended
    assert [message.seq for message in chat.messages] == list(range(1, len(chat.messages) + 1))
    assert {row.state for row in await stage.store.find(Inbox)} == {"done"}
    assert await stage.store.find(Timer) == []
    runs = await stage.store.find(Run)
    asked = [run for run in runs if run.origin == "chat"]
    assert [run.runbook for run in asked] == ["unlock", "rebuild", "unlock"], "each start once"
    assert sum(run.state == "interrupted" for run in runs) <= 1
    assert {run.state for run in runs} <= {"succeeded", "interrupted"}
    made = [(run.id, call.id) for run, call in stage.connectors.made]
    assert len(made) == len(set(made)), "no call is made twice"
    results = [line.text for line in chat.transcript if line.text.startswith("Result: ")]
    waited = [run.message for run in asked if run.runbook == "unlock"]
    assert results == [f"Result: {message}" for message in waited], "each end is told once, in order"
    rebuilt = [line for line in chat.transcript if line.text == asked[1].message]
    assert len(rebuilt) == 1, "the end in the background is told once"
    assert stage.runtime.tasks.crashed == 0


async def test_the_whole_conversation_without_a_death() -> None:
    stage, player = await play(MemoryStore(), None)
    await check(stage)
    chat = Chat(stage, "c1")
    await chat.settle()
    asks = "What shall I do?"
    chat.hears(
        asks, note("Looking."), "Result: Unlocked.", asks, "It is on its way.", asks,
        note("Looking."), "Result: Unlocked.", asks, note("Nearly there."), "Rebuilt.", "Bye.",
    )  # fmt: skip
    assert player.deaths == 0


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_death_at_any_commit_loses_and_doubles_nothing(when: When) -> None:
    whole, _ = await play(MemoryStore(), None)
    total = whole.store.commits - len(DEFINITIONS)
    assert total > 20
    for number in range(1, total + 1):
        stage, player = await play(MemoryStore(), (number, when))
        assert player.deaths == 1, f"nothing died at commit {number}"
        await check(stage)


@pytest.mark.parametrize("number", [2, 7, 12, 17, 22])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_so_it_is_on_sqlite(tmp_path: Path, tmp_path_factory: Any, number: int, when: When) -> None:
    store = await open_store(await fresh(tmp_path, tmp_path_factory))
    stage, player = await play(store, (number, when))
    assert player.deaths == 1
    await check(stage)
    await stage.close()


@pytest.mark.parametrize("when", ["before", "after"])
async def test_each_line_is_handed_over_in_order_and_none_is_left_out(when: When) -> None:
    """At least once: a death between the platform's answer and our note sends a line again,
    and then it is the very next thing that is sent."""
    adapter = TestAdapter()
    whole, _ = await play(MemoryStore(), None, adapter)
    total = whole.store.commits - len(DEFINITIONS)
    assert total > 30
    for number in range(1, total + 1):
        adapter = TestAdapter()
        stage, player = await play(MemoryStore(), (number, when), adapter)
        assert player.deaths == 1, f"nothing died at commit {number}"
        await check(stage)
        chat = Chat(stage, "c1")
        await chat.settle()
        sent = [delivery.message.seq for delivery in adapter.sent]
        assert sent == sorted(sent), f"out of order at commit {number}"
        bots = [message.seq for message in chat.messages if message.sender == "bot"]
        assert sorted(set(sent)) == bots, f"lost at commit {number}"
        assert len(sent) - len(bots) <= 1, f"sent too often at commit {number}"
