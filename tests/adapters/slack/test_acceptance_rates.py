"""Twenty runs at once in one workspace: Slack's limits are kept, and every run still shows how
it ended."""

from __future__ import annotations

import itertools
from collections import defaultdict

import pytest

from bot.rows import Run
from bot.runtime.assemble import Choices
from bot.testing.slack import Call, Channel, Message, Person
from flows.values import Json
from tests.adapters.slack.office import Office, office
from tests.adapters.slack.whole import check_cards, check_lines, check_patience

RUNS = 20
STEPS = 55
"""One a second: a busy minute."""
MINUTE = 60_000
MOST_EDITS = 50
"""Slack's tier 3, for the whole workspace."""
STUBS: dict[str, Json] = {"desk.work": {"delay": "1s"}}
CALLS = "\n".join(f"  - {{id: s{number}, title: Step {number}, call: desk.work}}" for number in range(STEPS))
BUSY = f"""\
kind: chat-profile
id: desk
audience: anyone
flow:
  - id: work
    runbook: work
    wait_up_to: 10m
    outcomes: {{success: told, failure: told, still_running: told}}
  - id: told
    end: "Result: $RUNBOOKRESULT"
---
kind: runbook
id: work
name: Work
timeout: 10m
steps:
{CALLS}
  - {{end: success, result: Worked.}}
---
kind: connector
id: desk
base_url: http://desk.example
methods: {{work: {{post: /work, timeout: 5m}}}}
"""


def most_within_a_minute(calls: list[Call]) -> int:
    """The greatest number of calls in any sixty seconds."""
    times = [call.at for call in calls]
    return max(sum(since <= one < since + MINUTE for one in times) for since in times)


def gaps(calls: list[Call]) -> list[int]:
    """ms between two posts to the same channel."""
    by_channel = defaultdict(list)
    for call in calls:
        by_channel[call.args["channel"]].append(call.at)
    return [later - sooner for at in by_channel.values() for sooner, later in itertools.pairwise(at)]


async def everybody_begins(there: Office, *, in_one_channel: bool) -> list[tuple[Person, Channel, Message]]:
    people = [there.person(f"P{number}") for number in range(RUNS)]
    room = there.fake.add_channel("desk", people)
    begun = []
    for person in people:
        place = room if in_one_channel else there.fake.direct(person)
        said = await there.events.says(person, place, f"{there.bot} go" if in_one_channel else "go")
        begun.append((person, place, said))
    await there.rest()
    return begun


@pytest.mark.parametrize("in_one_channel", [False, True], ids=["direct", "channel"])
async def test_twenty_runs_for_a_minute_keep_to_slack_s_limits(*, in_one_channel: bool) -> None:
    async with office(BUSY, connectors=STUBS, post_spacing=1.0, choices=Choices()) as there:
        there.fake.limits.on = True
        await everybody_begins(there, in_one_channel=in_one_channel)
        await there.advance(60)
        edits = there.fake.called("chat.update")
        assert len(edits) >= 20, "they are shown at work"
        await there.advance(120)
        edits = there.fake.called("chat.update")
        assert most_within_a_minute(edits) <= MOST_EDITS
        assert min(gaps(there.fake.called("chat.postMessage"))) >= 1_000
        check_patience(there)
        assert [run.state for run in await there.stage.store.find(Run)] == ["succeeded"] * RUNS
        await check_cards(there)
        await check_lines(there)
        assert there.slack.outgoing.waiting == 0


SHORT = BUSY.replace("id: work\nname: Work", "id: short\nname: Short").replace(
    CALLS, "  - {id: only, title: Only, call: desk.work}"
)
BOTH = f"""\
kind: chat-profile
id: desk
audience: anyone
flow:
  - id: menu
    ask: Which?
    options: {{Long: work, Short: short}}
  - id: work
    runbook: work
    outcomes: {{success: bye, failure: bye}}
  - id: short
    runbook: short
    outcomes: {{success: bye, failure: bye}}
  - id: bye
    end: Bye.
---
{BUSY.partition("---")[2]}
---
{SHORT.split("---")[1]}
"""
SOON = 4
"""Seconds within which an end is shown."""


async def test_a_last_state_does_not_wait_for_others_progress() -> None:
    """Edits are scarce: who has ended is shown before who is still at work."""
    async with office(BOTH, connectors=STUBS, post_spacing=1.0) as there:
        there.fake.limits.on = True
        await everybody_begins(there, in_one_channel=False)
        for person in [*there.fake.world.people.values()]:
            await there.says(person, "1")
        hurried = there.person("Hurried")
        await there.says(hurried, "go")
        await there.advance(25)
        assert there.slack.outgoing.waiting > 5, "many edits wait for their time"
        await there.says(hurried, "2")
        await there.advance(1 + SOON)
        assert "Short — Done" in there.card(hurried).text
        check_patience(there)
