"""A server that stops as it should: what is in flight ends or is told, nothing begins."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.limits import Limits
from bot.ports import Store
from bot.rows import Inbox
from bot.runtime.assemble import Choices
from bot.testing import Chat, Gate, Stage, note
from tests.runtime.conftest import Open
from tests.runtime.flows import works

FIND = "  - {id: find, call: directory.find, with: {login: x}}\n"
STEPS = "  - chat_message: Begun.\n" + FIND + "  - {end: success, result: Done.}\n"


async def stopped(place: Stage) -> None:
    """Stop the process in the way of the server, then look at what it left."""
    await place.runtime.stop()
    place.store.dead = True


async def test_a_run_that_ends_within_the_drain_ends_as_it_would_have(stage: Open, store: Store) -> None:
    gate = Gate()
    place = await stage(works(STEPS), store=store, connectors={"directory.find": gate})
    chat = await Chat.on(place, "desk")
    stopping = asyncio.ensure_future(place.runtime.stop())
    await place.settle()
    await gate.open()
    await stopping
    place.store.dead = True
    await place.start()
    await chat.settle()
    chat.hears(note("Begun."), "Result: Done.", "What now?")
    assert chat.runs[0].state == "succeeded"


async def test_a_run_that_takes_longer_is_interrupted_and_the_chat_is_told_before_the_end(
    stage: Open, store: Store
) -> None:
    choices = Choices(limits=Limits(drain=0.0))
    place = await stage(works(STEPS), store=store, connectors={"directory.find": Gate()}, choices=choices)
    chat = await Chat.on(place, "desk")
    await place.runtime.stop()
    await chat.settle()
    chat.hears(note("Begun."), "Result: Runbook failed: interrupted at step find", "What now?")
    assert {row.state for row in await place.store.find(Inbox)} == {"done"}
    place.store.dead = True
    await place.start()
    await chat.settle()
    chat.hears()


async def test_what_waits_is_left_to_the_next_start(stage: Open, store: Store) -> None:
    place = await stage(
        works("  - pause: 10s\n" + STEPS, "timeout: 5m"), store=store, connectors={"directory.find": {}}
    )
    chat = await Chat.on(place, "desk")
    await stopped(place)
    await place.start()
    await chat.advance("10s")
    chat.hears(note("Begun."), "Result: Done.", "What now?")


async def test_a_stopping_house_begins_and_resumes_nothing(stage: Open) -> None:
    limits = Limits(runs_at_work=1, drain=0.0)
    place = await stage(works(STEPS), connectors={"directory.find": Gate()}, choices=Choices(limits=limits))
    first, second = await Chat.on(place, "desk"), await Chat.on(place, "desk")
    await stopped(place)
    assert len(place.connectors.calls) == 1
    await place.start()
    await place.settle()
    assert [first.runs[0].state, second.runs[0].state] == ["interrupted", "running"]


@pytest.mark.parametrize("crashed", [0, 1])
async def test_a_task_that_crashes_is_counted_and_logged(stage: Open, crashed: int) -> None:
    place = await stage(works(STEPS), connectors={"directory.find": {}})

    async def work() -> None:
        await asyncio.sleep(0)
        if crashed:
            raise RuntimeError("a bug")

    place.runtime.tasks.spawn(work(), "test")
    await place.settle()
    assert place.runtime.tasks.crashed == crashed
    place.runtime.tasks.crashed = 0


async def test_a_task_that_will_not_end_does_not_hold_up_the_stop(
    stage: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.runtime.tasks.LAST", 1)
    place = await stage(
        works(STEPS), choices=Choices(limits=Limits(drain=0.0)), connectors={"directory.find": {}}
    )
    free = asyncio.Event()

    async def stubborn() -> None:
        while not free.is_set():
            try:
                await free.wait()
            except asyncio.CancelledError:
                continue

    place.runtime.tasks.spawn(stubborn(), "stubborn")
    await place.settle()
    waited = asyncio.wait

    async def at_once(tasks: set[asyncio.Task[Any]], timeout: float | None = None) -> Any:
        return await waited(tasks, timeout=0)

    monkeypatch.setattr("bot.runtime.tasks.asyncio.wait", at_once)
    await place.runtime.stop()
    assert len(place.runtime.tasks) == 1
    free.set()
    await place.settle()
