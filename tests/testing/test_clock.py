"""Time that moves when a test says so."""

from __future__ import annotations

import asyncio

import pytest

from bot.ports import Clock
from bot.testing import FakeClock, settle
from bot.testing.clock import START


def is_a_clock(clock: FakeClock) -> Clock:
    return clock


async def test_alarms_ring_in_order_each_at_its_time() -> None:
    clock, rang = FakeClock(), []
    for name, seconds in (("late", 20), ("early", 5), ("middle", 10), ("never", 100)):
        at = START + seconds * 1000
        clock.alarm(name, at, lambda name=name: rang.append((name, clock.now() - START)))  # type: ignore[misc]
    await clock.advance(20)
    assert rang == [("early", 5_000), ("middle", 10_000), ("late", 20_000)]
    assert clock.now() == START + 20_000
    assert clock.next_alarm() == START + 100_000


async def test_a_new_alarm_replaces_the_one_of_its_name_and_a_cancelled_one_is_silent() -> None:
    clock, rang = FakeClock(), []
    clock.alarm("a", START + 1_000, lambda: rang.append("old"))
    clock.alarm("a", START + 2_000, lambda: rang.append("new"))
    clock.alarm("b", START + 1_000, lambda: rang.append("b"))
    clock.cancel("b")
    clock.cancel("unknown")
    await clock.advance(5)
    assert rang == ["new"]
    assert clock.next_alarm() is None


async def test_an_alarm_in_the_past_rings_soon_and_not_within_the_call() -> None:
    clock, rang = FakeClock(), []
    clock.alarm("a", START - 1, lambda: rang.append("a"))
    assert rang == []
    await settle()
    assert rang == ["a"]


async def test_work_that_an_alarm_begins_rests_before_the_next_rings() -> None:
    clock, seen, tasks = FakeClock(), [], set()

    async def work(name: str) -> None:
        for _ in range(20):
            await asyncio.sleep(0)
        seen.append((name, clock.now() - START))

    def begin(name: str) -> None:
        tasks.add(asyncio.get_running_loop().create_task(work(name)))

    clock.alarm("a", START + 1_000, lambda: begin("a"))
    clock.alarm("b", START + 1_001, lambda: begin("b"))
    await clock.advance(2)
    assert seen == [("a", 1_000), ("b", 1_001)]


async def test_an_alarm_that_is_set_while_time_passes_rings_in_the_same_stretch() -> None:
    clock, rang = FakeClock(), []

    def again() -> None:
        rang.append(clock.now() - START)
        clock.alarm("tick", clock.now() + 1_000, again)

    clock.alarm("tick", START + 1_000, again)
    await clock.advance(3.5)
    assert rang == [1_000, 2_000, 3_000]


async def test_time_that_stands_still_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.testing.clock.MANY", 100)
    clock = FakeClock()

    def again() -> None:
        clock.alarm("a", clock.now() + 1, again)

    clock.alarm("a", START + 1, again)
    with pytest.raises(RuntimeError, match="again and again"):
        await clock.advance(10)


async def test_rest_is_when_every_task_waits_for_something_outside() -> None:
    steps, gate = [], asyncio.Event()

    async def work() -> None:
        for number in range(100):
            steps.append(number)
            await asyncio.sleep(0)
        await gate.wait()
        steps.append(100)

    task = asyncio.get_running_loop().create_task(work())
    await settle()
    assert len(steps) == 100
    gate.set()
    await settle()
    assert task.done()


async def test_rest_waits_for_work_outside_the_loop() -> None:
    loop, done = asyncio.get_running_loop(), []
    working: asyncio.Future[None] | None = loop.create_future()

    def outside() -> asyncio.Future[None] | None:
        return working if working is not None and not working.done() else None

    def finish() -> None:
        assert working is not None
        done.append("outside")
        working.set_result(None)

    loop.call_later(0.01, finish)
    await settle(outside)
    assert done == ["outside"]


async def test_what_never_rests_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.testing.settling.ROUNDS", 1_000)

    async def restless() -> None:
        while True:
            await asyncio.sleep(0)

    task = asyncio.get_running_loop().create_task(restless())
    with pytest.raises(RuntimeError, match="never comes to rest"):
        await settle()
    task.cancel()
