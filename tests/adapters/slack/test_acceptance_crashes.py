"""Whatever dies between whichever commits: Slack delivers again what was not acknowledged, and
every reply stands there exactly once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Literal, TypeAlias

import pytest

from bot.rows import Chat, Message, Run
from bot.testing import Killed
from bot.testing.slack import Channel, Person
from tests.adapters.slack.office import Office, office
from tests.adapters.slack.projects import DESK, STUBS
from tests.adapters.slack.whole import check_cards, check_lines

When: TypeAlias = Literal["before", "after"]
DEFINITIONS = 4
HOUR = 3_700
SAID = ["hi", "Unlock", "j.doe", "Rebuild", "help", "Goodbye"]


class Player:
    """Ann, who presses again what did nothing, in a Slack that delivers again what was lost."""

    def __init__(self, there: Office) -> None:
        self.there = there
        self.ann: Person = there.person("Ann")
        self.direct: Channel = there.fake.direct(self.ann)
        self.deaths = 0

    async def do(self, act: Callable[[], Awaitable[bool]]) -> None:
        """Do it until it is done; after the death of a process Slack tells the next one what
        it has not acknowledged."""
        there, done = self.there, False
        while True:
            if there.stage.store.dead:
                self.deaths += 1
                await there.restart()
            with suppress(Killed):
                done = done or await act()
                await there.rest()
                while not there.stage.store.dead and await there.events.retries(wait=False):
                    await there.rest()
            if done and not there.stage.store.dead:
                break
        await there.advance(70)

    def press(self, label: str) -> Callable[[], Awaitable[bool]]:
        """Press the newest button, as long as it is there. A press is not told again: the person
        sees that it failed, and does it once more."""
        place = self.direct
        question = self.there.newest(label, place).ts

        async def act() -> bool:
            shown = next(one for one in self.there.fake.transcript(place) if one.ts == question)
            return label not in shown.buttons or (await self.there.events.presses(self.ann, shown, label)).ok

        return act

    async def say(self, text: str) -> bool:
        """Write something."""
        await self.there.events.says(self.ann, self.direct, text)
        return True

    async def wait(self) -> bool:
        """Let the run in the background come to its end."""
        await self.there.stage.advance(HOUR)
        return True

    async def play(self) -> None:
        """The whole conversation: words, presses, a run that is waited for, one in the
        background, time."""
        await self.do(lambda: self.say("hi"))
        await self.do(self.press("Unlock"))
        await self.do(lambda: self.say("j.doe"))
        await self.do(self.press("Rebuild"))
        await self.do(self.wait)
        await self.do(lambda: self.say("help"))
        await self.do(self.press("Goodbye"))
        await self.do(self.wait)


async def check(player: Player) -> None:
    """What must hold, wherever the process died."""
    there = player.there
    store = there.stage.store
    (chat,) = await store.find(Chat)
    assert chat.status == "ended"
    lines = await store.find(Message, chat=chat.id, order="seq")
    assert [line.text for line in lines if line.sender == "user"] == SAID
    runs = await store.find(Run)
    assert [run.runbook for run in runs] == ["unlock", "rebuild"], "each is started once"
    assert {run.state for run in runs} <= {"succeeded", "interrupted"}
    assert sum(run.state == "interrupted" for run in runs) <= 1
    made = [(run.id, call.id) for run, call in there.stage.connectors.made]
    assert len(made) == len(set(made)), "no call is made twice"
    await check_lines(there)
    await check_cards(there)
    results = [line for line in there.lines(player.direct) if line.startswith("Cuebook: Result: ")]
    assert results == [f"Cuebook: Result: {runs[0].message}"]
    assert there.lines(player.direct)[-1] == "Cuebook: Goodbye!\nThis chat has ended."


async def played(cut: tuple[int, When] | None = None) -> tuple[int, int]:
    """(commits of the first process, deaths)."""
    async with office(DESK, connectors=STUBS) as there:
        if cut is not None:
            there.stage.store.die_at = (DEFINITIONS + cut[0], cut[1])
        player = Player(there)
        first = there.stage.store
        await player.play()
        await check(player)
        return first.commits - DEFINITIONS, player.deaths


async def test_the_whole_conversation_without_a_death() -> None:
    commits, deaths = await played()
    assert commits > 25
    assert deaths == 0


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(1, 30, 3))
async def test_a_death_at_any_third_commit_loses_and_doubles_nothing(number: int, when: When) -> None:
    """The proof takes them all."""
    assert (await played((number, when)))[1] == 1


@pytest.mark.proof
@pytest.mark.timeout(300)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_death_at_any_commit_loses_and_doubles_nothing(when: When) -> None:
    commits, _ = await played()
    for number in range(1, commits + 1):
        assert (await played((number, when)))[1] == 1, f"nothing died at commit {number}"
