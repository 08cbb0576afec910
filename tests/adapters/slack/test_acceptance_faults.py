"""A Slack that refuses, fails, hangs and cuts in the middle of many conversations: every line
stands there once and in order, every run shows how it ended, and nobody is pestered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from adapters.slack import api
from bot.rows import Run
from bot.runtime.assemble import Choices
from bot.testing.slack import (
    Channel,
    Fault,
    Message,
    Person,
    bad_gateway,
    broken,
    cut,
    limited,
    silent,
    took_it_then_cut,
)
from tests.adapters.slack.office import Office, office
from tests.adapters.slack.projects import DESK
from tests.adapters.slack.whole import check_cards, check_lines, check_patience

SLOW = {"directory.find": {"delay": "4s"}, "directory.unlock": {"delay": "4s"}}
PEOPLE = 4
HANGS = 0.25
"""Seconds of real time that stand for the twelve that we give a call."""


class Crowd:
    """Some people, each in a thread of one channel and in their direct conversation."""

    def __init__(self, there: Office) -> None:
        self.there = there
        self.people = [there.person(f"P{number}") for number in range(PEOPLE)]
        self.room = there.fake.add_channel("desk", self.people)
        self.threads: list[Message] = []

    def places(self) -> Iterator[tuple[Person, Channel, Message | None]]:
        for number, person in enumerate(self.people):
            yield person, self.there.fake.direct(person), None
            if number < len(self.threads):
                yield person, self.room, self.threads[number]

    async def begin(self) -> None:
        """Everybody is asked what they want."""
        there = self.there
        for person in self.people:
            self.threads.append(await there.says(person, f"{there.bot} hello", self.room))
            await there.says(person, "hello")
        await there.advance(20)

    async def say(self, text: str) -> None:
        """Everybody says it, everywhere."""
        for person, place, thread in self.places():
            await self.there.says(person, text, place, thread=thread)


async def played(there: Office, trouble: Callable[[], None], *, lasts: float) -> Crowd:
    """Everybody has something unlocked; the trouble begins while the runs are at work."""
    crowd = Crowd(there)
    await crowd.begin()
    await crowd.say("1")
    await there.advance(10)
    await crowd.say("j.doe")
    await there.advance(2)
    trouble()
    await there.advance(lasts)
    there.fake.faults.clear()
    await crowd.say("help")
    await there.advance(300)
    await crowd.say("Goodbye")
    await there.advance(60)
    return crowd


async def check(there: Office) -> None:
    await check_lines(there)
    await check_cards(there)
    runs = await there.stage.store.find(Run)
    assert [run.state for run in runs] == ["succeeded"] * 2 * PEOPLE
    said = [one.text for one in there.fake.world.messages if one.text.startswith("Result: ")]
    assert said == ["Result: Account j.doe is unlocked."] * 2 * PEOPLE
    assert there.stage.runtime.tasks.crashed == 0


@pytest.fixture(autouse=True)
def hanging(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that hangs is given up after a moment of real time."""
    monkeypatch.setattr(api, "LIMIT", HANGS)


async def test_for_thirty_seconds_of_429_nothing_is_lost_and_slack_is_left_alone() -> None:
    async with office(DESK, connectors=SLOW, post_spacing=1.0) as there:

        def refuse() -> None:
            for method in ("chat.postMessage", "chat.update", "chat.postEphemeral"):
                there.fake.fail(method, limited(30))

        await played(there, refuse, lasts=30)
        assert [call.status for call in there.fake.calls].count(429) == 2
        check_patience(there, 30)
        await check(there)


async def test_even_if_slack_says_429_again_and_again() -> None:
    async with office(DESK, connectors=SLOW, post_spacing=1.0) as there:

        def refuse() -> None:
            for method in ("chat.postMessage", "chat.update"):
                there.fake.fail(method, *(limited(seconds) for seconds in asked))

        asked = (30, 5, 1, 30)
        await played(there, refuse, lasts=100)
        check_patience(there, *asked)
        await check(there)


OUTAGES: dict[str, Callable[[], Fault]] = {
    "500": broken,
    "bad gateway": bad_gateway,
    "cut": cut,
    "503": lambda: broken(503),
}


@pytest.mark.parametrize("outage", OUTAGES)
async def test_a_minute_of_failures_loses_and_doubles_nothing(outage: str) -> None:
    async with office(DESK, connectors=SLOW, post_spacing=1.0) as there:

        def fail() -> None:
            for method in ("chat.postMessage", "chat.update"):
                there.fake.fail(method, *(OUTAGES[outage]() for _ in range(1_000)))

        await played(there, fail, lasts=60)
        check_patience(there)
        await check(there)


UNSURE: dict[str, Callable[[], Fault]] = {
    "took it, then cut": took_it_then_cut,
    "took it, then silent": lambda: silent(taken=True),
    "silent": silent,
}


@pytest.mark.parametrize("kind", UNSURE)
async def test_what_nobody_can_know_is_looked_up_and_said_once(kind: str) -> None:
    async with office(DESK, connectors=SLOW, post_spacing=1.0) as there:

        def doubt() -> None:
            for method in ("chat.postMessage", "chat.update"):
                there.fake.fail(method, *(UNSURE[kind]() for _ in range(4)))

        await played(there, doubt, lasts=20)
        check_patience(there)
        await check(there)


async def test_an_outage_that_takes_some_posts_and_not_others_says_each_once() -> None:
    async with office(DESK, connectors=SLOW, post_spacing=1.0) as there:

        def mix() -> None:
            kinds = [took_it_then_cut(), broken(), limited(3), cut(), bad_gateway(), took_it_then_cut()]
            for method in ("chat.postMessage", "chat.update", "conversations.history"):
                there.fake.fail(method, *kinds, *kinds)

        await played(there, mix, lasts=60)
        await check(there)


async def test_where_we_may_not_look_a_doubtful_line_says_so() -> None:
    """Without the right to read, "maybe twice" is all that can be promised, and it is marked."""
    async with office(DESK, connectors=SLOW) as there:
        there.fake.take_scope("im:history")
        ann = there.person("Ann")
        there.fake.fail("chat.postMessage", took_it_then_cut())
        await there.says(ann, "hello")
        await there.advance(5)
        said = [line for line in there.lines(ann) if line.startswith("Cuebook: What can I do")]
        marks = ["You may have seen this before" in line for line in said]
        assert marks == [False, True]


async def test_a_place_that_is_gone_holds_up_nobody_else() -> None:
    async with office(DESK, connectors=SLOW, choices=Choices()) as there:
        ann, bob = there.person("Ann"), there.person("Bob")
        room = there.fake.add_channel("desk", [ann, bob])
        asked = await there.says(ann, f"{there.bot} hello", room)
        await there.says(ann, "1", room, thread=asked)
        await there.says(ann, "j.doe", room, thread=asked)
        room.archived = True
        await there.says(bob, "hello")
        await there.advance(120)
        assert there.lines(bob)[1].startswith("Cuebook: What can I do")
        states = Counter(run.state for run in await there.stage.store.find(Run))
        assert states == {"succeeded": 1}, "the run goes on"
        assert there.slack.cards.open == 0
        assert there.slack.outgoing.waiting == 0
