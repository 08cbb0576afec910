"""Lines for platforms that must be handed them: in order, again, or parked."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.errors import RetryLater, Undeliverable
from bot.limits import Limits
from bot.ports import Delivery, Store
from bot.rows import Outbox
from bot.runtime.assemble import Choices
from bot.storage.memory import MemoryStore
from bot.testing import STRANGER, Chat, Gate, TestAdapter
from bot.testing.settling import settle
from tests.runtime.conftest import Open
from tests.runtime.flows import DESK, ECHO, profile

TALK = profile("  - say: One.\n  - say: Two.\n  - ask: Three?\n  - say: Four.\n  - ask: Five?")


async def test_lines_go_out_in_order_and_a_persons_own_do_not(stage: Open, store: Store) -> None:
    adapter = TestAdapter()
    place = await stage(TALK, store=store, adapters=(adapter,))
    chat = await Chat.on(place, "desk", address="room 1")
    await chat.say("yes")
    assert adapter.texts == ["One.", "Two.", "Three?", "Four.", "Five?"]
    assert {delivery.address for delivery in adapter.sent} == {"room 1"}
    assert [row.state for row in await place.store.find(Outbox)] == ["sent"] * 5
    assert [row.ref for row in await place.store.find(Outbox, order="seq")][:2] == ["test-1", "test-2"]
    assert [line.kind for line in chat.transcript] == ["bot"] * 3 + ["user"] + ["bot"] * 2


async def test_progress_goes_out_before_the_run_ends(stage: Open) -> None:
    adapter, gate = TestAdapter(), Gate()
    place = await stage(
        DESK, adapters=(adapter,), connectors={"directory.find": gate, "directory.unlock": {}}
    )
    chat = await Chat.on(place, "desk", address="room 1")
    await chat.say("jd")
    assert adapter.texts == ["Which login?", "Looking up jd."]
    await gate.open()
    assert adapter.texts[2:] == ["Unlocking it.", "jd is unlocked.", "Anything else?"]


async def test_a_line_that_must_wait_holds_back_its_own_chat_only(stage: Open) -> None:
    adapter = TestAdapter(failures=[RetryLater(30)])
    place = await stage(TALK, adapters=(adapter,))
    await Chat.on(place, "desk", address="room 1")
    assert adapter.texts == []
    await Chat.on(place, "desk", address="room 2")
    assert [delivery.address for delivery in adapter.sent] == ["room 2"] * 3
    await place.advance(29)
    assert len(adapter.sent) == 3
    await place.advance(1)
    assert adapter.texts == ["One.", "Two.", "Three?"] * 2
    assert [delivery.address for delivery in adapter.sent[3:]] == ["room 1"] * 3


async def test_however_many_lines_wait_other_chats_are_served(stage: Open, monkeypatch: Any) -> None:
    monkeypatch.setattr("bot.runtime.dispatcher.BATCH", 4)
    adapter = TestAdapter()
    place = await stage(ECHO, adapters=(adapter,))
    other = await Chat.on(place, "echo", address="room 2")
    for word in "abcdefgh":
        await other.say(word)
    adapter.failures.append(RetryLater(600))
    chat = await Chat.on(place, "echo", address="room 1")
    for word in "abcd":
        await chat.say(word)
    await other.say("heard?")
    assert adapter.texts[-2:] == ["You said heard?.", "Say something."]
    assert {delivery.address for delivery in adapter.sent} == {"room 2"}


async def test_a_hopeless_line_is_parked_and_the_next_goes_out(stage: Open) -> None:
    adapter = TestAdapter(failures=[Undeliverable("the channel is gone")])
    place = await stage(TALK, adapters=(adapter,))
    await Chat.on(place, "desk", address="room 1")
    assert adapter.texts == ["Two.", "Three?"]
    rows = await place.store.find(Outbox, order="seq")
    assert [(row.state, row.reason) for row in rows] == [
        ("parked", "the channel is gone"),
        ("sent", ""),
        ("sent", ""),
    ]


@pytest.mark.parametrize(("failures", "state"), [(2, "sent"), (3, "parked")])
async def test_a_line_is_tried_so_often_and_not_once_more(stage: Open, failures: int, state: str) -> None:
    adapter = TestAdapter(failures=[RuntimeError("a bug")] * failures)
    place = await stage(TALK, adapters=(adapter,), choices=Choices(limits=Limits(delivery_tries=3)))
    await Chat.on(place, "desk", address="room 1")
    await place.advance(60)
    rows = await place.store.find(Outbox, order="seq")
    assert (rows[0].state, rows[0].tries) == (state, 3)
    assert [row.state for row in rows[1:]] == ["sent", "sent"]


async def test_a_platform_that_never_answers_is_given_up_and_tried_again(
    stage: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stuck(TestAdapter):
        stuck = True

        async def send(self, delivery: Delivery) -> str:
            if self.stuck:
                await asyncio.Event().wait()
            return await super().send(delivery)

    monkeypatch.setattr("bot.runtime.deliveries.SEND", 0.0)
    adapter = Stuck()
    place = await stage(TALK, adapters=(adapter,))
    await place.engine.open("desk", STRANGER, platform="test", address="room 1")
    for _ in range(10):
        await place.settle()
    adapter.stuck = False
    monkeypatch.undo()
    await place.advance(5)
    assert adapter.texts == ["One.", "Two.", "Three?"]


async def test_what_was_not_handed_over_is_after_a_restart(stage: Open, store: Store) -> None:
    adapter = TestAdapter(failures=[RetryLater(30)])
    place = await stage(TALK, store=store, adapters=(adapter,))
    await Chat.on(place, "desk", address="room 1")
    await place.restart()
    await place.advance(29)
    assert adapter.texts == []
    await place.advance(1)
    assert adapter.texts == ["One.", "Two.", "Three?"]


async def test_two_openers_at_one_address_find_one_chat(stage: Open, store: Store) -> None:
    place = await stage(ECHO, store=store, adapters=(TestAdapter(),))
    opened = await asyncio.gather(
        *(place.engine.open("echo", STRANGER, platform="test", address="room 1") for _ in range(5))
    )
    assert len({one.chat for one in opened}) == 1
    assert sorted(one.new for one in opened) == [False] * 4 + [True]


async def test_an_address_whose_chat_has_ended_gets_a_new_one(stage: Open) -> None:
    place = await stage(profile("  - ask: Bye?\n  - end: Bye."), adapters=(TestAdapter(),))
    first = await Chat.on(place, "desk", address="room 1")
    await first.say("yes")
    second = await Chat.on(place, "desk", address="room 1")
    assert second.id != first.id


class LateAnswers(MemoryStore):
    """Finds rows at once, and hands them over when it is told to."""

    answers: asyncio.Event | None = None

    async def find(self, table: Any, **asked: Any) -> Any:
        found = await super().find(table, **asked)
        if table is Outbox and self.answers is not None:
            await self.answers.wait()
        return found


class Slow(TestAdapter):
    """A platform that takes its time for everything."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()

    async def send(self, delivery: Delivery) -> str:
        await self.gate.wait()
        return await super().send(delivery)


async def test_a_line_that_is_settled_while_rows_are_read_goes_out_once(stage: Open) -> None:
    store, adapter = LateAnswers(), Slow()
    place = await stage(ECHO, store=store, adapters=(adapter,))
    await Chat.on(place, "echo", address="room 1")  # its line is on the way
    store.answers = asyncio.Event()
    place.runtime.dispatcher.wake()  # the rows are read now: the line is among them
    await settle()
    adapter.gate.set()  # it is delivered, and noted, before the answer comes
    await settle()
    store.answers.set()
    await place.settle()
    assert adapter.texts == ["Say something."]
