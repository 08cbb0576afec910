"""What every implementation of `bot.ports.Clock` promises."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from bot.ports import Clock
from bot.runtime.clock import SchedulerClock
from bot.testing import FakeClock

SOON = 20  # ms
PATIENCE = 5.0  # s

Pass = Callable[[asyncio.Event], Awaitable[None]]


async def _by_itself(came: asyncio.Event) -> None:
    async with asyncio.timeout(PATIENCE):
        await came.wait()


@pytest.fixture(params=["fake", "scheduler"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Clock, Pass]]:
    """A clock, and the way to let time pass until an event has come."""
    if request.param == "fake":
        fake = FakeClock()

        async def advance(came: asyncio.Event) -> None:
            while not came.is_set():
                due = fake.next_alarm()
                assert due is not None, "nothing will come"
                await fake.advance((due - fake.now()) / 1000)

        yield fake, advance
        return
    clock = SchedulerClock()
    clock.start()
    yield clock, _by_itself
    clock.stop()


@pytest.fixture
def clock(world: tuple[Clock, Pass]) -> Clock:
    return world[0]


@pytest.fixture
def wait(world: tuple[Clock, Pass]) -> Pass:
    return world[1]


async def test_now_is_milliseconds_and_does_not_go_back(clock: Clock) -> None:
    first, second = clock.now(), clock.now()
    assert 1_700_000_000_000 < first <= second < 4_000_000_000_000


async def test_an_alarm_rings_once_at_or_after_its_time(clock: Clock, wait: Pass) -> None:
    rang: list[int] = []
    came, later = asyncio.Event(), asyncio.Event()
    due = clock.now() + SOON

    def ring() -> None:
        rang.append(clock.now())
        came.set()

    clock.alarm("a", due, ring)
    clock.alarm("later", due + 2 * SOON, later.set)
    assert rang == []
    await wait(came)
    await wait(later)
    assert len(rang) == 1
    assert rang[0] >= due


async def test_an_alarm_in_the_past_rings_soon_but_not_within_the_call(clock: Clock, wait: Pass) -> None:
    came, later = asyncio.Event(), asyncio.Event()
    clock.alarm("a", clock.now() - 60_000, came.set)
    clock.alarm("later", clock.now() + SOON, later.set)
    assert not came.is_set()
    await wait(later)
    assert came.is_set()


async def test_a_new_alarm_replaces_the_one_with_its_key(clock: Clock, wait: Pass) -> None:
    rang, came = [], asyncio.Event()
    clock.alarm("a", clock.now() + SOON, lambda: rang.append("old"))
    clock.alarm("a", clock.now() + 2 * SOON, lambda: rang.append("new"))
    clock.alarm("end", clock.now() + 4 * SOON, came.set)
    await wait(came)
    assert rang == ["new"]


async def test_a_cancelled_alarm_is_silent_and_an_unknown_key_is_fine(clock: Clock, wait: Pass) -> None:
    rang, came = [], asyncio.Event()
    clock.alarm("a", clock.now() + SOON, lambda: rang.append("a"))
    clock.cancel("a")
    clock.cancel("a")
    clock.cancel("nobody")
    clock.alarm("end", clock.now() + 2 * SOON, came.set)
    await wait(came)
    assert rang == []


async def test_many_alarms_ring_in_order(clock: Clock, wait: Pass) -> None:
    rang, came = [], asyncio.Event()
    start = clock.now() + SOON
    for number in (3, 1, 4, 0, 2):
        clock.alarm(f"a{number}", start + 5 * number, lambda number=number: rang.append(number))  # type: ignore[misc]
    clock.alarm("end", start + 40, came.set)
    await wait(came)
    assert rang == [0, 1, 2, 3, 4]


async def test_an_alarm_may_set_itself_again(clock: Clock, wait: Pass) -> None:
    rang: list[int] = []
    came = asyncio.Event()

    def ring() -> None:
        rang.append(len(rang))
        if len(rang) == 3:
            came.set()
        else:
            clock.alarm("a", clock.now() + 1, ring)

    clock.alarm("a", clock.now() + 1, ring)
    await wait(came)
    assert rang == [0, 1, 2]


async def test_what_a_turn_has_bound_does_not_follow_into_an_alarm(clock: Clock, wait: Pass) -> None:
    """APScheduler copies the context of whoever adds a job into all that come after it."""
    bound: contextvars.ContextVar[str] = contextvars.ContextVar("bound", default="nothing")
    seen, came = [], asyncio.Event()

    def ring() -> None:
        seen.append(bound.get())
        came.set()

    token = bound.set("a turn")
    clock.alarm("a", clock.now() + 1, ring)
    bound.reset(token)
    await wait(came)
    assert seen == ["nothing"]


async def test_a_ring_that_fails_does_not_silence_the_others() -> None:
    """With APScheduler; in a test it is better heard than survived."""
    clock, came = SchedulerClock(), asyncio.Event()
    clock.start()

    def broken() -> None:
        raise RuntimeError("a bug")

    clock.alarm("broken", clock.now() + 1, broken)
    clock.alarm("good", clock.now() + SOON, came.set)
    await _by_itself(came)
    clock.stop()
