"""Runs that start by themselves or later: by the row, once, in the time zone of their author."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.errors import StoreUnavailable
from bot.ports import Store
from bot.rows import Schedule
from bot.runtime.assemble import Choices
from bot.runtime.recovery import Recovery
from bot.testing import Chat, Stage
from bot.testing.clock import START
from tests.runtime.conftest import Open, unchecked
from tests.runtime.flows import profile, runbook

HOUR = 3_600.0


def scheduled(schedule: str, more: str = "") -> str:
    return runbook("  - {end: success}", f"schedule: {schedule}\n{more}".strip()).replace("anyone", "agents")


async def started(stage: Stage) -> list[str]:
    """When runs were started, in UTC."""
    return [
        f"{datetime.fromtimestamp(run.created_at / 1000, UTC):%m-%d %H:%M:%S}" for run in await stage.runs()
    ]


async def test_a_cron_line_starts_its_runbook(stage: Open, store: Store) -> None:
    place = await stage(scheduled("{cron: '30 7 * * mon-fri', zone: Europe/Berlin}"), store=store)
    await place.advance(6 * 24 * HOUR)
    assert await started(place) == ["01-01 06:30:00", "01-02 06:30:00", "01-05 06:30:00", "01-06 06:30:00"]
    assert {run.state for run in await place.runs()} == {"succeeded"}


async def test_an_interval_starts_its_runbook(stage: Open) -> None:
    place = await stage(scheduled("{every: 20m}"))
    await place.advance(HOUR)
    assert await started(place) == ["01-01 00:20:00", "01-01 00:40:00", "01-01 01:00:00"]


async def test_a_date_starts_its_runbook_once(stage: Open) -> None:
    place = await stage(scheduled("{on: '2026-01-02T06:00', zone: America/New_York}"))
    await place.advance(72 * HOUR)
    assert await started(place) == ["01-02 11:00:00"]


async def test_a_date_that_has_passed_starts_nothing(stage: Open) -> None:
    place = await stage(scheduled("{on: '2025-12-24T18:00'}"))
    await place.advance(24 * HOUR)
    assert await started(place) == []


async def test_what_was_missed_starts_once(stage: Open, store: Store) -> None:
    place = await stage(scheduled("{every: 20m}"), store=store)
    await place.advance(HOUR)
    await place.kill()
    place.clock.move_to(place.clock.now() + 10 * 3_600_000)
    await place.start()
    assert (await started(place))[3:] == ["01-01 11:00:00"]
    await place.advance(HOUR / 3)
    assert (await started(place))[4:] == ["01-01 11:20:00"]
    assert {run.state for run in await place.runs()} == {"succeeded"}


async def test_a_missed_start_is_not_taken_for_what_an_earlier_process_left(
    stage: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing may begin before recovery has looked."""
    place = await stage(scheduled("{every: 20m}").replace("- {end", "- pause: 10m\n  - {end"))
    await place.kill()
    place.clock.move_to(place.clock.now() + 3_600_000)
    recover = Recovery.run

    async def late(recovery: Recovery) -> None:
        await place.settle()
        await recover(recovery)

    monkeypatch.setattr(Recovery, "run", late)
    await place.start()
    assert [run.state for run in await place.runs()] == ["waiting"]
    assert place.runtime.starts.open.total() == 1


async def test_a_restart_keeps_the_time_that_was_set(stage: Open) -> None:
    place = await stage(scheduled("{every: 20m}"))
    await place.advance(HOUR / 4)
    await place.restart()
    await place.advance(HOUR / 12)
    assert await started(place) == ["01-01 00:20:00"]


async def test_a_changed_schedule_begins_anew_and_a_removed_one_ends(stage: Open) -> None:
    place = await stage(scheduled("{every: 20m}"))
    await place.adopt(scheduled("{every: 30m}"))
    await place.advance(HOUR / 2)
    assert await started(place) == ["01-01 00:30:00"]
    await place.adopt(scheduled("{every: 30m}").replace("schedule: {every: 30m}", "changes: true"))
    await place.advance(HOUR)
    assert len(await place.runs()) == 1
    assert await place.store.find(Schedule) == []


async def test_a_reload_that_changes_something_else_does_not_move_it(stage: Open) -> None:
    place = await stage(scheduled("{every: 20m}"))
    await place.advance(HOUR / 4)
    await place.adopt(scheduled("{every: 20m}", "changes: true"))
    await place.advance(HOUR / 12)
    assert await started(place) == ["01-01 00:20:00"]


async def test_a_start_that_is_refused_is_tried_at_the_next_time(stage: Open) -> None:
    place = await stage(await unchecked(scheduled("{every: 20m}", "disabled: true")))
    await place.advance(HOUR)
    assert await started(place) == []
    await place.adopt(scheduled("{every: 20m}"))
    await place.advance(HOUR / 3)
    assert await started(place) == ["01-01 01:20:00"]


async def test_a_database_that_is_away_only_delays_a_start(
    stage: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = await stage(scheduled("{every: 20m}"))

    async def away(*_: Any) -> Any:
        raise StoreUnavailable("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(place.store, "commit", away)
        await place.advance(HOUR / 3 + 10)
    await place.advance(5)
    assert await started(place) == ["01-01 00:20:11"]


# --- at and in ---------------------------------------------------------------------------


def later(when: str) -> str:
    steps = f"""
  - id: start
    runbook: work
    {when}
    outcomes: {{started: on, success: on, failure: on}}
  - {{id: on, say: It is planned.}}
  - ask: What now?
"""
    return "\n---\n".join([profile(steps), runbook("  - {end: success, result: Done.}", "announce: result")])


async def test_in_starts_after_a_while_and_reports(stage: Open, store: Store) -> None:
    place = await stage(later("in: 2h"), store=store)
    chat = await Chat.on(place, "desk")
    chat.hears("It is planned.", "What now?")
    await chat.advance("1h59m59s")
    assert chat.runs[0].state == "queued"
    await place.restart()
    await chat.advance("1s")
    chat.hears("Done.")


@pytest.mark.parametrize(
    ("zone", "at", "due"),
    [
        ("UTC", "22:00", "01-01 22:00"),
        ("UTC", "00:00", "01-02 00:00"),
        ("Europe/Berlin", "22:00", "01-01 21:00"),
        ("America/New_York", "18:30", "01-01 23:30"),
        ("Asia/Tokyo", "09:00", "01-02 00:00"),
    ],
)
async def test_at_starts_when_the_clock_shows_it_next(stage: Open, zone: str, at: str, due: str) -> None:
    place = await stage(later(f'at: "{at}"'), choices=Choices(zone=ZoneInfo(zone)))
    chat = await Chat.on(place, "desk")
    start = chat.runs[0].row.start_at
    assert f"{datetime.fromtimestamp(start / 1000, UTC):%m-%d %H:%M}" == due
    await chat.advance((start - START) / 1000 - 1)
    assert chat.runs[0].state == "queued"
    await chat.advance(1)
    assert chat.runs[0].state == "succeeded"
