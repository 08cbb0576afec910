"""Nothing leaves for Slack before its time, in what order it leaves, and what a 429 means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest

from adapters.slack.outgoing import PATIENCE, QUEUED, Outgoing, Urgency
from bot.errors import RetryLater, Unheard
from bot.runtime.tasks import Tasks
from bot.testing.clock import FakeClock

HERE, THERE = ("", "T1"), ("", "T2")


class Slack:
    """Takes calls, and notes when."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.began = clock.now()
        self.taken: list[tuple[float, str, str]] = []
        self.failures: list[Exception] = []
        self.gate: asyncio.Event | None = None

    async def send(
        self, workspace: tuple[str, str], method: str, arguments: dict[str, Any]
    ) -> dict[str, Any]:
        self.taken.append(((self.clock.now() - self.began) / 1000, method, arguments.get("text", "")))
        if self.gate is not None:
            await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        return {"ok": True}

    def texts(self) -> list[str]:
        return [text for _, _, text in self.taken]


class Bench:
    """A queue, what it talks to, and the time."""

    def __init__(self) -> None:
        self.clock, self.tasks = FakeClock(), Tasks()
        self.slack = Slack(self.clock)
        self.out = Outgoing(self.slack.send, self.clock, self.tasks.spawn)
        self.calls: list[asyncio.Task[Any]] = []

    def call(
        self,
        text: str,
        room: str = "C1",
        method: str = "chat.postMessage",
        urgency: Urgency = Urgency.ANSWER,
        workspace: tuple[str, str] = HERE,
        make: Callable[[], Any] | None = None,
    ) -> asyncio.Task[Any]:
        call = self.out.call(workspace, method, make or (lambda: {"text": text}), room=room, urgency=urgency)
        task = asyncio.get_running_loop().create_task(call)
        self.calls.append(task)
        return task


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    for call in bench.calls:
        call.cancel()
    await asyncio.gather(*bench.calls, return_exceptions=True)
    await bench.tasks.settle(0)


async def test_posts_to_one_room_are_a_second_apart(bench: Bench) -> None:
    for text in "abc":
        bench.call(text)
    await bench.clock.advance(10)
    assert bench.slack.taken == [
        (0.0, "chat.postMessage", "a"),
        (1.0, "chat.postMessage", "b"),
        (2.0, "chat.postMessage", "c"),
    ]


async def test_rooms_do_not_wait_for_each_other(bench: Bench) -> None:
    bench.call("a", "C1")
    bench.call("b", "C2")
    bench.call("c", "C1", workspace=THERE)
    await bench.clock.advance(0)
    assert sorted(bench.slack.texts()) == ["a", "b", "c"]


async def test_a_post_does_not_overtake_one_that_is_on_its_way(bench: Bench) -> None:
    bench.slack.gate = asyncio.Event()
    bench.call("slow")
    await bench.clock.advance(5)
    bench.call("next")
    await bench.clock.advance(5)
    assert bench.slack.texts() == ["slow"]
    bench.slack.gate.set()
    await bench.clock.advance(1)
    assert bench.slack.texts() == ["slow", "next"]


async def test_answers_go_before_last_states_and_those_before_progress(bench: Bench) -> None:
    bench.call("first")
    bench.call("progress", urgency=Urgency.PROGRESS)
    bench.call("last", urgency=Urgency.LAST_STATE)
    bench.call("answer")
    await bench.clock.advance(10)
    assert bench.slack.texts() == ["first", "answer", "last", "progress"]


async def test_edits_stay_within_the_tier(bench: Bench) -> None:
    """Slack: chat.update is tier 3, 50 a minute for the whole workspace."""

    async def edit_again_and_again(card: int) -> None:
        while True:
            with suppress(RetryLater):
                await bench.out.call(HERE, "chat.update", dict, room=f"C{card}", urgency=Urgency.PROGRESS)

    bench.calls = [asyncio.get_running_loop().create_task(edit_again_and_again(card)) for card in range(20)]
    await bench.clock.advance(60)
    assert 40 <= len(bench.slack.taken) <= 50


async def test_during_retry_after_the_method_is_not_called(bench: Bench) -> None:
    bench.slack.failures = [RetryLater(30.0)]
    first = bench.call("a")
    await bench.clock.advance(0)
    with pytest.raises(RetryLater):
        await first
    with pytest.raises(RetryLater) as refused:
        await bench.call("b", "C2")
    assert refused.value.after == pytest.approx(30.0)
    bench.call("edit", "C1", "chat.update")
    await bench.clock.advance(29.9)
    assert bench.slack.texts() == ["a", "edit"]
    bench.call("c")
    await bench.clock.advance(0.2)
    assert bench.slack.texts() == ["a", "edit", "c"]
    assert bench.out.counts.limited == 1


async def test_nobody_waits_longer_than_patience(bench: Bench) -> None:
    calls = [bench.call(str(number)) for number in range(30)]
    await bench.clock.advance(PATIENCE / 1000 + 1)
    refused = [call for call in calls if call.done() and call.exception() is not None]
    assert 13 <= len(refused) <= 15
    assert all(isinstance(call.exception(), RetryLater) for call in refused)
    assert len(bench.slack.taken) == 30 - len(refused)


async def test_a_full_queue_sends_away(bench: Bench) -> None:
    bench.slack.gate = asyncio.Event()
    for number in range(QUEUED + 1):  # one of them is on its way
        bench.call(str(number))
    await bench.clock.advance(0)
    with pytest.raises(RetryLater):
        await bench.call("one too many")
    assert bench.out.waiting == QUEUED


async def test_who_waits_no_more_is_not_sent(bench: Bench) -> None:
    bench.call("a")
    gone = bench.call("b")
    bench.call("c")
    await bench.clock.advance(0)
    gone.cancel()
    await bench.clock.advance(5)
    assert bench.slack.texts() == ["a", "c"]


async def test_what_is_sent_is_made_when_its_time_has_come(bench: Bench) -> None:
    words = ["old"]
    bench.call("first")
    bench.call("", make=lambda: {"text": words[0]})
    nothing = bench.call("", make=lambda: None)
    bench.call("last")
    await bench.clock.advance(0)
    words[0] = "new"
    await bench.clock.advance(2)
    assert bench.slack.texts() == ["first", "new", "last"]
    assert await nothing is None


async def test_nothing_to_send_is_no_wait_even_in_a_queue(bench: Bench) -> None:
    bench.slack.gate = asyncio.Event()
    bench.call("elsewhere", "C2")
    bench.call("waits", "C2")
    await bench.clock.advance(0)
    nothing = bench.call("", "C1", make=lambda: None)
    failing = bench.call("", "C3", make=lambda: 1 / 0)
    await bench.clock.advance(0)
    assert await nothing is None
    with pytest.raises(ZeroDivisionError):
        await failing


async def test_a_failure_is_the_callers_and_the_queue_goes_on(bench: Bench) -> None:
    bench.slack.failures = [Unheard("nobody knows")]
    first, second = bench.call("a"), bench.call("b")
    await bench.clock.advance(5)
    assert isinstance(first.exception(), Unheard)
    assert await second == {"ok": True}


async def test_a_workspace_that_is_gone_lets_everybody_go(bench: Bench) -> None:
    bench.call("a")
    waiting = bench.call("b")
    await bench.clock.advance(0)
    bench.out.forget(HERE)
    with pytest.raises(RetryLater):
        await waiting
