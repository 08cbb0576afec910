"""Everything that Slack is known to send, through the front door: acknowledged in time, with the
effect that it should have and no more, also when all of it comes again in any order."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.rows import Message as Line
from bot.testing.slack import Channel, Message, Person, slow
from bot.testing.slack.payloads import Ids, Payload, payloads
from bot.testing.slack.sockets import Reason
from tests.adapters.slack.office import Office, office
from tests.adapters.slack.projects import DESK, MENU, STUBS, answered

EVENTUALLY = 5.0
IN_TIME = 1.0
"""Seconds; Slack's own limit is three."""
REASONS: tuple[Reason, ...] = ("warning", "refresh_requested", "too_many_websockets", "link_disabled")


class Recorded:
    """One payload of every kind, about people and messages that there are."""

    def __init__(self, there: Office) -> None:
        self.there = there
        self.ann = there.person("Ann")
        self.room = there.fake.add_channel("desk", [self.ann])
        self.direct = there.fake.direct(self.ann)
        ids = Ids.of(there.fake.workspace, self.ann, self.room, self.direct)
        self.all = payloads(ids)
        for payload in self.all.values():
            self._happen(payload.body.get("event") or {})

    def _happen(self, event: dict[str, Any]) -> None:
        """What is told has been said: replies need a thread to stand in."""
        places = {self.room.id: self.room, self.direct.id: self.direct}
        channel, world = places.get(event.get("channel", "")), self.there.fake.world
        if channel is None or event.get("type") not in ("message", "app_mention") or event.get("hidden"):
            return
        for ts, thread in ((event.get("thread_ts"), None), (event.get("ts"), event.get("thread_ts"))):
            if ts:
                said = Message(ts, channel, event.get("user") or self.ann.id, event.get("text") or "…")
                said.thread_ts = thread
                world.add(said)

    async def send(self, payload: Payload, *, retry: int = 0) -> int:
        """Hand it over as Slack does; only events come again with a number."""
        kind, body = payload
        answer = await self.there.events.sends(body, kind=kind, retry=retry if kind == "events_api" else 0)
        await self.there.rest()
        return answer.status

    def effects(self) -> dict[str, list[str]]:
        """What the bot has said, by place."""
        found: dict[str, list[str]] = {}
        for one in self.there.fake.world.messages:
            if one.user == self.there.fake.workspace.bot and not one.text.startswith("Working"):
                place = f"{one.channel.name} {'thread' if one.thread_ts else 'top'}"
                found.setdefault(place, []).append(one.text)
        return found


async def everything(there: Office) -> dict[str, Any]:
    """All that a repeat could change: rows, screens, and how often something was posted."""
    posts = ("chat.postMessage", "chat.update", "chat.postEphemeral")
    return {
        "rows": await there.rows(),
        "screens": [
            (one.ts, one.text, one.blocks, one.seen_by, len(one.history)) for one in there.fake.world.messages
        ],
        "posts": [len(there.fake.called(method)) for method in posts],
    }


@pytest.fixture
async def there() -> AsyncIterator[Office]:
    async with office(DESK, connectors=STUBS) as made:
        yield made


ASKED = "What can I do for you?\n1. Unlock\n2. Rebuild\n3. Goodbye"
HELP = "You can answer the question above, or say: start over."
SAID = {
    "desk thread": [ASKED, HELP, ASKED, HELP],
    "directmessage thread": [ASKED],
    "directmessage top": [ASKED, "Please choose one of the options.", ASKED],
}
"""Of fifty payloads, these were talk to us: two mentions, a thread of the agent's kind, and two
lines in the direct conversation."""


async def test_every_payload_is_acknowledged_in_time_and_has_its_effect_once(there: Office) -> None:
    recorded = Recorded(there)
    assert len(recorded.all) >= 50
    for name, payload in recorded.all.items():
        began = time.monotonic()
        assert await recorded.send(payload) == 200, name
        assert time.monotonic() - began < IN_TIME, name
    assert recorded.effects() == SAID
    before = await everything(there)
    for seed in range(3):
        order = list(recorded.all.values())
        random.Random(seed).shuffle(order)
        for payload in order:
            assert await recorded.send(payload, retry=1 + seed % 3) == 200
        assert await everything(there) == before, f"seed {seed}"
    assert there.stage.runtime.tasks.crashed == 0


async def test_over_sockets_it_is_the_same_whenever_slack_takes_them_away() -> None:
    async with office(DESK, connectors=STUBS, sockets=True) as there:
        recorded, sockets = Recorded(there), there.fake.sockets
        names = list(recorded.all)
        breaks = dict(zip(names[4::11], REASONS, strict=False))
        assert len(breaks) == len(REASONS)
        for name, payload in recorded.all.items():
            if name not in breaks:
                assert await recorded.send(payload) == 200, name
                continue
            opened = sockets.opened
            _, taken = await asyncio.gather(sockets.disconnect(breaks[name]), recorded.send(payload))
            async with asyncio.timeout(EVENTUALLY):
                while sockets.opened == opened or not sockets.open:
                    await asyncio.sleep(0.005)
            assert taken == 200 or await recorded.send(payload, retry=1) == 200, name
        assert recorded.effects() == SAID
        before = await everything(there)
        order = list(recorded.all.values())
        random.Random(5).shuffle(order)
        for payload in order:
            assert await recorded.send(payload, retry=1) == 200
        assert await everything(there) == before


OVERHEARD = ["Bob: @Cuebook and me?", "Bob: never mind"]


async def converse(there: Office, ann: Person, bob: Person, room: Channel) -> None:
    """What gets an answer beside the chats, too: refusals, edits, somebody else's thread."""
    await there.says(ann, "hi")
    asked = await there.says(ann, f"{there.bot} hello", room)
    await there.says(bob, f"{there.bot} and me?", room, thread=asked)
    await there.says(bob, "never mind", room, thread=asked)
    await there.events.edits_own(ann, asked, f"{there.bot} hello!")
    await there.rest()
    await there.says(ann, "x" * 8_001)
    await there.says(ann, f"{there.bot} " + "x" * 8_001, room)
    await there.presses(ann, "Unlock")
    await there.says(ann, "j.doe")
    await there.events.deletes(ann, await there.says(ann, "1"))
    await there.rest()


@pytest.mark.parametrize("mention_first", [False, True])
async def test_a_conversation_that_comes_again_in_any_order_changes_nothing(
    there: Office, mention_first: bool
) -> None:
    ann, bob = there.person("Ann"), there.person("Bob")
    room = there.fake.add_channel("desk", [ann, bob])
    there.events.mention_first = mention_first
    await converse(there, ann, bob, room)
    thread = next(one for one in there.fake.transcript(room) if "hello" in one.text).message
    assert there.lines(room, thread) == ["Ann: @Cuebook hello!", MENU, *OVERHEARD]
    assert there.lines(there.fake.direct(ann))[1:4:2] == [answered("Unlock"), "Cuebook: Which login?"]
    assert len(there.whispers(bob)) == 1
    before = await everything(there)
    for seed in range(3):
        await there.events.redeliver(shuffled=random.Random(seed))
        await there.rest()
        assert await everything(there) == before, f"seed {seed}"


async def test_where_people_choose_the_profile_they_are_asked_once() -> None:
    second = "kind: chat-profile\nid: other\naudience: anyone\nflow:\n  - end: Bye.\n---\n"
    async with office(second + DESK, connectors=STUBS, profile="") as there:
        ann = there.person("Ann")
        room = there.fake.add_channel("desk", [ann])
        asked = await there.says(ann, f"{there.bot} hello", room)
        await there.says(ann, "hi")
        await there.events.redeliver()
        await there.rest()
        menu = "Cuebook: What would you like? [other] [Service desk]"
        assert there.lines(room, asked) == ["Ann: @Cuebook hello", menu]
        assert there.lines(ann) == ["Ann: hi", menu]


async def test_the_same_event_twice_at_once_has_one_reply(there: Office) -> None:
    ann = there.person("Ann")
    direct = there.fake.direct(ann)
    await there.events.says(ann, direct, "hi")
    first = there.events.deliveries[-1].payload
    await asyncio.gather(*(there.events.sends(first, retry=number) for number in range(4)))
    await there.rest()
    assert there.lines(ann) == ["Ann: hi", MENU]
    words = {
        **first,
        "event_id": "Ev9",
        "event": {**first["event"], "text": "2", "ts": there.fake.world.ts()},
    }
    answers = await asyncio.gather(*(there.events.sends(words, retry=number) for number in range(4)))
    await there.rest()
    assert [answer.status for answer in answers] == [200] * 4
    assert there.lines(ann).count("Cuebook: It is on its way.") == 1
    assert len(await there.stage.runs()) == 1


async def test_what_comes_while_slack_says_who_it_is_keeps_its_order(there: Office) -> None:
    ann = there.person("Ann")
    direct = there.fake.direct(ann)
    there.fake.fail("users.info", slow(1))
    first = asyncio.ensure_future(there.events.says(ann, direct, "hi"))
    async with asyncio.timeout(EVENTUALLY):
        while not there.fake.faults.held:
            await asyncio.sleep(0.002)
        second = asyncio.ensure_future(there.events.says(ann, direct, "2"))
        while len(there.fake.world.messages) < 2:
            await asyncio.sleep(0.002)
        await there.deliver(there.url, b"", {})  # the second has come as far as it can
        there.stage.clock.move_to(there.stage.clock.now() + 1_000)
        await asyncio.gather(first, second)
    await there.rest()
    said = await there.stage.store.find(Line, sender="user", order="seq")
    assert [line.text for line in said] == ["hi", "2"]
    assert len(await there.stage.runs()) == 1
