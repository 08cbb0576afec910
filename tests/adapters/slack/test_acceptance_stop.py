"""The real server stops while runs are at work for people in Slack, and another one starts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.app import App
from bot.connectors.secrets import Secrets
from bot.rows import Run
from bot.settings import read_settings
from tests.adapters.slack.office import is_card
from tests.guide.house import House, Outside, until
from tests.guide.slack_guest import SlackGuest, Workspace

RUNS = 5
DRAIN = 0.5
GRACE = 5.0
"""Seconds on top that a busy machine may take."""
FLOW = """\
name: Desk
flow:
  - id: work
    runbook: work
    outcomes: {success: told, failure: failed}
  - id: told
    say: "Done: $RUNBOOKRESULT"
    next: rest
  - id: failed
    say: "Not done: $RUNBOOKRESULT"
    next: rest
  - id: rest
    ask: What now?
    options: {Again: work, Leave: bye}
  - id: bye
    end: Bye.
"""
STEPS = """\
steps:
  - {id: look, title: Looking, call: desk.get, with: {name: slow}}
  - {end: success, result: Looked.}
"""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[tuple[House, Workspace, Outside]]:
    outside, workspace = Outside(), Workspace()
    await outside.start()
    served = House(tmp_path, outside, workspace)
    served.profile(FLOW)
    served.runbook("work", STEPS)
    yield served, workspace, outside
    await served.stop()
    await outside.stop()


async def serve_again(house: House, workspace: Workspace) -> None:
    """The next process, on the same folder."""
    fake = workspace.fake
    settings = await asyncio.to_thread(
        read_settings,
        house.root,
        None,
        port=0,
        drain=DRAIN,
        slack_bot_token=SecretStr(fake.workspace.token),
        slack_signing_secret=SecretStr(fake.signing_secret),
        slack_api_url=fake.url,
    )
    assert house.app is not None
    house.app = App(settings, house.app.project, Secrets(house.environ))
    await house.app.start()


async def test_a_stop_with_five_runs_at_work_is_in_time_and_told_afterwards(
    house: tuple[House, Workspace, Outside],
) -> None:
    served, workspace, outside = house
    await served.serve(drain=DRAIN)
    gate = outside.hold("/things/slow")
    opened = [await served.open() for _ in range(RUNS)]
    guests = [guest for guest in opened if isinstance(guest, SlackGuest)]
    await outside.was_asked("/things/slow", RUNS)
    fake = workspace.fake
    await until(lambda: len([one for one in fake.world.messages if is_card(one)]) == RUNS)
    assert served.app is not None
    began = time.monotonic()
    await served.app.stop()
    assert time.monotonic() - began < DRAIN + GRACE
    gate.set()
    await serve_again(served, workspace)
    await until(lambda: all(len(guest.texts) >= 2 for guest in guests))
    told = ["Not done: Runbook failed: interrupted at step look", "What now?"]
    assert [guest.texts for guest in guests] == [told] * RUNS, "the chats took their failure exit"
    cards = [one for one in fake.world.messages if is_card(one)]
    await until(lambda: all("Interrupted" in one.text for one in cards))
    assert len(cards) == RUNS
    assert all("cb:cancel" not in str(one.blocks) for one in cards)
    runs = await served.app.runtime.ground.store.find(Run)
    assert [run.state for run in runs] == ["interrupted"] * RUNS
    assert sum(path == "/things/slow" for _, path, _ in outside.asked) == RUNS, "nothing is called again"
