"""What newer workspaces show beside the words, and that nobody misses it elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest

from bot.testing import Gate, Stage
from bot.testing.slack import Channel, FakeSlack, Message, Person
from tests.contract.slack_doors import Connection
from tests.contract.test_adapter import PROJECT

PATIENCE = 5.0


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.005)


class Room:
    """A channel in which a run is at work, in the thread of whoever asked for it."""

    stage: Stage
    there: Connection
    ann: Person
    desk: Channel
    asked: Message
    fake: FakeSlack
    gate: Gate

    @classmethod
    async def open(cls, stack: AsyncExitStack, *missing: str) -> Room:
        self = cls()
        self.gate = Gate()
        self.stage = await Stage.open(PROJECT, connectors={"desk.unlock": self.gate, "desk.copy": {}})
        stack.push_async_callback(self.stage.close)
        self.there = await Connection.open(self.stage, stack, profile="desk")
        self.fake = self.there.fake
        self.fake.without(*missing)
        self.ann = self.fake.add_person("Ann")
        self.desk = self.fake.add_channel("desk", [self.ann])
        return self

    async def works(self) -> None:
        """Ann has asked for an account, and the run stands before the gate."""
        says = self.there.events.says
        self.asked = await says(self.ann, self.desk, f"<@{self.fake.workspace.bot}> unlock my account")
        await until(lambda: len(self.thread()) == 3)
        await says(self.ann, self.desk, "j.doe", thread=self.asked)
        await until(lambda: bool(self.gate.waiting))

    def thread(self) -> list[str]:
        return [shown.text for shown in self.fake.transcript(self.desk, self.asked)]

    @property
    def session(self) -> str:
        return self.fake.world.sessions.get((self.desk.id, self.asked.ts), "")


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def test_a_thread_says_that_we_work_until_we_do_not(stack: AsyncExitStack) -> None:
    room = await Room.open(stack)
    await room.works()
    await until(lambda: room.session == "processing")
    assert any(call.args["status"] == "is working on: unlock" for call in room.fake.called(STATUS))
    await room.gate.open()
    await until(lambda: room.session == "active")
    assert room.fake.called(STATUS)[-1].args["status"] == ""


STATUS = "assistant.threads.setStatus"


async def test_the_status_is_said_again_before_slack_takes_it_away(stack: AsyncExitStack) -> None:
    room = await Room.open(stack)
    await room.works()
    await until(lambda: len(room.fake.called(STATUS)) == 1)
    await room.stage.advance(91)
    await until(lambda: len(room.fake.called(STATUS)) == 2)


async def test_slacks_own_stop_button_stops_the_run(stack: AsyncExitStack) -> None:
    room = await Room.open(stack)
    await room.works()
    await until(lambda: room.session == "processing")
    await room.there.events.stops(room.ann, room.desk, room.asked)
    await until(lambda: "Runbook failed: cancelled by Ann" in room.thread())


async def test_where_there_is_no_such_thing_it_is_asked_for_once(stack: AsyncExitStack) -> None:
    room = await Room.open(stack, STATUS, "agents.sessions.setStatus")
    await room.works()
    await until(lambda: bool(room.fake.called(STATUS)))
    await room.gate.open()
    await until(lambda: "Account j.doe is unlocked." in room.thread())
    await room.stage.settle()
    assert len(room.fake.called(STATUS)) == 1


async def test_a_new_thread_of_the_assistant_view_is_greeted_with_what_may_be_said(
    stack: AsyncExitStack,
) -> None:
    room = await Room.open(stack)
    direct = room.fake.direct(room.ann)
    root = await room.there.events.says(room.ann, direct, "hi")
    event = {
        "type": "assistant_thread_started",
        "assistant_thread": {
            "user_id": room.ann.id, "context": {}, "channel_id": direct.id, "thread_ts": root.ts,
        },
        "event_ts": "1700000000.000001",
    }  # fmt: skip
    workspace = room.fake.workspace
    payload = {
        "type": "event_callback", "team_id": workspace.id, "api_app_id": workspace.app_id,
        "event_id": "Ev1", "event_time": 1, "event": event,
        "authorizations": [{"team_id": workspace.id, "enterprise_id": None}],
    }  # fmt: skip
    assert (await room.there.events.sends(payload)).ok
    await until(lambda: bool(room.fake.called("assistant.threads.setSuggestedPrompts")))
    room.desk, room.asked = direct, root
    assert room.thread()[-1] == "What can I do for you?"
    prompts = room.fake.called("assistant.threads.setSuggestedPrompts")[0].args["prompts"]
    assert [one["message"] for one in prompts] == [
        "Unlock my account", "Copy my files", "Take a note", "Goodbye",
    ]  # fmt: skip
