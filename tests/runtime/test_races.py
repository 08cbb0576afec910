"""Moments at which two things happen to one chat or run at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from bot.errors import StoreUnavailable
from bot.limits import Limits
from bot.ports import Committed, Delivery, Inbound, Op, Store
from bot.rows import Run, Trace
from bot.runtime.assemble import Choices
from bot.storage.memory import MemoryStore
from bot.testing import CUSTOMER, STRANGER, Chat, Gate, TestAdapter
from flows.events import Said
from tests.runtime.conftest import Open, unchecked
from tests.runtime.flows import DESK, ECHO, profile, runbook, works


class Slow(MemoryStore):
    """Commits take a while, one after the other, as a flush does."""

    def __init__(self) -> None:
        super().__init__()
        self._turn = asyncio.Lock()

    async def commit(self, unit: Sequence[Op]) -> Committed:
        async with self._turn:
            for _ in range(10):
                await asyncio.sleep(0)
            return await super().commit(unit)


@pytest.mark.parametrize(("first", "second"), [(0, 0), (1, 4), (2, 8), (3, 10), (5, 10), (8, 6), (20, 2)])
async def test_words_said_during_a_wait_answer_no_question_asked_after_it(
    stage: Open, first: int, second: int
) -> None:
    gate = Gate()
    place = await stage(DESK, store=Slow(), connectors={"directory.find": {}, "directory.unlock": gate})
    chat = await Chat.on(place, "desk", id="c1")
    await chat.say("ann")

    async def say(id: str, text: str, after: int) -> None:
        for _ in range(after):
            await asyncio.sleep(0)
        await place.engine.receive(Inbound(chat="c1", id=id, said=Said(text=text), source="test"))

    await asyncio.gather(gate.open(), say("a", "hello?", first), say("b", "yes", first + second))
    await chat.settle()

    lines = [line.text for line in chat.transcript]
    if lines.index("yes") < lines.index("Anything else?"):
        assert chat.step == "more"


LATER = profile(
    "  - {id: s, runbook: work, in: 2h, outcomes: {success: r, failure: r, started: r}}\n  - {id: r, ask: ok}\n"
)
PLAIN = profile("  - {id: r, ask: ok}\n")


def wiping(more: str = "", audience: str = "anyone") -> str:
    steps = "  - chat_message: Wiping.\n  - pause: 1m\n  - chat_message: Wiped.\n  - {end: success, result: done}\n"
    return runbook(steps, f"method: asynchronous\ntimeout: 1h\n{more}").replace("anyone", audience)


@pytest.mark.parametrize(("when", "said"), [(0, []), (7_205, ["Wiping."])], ids=["planned", "pausing"])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (wiping("disabled: true"), "work is switched off."),
        (wiping(audience="[agents]"), "you may not start work."),
        ("", "there is no runbook `work`"),
    ],
    ids=["disabled", "closed", "deleted"],
)
async def test_what_may_not_go_on_stops_before_its_next_step(
    stage: Open, when: int, said: list[str], change: str, reason: str
) -> None:
    place = await stage(f"{LATER}\n---\n{wiping()}")
    chat = await Chat.on(place, "desk")
    await place.advance(when)
    await place.adopt(await unchecked(PLAIN, *([change] if change else [])))
    await place.advance(7_400)
    assert [line.text for line in chat.transcript if line.kind == "note"] == said
    assert [(run.state, run.result) for run in chat.runs] == [("failed", f"Runbook failed: {reason}")]


NAP = "  - pause: 1m\n  - {id: call, call: directory.unlock, with: {login: x}}\n  - {end: success, result: done}\n"


@pytest.mark.parametrize("moment", range(16))
async def test_a_run_that_wakes_while_it_is_cancelled_is_stopped_or_has_ended(
    stage: Open, moment: int
) -> None:
    flow = works(NAP, "cancel: requester\ntimeout: 10m")
    place = await stage(flow, connectors={"directory.unlock": {}})
    chat = await Chat.on(place, "desk")
    place.clock.move_to(place.clock.now() + 60_000)
    for _ in range(moment):
        await asyncio.sleep(0)
    stopped = await place.engine.cancel(chat.id, chat.runs[0].row.id, STRANGER)
    await place.settle()
    assert chat.runs[0].state == ("cancelled" if stopped else "succeeded")
    traces = await place.store.find(Trace, order="no")
    calls = [trace for trace in traces if trace.step == "call"]
    assert all(trace.ok != -1 for trace in traces)  # nothing is left as if it were going on
    assert len(place.connectors.made) <= len(calls)
    if not stopped:
        assert len(place.connectors.made) == 1


@pytest.mark.parametrize("how", ["death", "read"])
async def test_the_child_of_a_cancelled_run_ends_though_something_comes_between(
    stage: Open, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    outer = "  - {id: n, runbook: child, outcomes: {success: e, failure: e}}\n  - {id: e, end: success}"
    flow = (
        works(outer, "cancel: requester\ntimeout: 1h") + "\n---\n" + runbook(NAP, "timeout: 1h", id="child")
    )
    place = await stage(flow, store=MemoryStore(), connectors={"directory.unlock": {}})
    chat = await Chat.on(place, "desk", id="c1")
    run, real = chat.runs[0].row.id, place.store.find

    async def find(table: Any, **equal: Any) -> Any:
        if table is Run and "parent" in equal:
            monkeypatch.undo()
            place.store.dead = how == "death"
            if how == "read":
                raise StoreUnavailable("busy")
        return await real(table, **equal)

    monkeypatch.setattr(place.store, "find", find)
    await asyncio.gather(place.engine.cancel("c1", run, STRANGER), return_exceptions=True)
    if how == "death":
        await place.restart()
    else:
        await place.engine.cancel("c1", run, STRANGER)
    await place.advance(120)
    assert {one.runbook: one.state for one in await place.runs()} == {
        "work": "cancelled",
        "child": "cancelled",
    }
    assert place.connectors.made == []


class Held(TestAdapter):
    """Keeps the lines for one address until it is let go."""

    __test__ = False

    def __init__(self) -> None:
        super().__init__("test")
        self.free = asyncio.Event()

    async def send(self, delivery: Delivery) -> str:
        if delivery.address == "slow":
            await self.free.wait()
        return await super().send(delivery)


async def test_a_slow_delivery_holds_up_no_other_chat(stage: Open) -> None:
    adapter = Held()
    place = await stage(ECHO, adapters=(adapter,))
    await place.engine.open("echo", STRANGER, platform="test", address="slow")
    quick = await place.engine.open("echo", CUSTOMER, platform="test", address="fast")
    await place.engine.receive(Inbound(chat=quick.chat, id="1", said=Said(text="hello"), source="t"))
    async with asyncio.timeout(5):
        while len(adapter.sent) < 3:
            await asyncio.sleep(0)
    assert [delivery.message.text for delivery in adapter.sent] == [
        "Say something.", "You said hello.", "Say something.",
    ]  # fmt: skip
    adapter.free.set()


async def test_planned_runs_take_no_place_of_due_ones_and_have_their_own_bound(
    stage: Open, store: Store
) -> None:
    choices = Choices(limits=Limits(runs_queued=1, runs_planned=2, runs_a_person=10))
    place = await stage(f"{LATER}\n---\n{wiping()}", store=store, choices=choices)
    chats = [await Chat.on(place, "desk") for _ in range(3)]
    assert [len(chat.runs) for chat in chats] == [1, 1, 0]
    assert "planned for later" in str(chats[2].variables)
    assert place.runtime.starts.queued == set()
