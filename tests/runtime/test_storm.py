"""Anything, in any order: people, time, cancels, redeliveries and deaths at random. Whatever
happened, in the end every chat can be led to its end and nothing was doubled."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bot.errors import NotAllowed, NotFound, StoreUnavailable, TooMuch
from bot.limits import Limits
from bot.ports import Inbound, Person, Store
from bot.rows import Chat as ChatRow
from bot.rows import Inbox, Message, Run, Timer, Trace
from bot.runtime.assemble import Choices
from bot.storage.open import open_store
from bot.testing import Chat, Gate, Killed, Stage, TestAdapter
from flows.events import Said
from flows.values import Json
from tests.runtime.test_crashes import WHOLE
from tests.storage.samples import fresh

WORDS = ("Unlock", "Rebuild", "1", "2", "help", "start over", "cancel", "hm?", "\x00", "Unlock ", "x" * 300)
CHATS = ("c1", "c2", "c3")


class Storm:
    """One seed's world."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.adapter = TestAdapter()
        self.sent: list[Inbound] = []
        self.lost: list[Inbound] = []
        """Not acknowledged: a client sends them again."""
        self.gate = Gate()
        self.stage: Stage

    def answer(self, _: object) -> Json:
        chance = self.random.random()
        if chance < 0.2:
            return {"status": 500}
        return {"delay": f"{self.random.randint(1, 90)}s"} if chance < 0.5 else {}

    async def begin(self, store: Store | None = None) -> None:
        limits = Limits(runs_a_person=3, runs_at_work=2, chats_in_memory=2, drain=0.0)
        self.stage = await Stage.open(
            WHOLE,
            store=store,
            connectors={"directory.find": self.answer, "directory.unlock": self.gate},
            adapters=(self.adapter,),
            choices=Choices(limits=limits),
        )
        for number, id in enumerate(CHATS):
            person = Person(kind="anonymous", id=f"p{number % 2}")
            address = "room" if number == 2 else ""
            await self.stage.engine.open("desk", person, platform="test", id=id, address=address)
        await self.stage.settle()

    async def deliver(self, inbound: Inbound) -> None:
        try:
            await self.stage.engine.receive(inbound)
        except (Killed, asyncio.CancelledError, StoreUnavailable):
            self.lost.append(inbound)
        except (NotAllowed, TooMuch):
            self.sent.remove(inbound)

    def says(self, chat: str, text: str) -> Inbound:
        inbound = Inbound(
            chat=chat, id=f"m{len(self.sent)}.{self.random.random()}", said=Said(text=text), source="test"
        )
        self.sent.append(inbound)
        return inbound

    async def act(self) -> None:
        chance = self.random.random()
        if chance < 0.45:
            burst = self.random.randint(1, 4)
            chat = self.random.choice(CHATS)
            news = [self.says(chat, self.random.choice(WORDS)) for _ in range(burst)]
            await asyncio.gather(*(self.deliver(one) for one in news))
        elif chance < 0.55 and self.sent:
            await self.deliver_again(self.random.choice(self.sent))
        elif chance < 0.75:
            with suppress(Killed):
                await self.stage.clock.advance(self.random.choice((0.5, 5, 20, 61, 700, 3_600)))
        elif chance < 0.82:
            await self.toggle()
        elif chance < 0.9:
            await self.cancel()
        else:
            self.stage.store.die_at = (
                self.stage.store.commits + self.random.randint(1, 6),
                self.random.choice(("before", "after")),
            )
        if self.random.random() < 0.6:
            with suppress(Killed):
                await self.stage.settle()
        if self.stage.store.dead:
            await self.stage.restart()
            lost, self.lost = self.lost, []
            for inbound in lost:
                await self.deliver(inbound)

    async def deliver_again(self, inbound: Inbound) -> None:
        with suppress(Killed, NotAllowed, TooMuch, StoreUnavailable):
            await self.stage.engine.receive(inbound)

    async def toggle(self) -> None:
        if self.random.random() < 0.5:
            with suppress(Killed):
                await self.gate.open(self.random.choice(({}, {"status": 503})))
        else:
            self.gate.shut()

    async def cancel(self) -> None:
        with suppress(Killed, NotAllowed, NotFound):
            for run in await self.stage.store.find(Run, state=("queued", "running", "waiting"), limit=3):
                person = Person(kind="anonymous", id=f"p{CHATS.index(run.chat) % 2}")
                await self.stage.engine.cancel(run.chat, run.id, person)

    async def calm(self) -> None:
        """Let everything end: time for all runs, then each chat to its end."""
        self.stage.store.die_at = None
        with suppress(Killed):
            await self.stage.settle()
        while self.stage.store.dead or self.lost:
            await self.stage.restart()
            lost, self.lost = self.lost, []
            for inbound in lost:
                await self.deliver(inbound)
        await self.gate.open({})
        await self.stage.advance(4 * 3_600)
        for id in CHATS:
            chat = Chat(self.stage, id)
            await chat.settle()
            if not chat.ended:
                await self.deliver(self.says(id, "Leave"))
        await self.stage.settle()


async def check(storm: Storm) -> None:
    store = storm.stage.store
    rows = await store.find(ChatRow)
    assert [row.status for row in rows] == ["ended"] * 3, "a chat is wedged"
    assert {row.state for row in await store.find(Inbox)} == {"done"}
    runs = await store.find(Run)
    assert {run.state for run in runs} <= {"succeeded", "failed", "interrupted", "cancelled"}
    assert await store.find(Timer) == []
    assert storm.stage.runtime.starts.open.total() == 0
    assert storm.stage.runtime.tasks.crashed == 0
    made = [(run.id, call.id) for run, call in storm.stage.connectors.made]
    assert len(made) == len(set(made)), "a call was made twice"
    for id in CHATS:
        lines = await store.find(Message, chat=id, order="seq", limit=10_000)
        assert [line.seq for line in lines] == list(range(1, len(lines) + 1))
        said = [line for line in lines if line.sender == "user"]
        assert len(said) == len({one.id for one in storm.sent if one.chat == id}), (
            "a message is lost or doubled"
        )
        ends = [line for line in lines if line.kind == "end"]
        assert len(ends) == 1
        results = [line.text for line in lines if line.text.startswith("Result: ")]
        waited = [run for run in runs if run.chat == id and run.runbook == "unlock" and run.origin == "chat"]
        refused = [text for text in results if "still open" in text or "too many" in text]
        assert len(results) == len(waited) + len(refused), "the end of a run was told twice, or not"
    for run in runs:
        traces = await store.find(Trace, owner=f"run:{run.id}", order="no")
        assert [trace.no for trace in traces] == list(range(1, len(traces) + 1))
    bots = [
        line.seq
        for line in await store.find(Message, chat="c3", order="seq", limit=10_000)
        if line.sender == "bot"
    ]
    sent = [delivery.message.seq for delivery in storm.adapter.sent]
    assert sorted(set(sent)) == bots
    assert sent == sorted(sent)


async def weather(storm: Storm) -> None:
    for _ in range(40):
        await storm.act()
    await storm.calm()
    await check(storm)
    await storm.stage.close()


@pytest.mark.parametrize("seed", range(25))
async def test_whatever_happens_every_chat_can_be_led_to_its_end(seed: int) -> None:
    storm = Storm(seed)
    await storm.begin()
    await weather(storm)


@pytest.mark.parametrize("seed", range(3))
async def test_so_it_is_on_sqlite(tmp_path: Path, tmp_path_factory: Any, seed: int) -> None:
    storm = Storm(seed)
    await storm.begin(await open_store(await fresh(tmp_path, tmp_path_factory)))
    await weather(storm)
