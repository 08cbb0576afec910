"""Runbooks that start by themselves: the row says when, the alarm only wakes (promise 8)."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import structlog

from bot.errors import Conflict, StoreUnavailable
from bot.ids import new_id
from bot.ports import Change, Delete, Insert, Person
from bot.rows import Schedule as ScheduleRow
from bot.runtime.ground import Ground
from bot.runtime.runs import Runs
from bot.runtime.starts import Accepted, Asker, Starts
from flows.cron import read_cron
from flows.documents import Schedule
from flows.effects import StartRun

log = structlog.get_logger()

AGAIN = 1_000  # ms until a start is tried again that the database would not take
SCHEDULER = Person(kind="agent", id="scheduler", name="Schedule")


class Schedules:
    """Keeps one row a scheduled runbook, and starts what is due, once."""

    def __init__(self, ground: Ground, starts: Starts, runs: Runs) -> None:
        self._store, self._clock, self._library = ground.store, ground.clock, ground.library
        self._starts, self._runs, self._tasks = starts, runs, ground.tasks

    async def refresh(self) -> None:
        """Bring the rows in line with the runbooks in force, and set the alarms."""
        wanted = self._wanted()
        rows = {row.runbook: row for row in await self._store.find(ScheduleRow)}
        for id, row in rows.items():
            if id not in wanted or row.spec != wanted[id].model_dump_json():
                await self._store.commit([Delete(ScheduleRow, {"id": row.id})])
                self._clock.cancel(f"schedule:{id}")
        for id, schedule in wanted.items():
            known = rows.get(id)
            if known is None or known.spec != schedule.model_dump_json():
                known = await self._begin(id, schedule)
            self._arm(known)

    def _wanted(self) -> dict[str, Schedule]:
        return {
            id: loaded.document.schedule
            for id, loaded in self._library.project.runbooks.items()
            if loaded.document.schedule is not None
        }

    async def _begin(self, runbook: str, schedule: Schedule) -> ScheduleRow:
        now = self._clock.now()
        row = ScheduleRow(
            id=new_id(now), runbook=runbook, spec=schedule.model_dump_json(),
            next_at=following(schedule, now), last_date="",
        )  # fmt: skip
        await self._store.commit([Insert(row)])
        return row

    def _arm(self, row: ScheduleRow) -> None:
        if row.next_at:
            self._ring(row, row.next_at)

    def _ring(self, row: ScheduleRow, at: int) -> None:
        name = f"schedule:{row.runbook}"
        self._clock.alarm(name, at, lambda: self._tasks.spawn(self._fire(row), name))

    async def _fire(self, row: ScheduleRow) -> None:
        try:
            await self._start(row)
        except Conflict:  # another alarm was first, or the schedule has changed
            for current in await self._store.find(ScheduleRow, id=row.id):
                self._arm(current)
        except StoreUnavailable as error:
            log.error("a schedule must wait", runbook=row.runbook, reason=str(error))
            self._ring(row, self._clock.now() + AGAIN)

    async def _start(self, row: ScheduleRow) -> None:
        """Start it, and move the row on, in one commit: whoever comes second does nothing.
        However many times were missed, it starts once (one catch-up)."""
        schedule = self._wanted().get(row.runbook)
        if schedule is None or schedule.model_dump_json() != row.spec:
            return  # changed or removed while it rang
        after = following(schedule, self._clock.now())
        start = StartRun(id=f"schedule.{row.next_at}", runbook=row.runbook, mode="async")
        verdict = self._starts.weigh(start, Asker(person=SCHEDULER, origin="schedule"))
        moved = Change(ScheduleRow, {"id": row.id, "next_at": row.next_at}, {"next_at": after})
        if isinstance(verdict, Accepted):
            await self._store.commit([moved, *verdict.unit])
            self._runs.begin(verdict.row)
        else:
            log.error("a schedule was refused", runbook=row.runbook, reason=verdict.reason)
            await self._store.commit([moved])
        self._arm(msgspec.structs.replace(row, next_at=after))


def following(schedule: Schedule, now: int) -> int:
    """The next time after `now` (ms); 0 = never again."""
    if schedule.every is not None:
        return now + round(schedule.every * 1000)
    here = datetime.fromtimestamp(now / 1000, UTC).astimezone(schedule.place)
    if schedule.on is not None:
        when = datetime.fromisoformat(schedule.on)
        due: datetime | None = when if when.tzinfo else when.replace(tzinfo=schedule.place)
    else:
        assert schedule.cron is not None
        due = read_cron(schedule.cron).after(here)
    at = round(due.timestamp() * 1000) if due is not None else 0
    return at if at > now else 0
