"""Runs: one attempt each, journalled before each effect, and always an end.

`queued → running ⇄ waiting → succeeded | failed | interrupted | cancelled`; every arrow is
one compare-and-set, and a final arrow carries the news to the chat in the same commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import msgspec
import structlog

from bot.access.rules import check_start
from bot.errors import Conflict, Refused
from bot.ports import Connectors, Op
from bot.rows import Chat, Inbox, Run, Trace
from bot.rows import Timer as TimerRow
from bot.runtime.ground import Ground
from bot.runtime.run_plan import (
    Active,
    Final,
    Step,
    answered,
    end_unit,
    last_unit,
    picture,
    shown,
    shown_before,
    unit_of,
    walk,
)
from bot.runtime.starts import Starts
from bot.runtime.turn import outbox_of
from bot.runtime.wire import load, load_person, load_state
from flows.documents import Runbook
from flows.durations import spoken
from flows.effects import Call, Finish
from flows.errors import FlowStuck, UnknownDefinition
from flows.events import CallAnswered, Event, Started
from flows.machine import advance
from flows.state import State

log = structlog.get_logger()


class Over(NamedTuple):
    """A run ends for a reason that is not an End step. All texts begin alike, so that the
    guide's condition on "failed" catches them (DECISIONS 5)."""

    state: Final
    message: str


def interrupted(step: str) -> Over:
    """The process that walked it died or was stopped (promise 2)."""
    return Over("interrupted", f"Runbook failed: interrupted at step {step or 'start'}")


def cancelled(by: str) -> Over:
    """Somebody who may has stopped it."""
    return Over("cancelled", f"Runbook failed: cancelled by {by}")


def too_long(runbook: Runbook) -> Over:
    """Its own time limit (D6)."""
    return Over("failed", f"Runbook failed: it took longer than {spoken(runbook.limit)}")


def broken(step: str | None) -> Over:
    """A fault of ours."""
    return Over("failed", f"Runbook failed: an error on our side at step {step}; the operators have the log")


class Links:
    """What the runtime hangs on runs; the engine fills it."""

    news: Callable[[Inbox], Awaitable[None]]
    deliver: Callable[[], None]
    arm: Callable[[TimerRow], None]


class Runs:
    """Executes runs."""

    def __init__(self, ground: Ground, starts: Starts, connectors: Connectors) -> None:
        self._store, self._bus, self._clock = ground.store, ground.bus, ground.clock
        self._library, self._limits, self._tasks = ground.library, ground.limits, ground.tasks
        self._owner, self._starts, self._connectors = ground.owner, starts, connectors
        self._meters = ground.meters
        self._room = asyncio.Semaphore(ground.limits.runs_at_work)
        self._work: dict[str, asyncio.Task[None]] = {}
        self.active: dict[str, Active] = {}
        self.links = Links()
        self.stopping = False
        self.watch: dict[str, Callable[[Run], None]] = {}
        """By run id: told once the run is final."""

    # --- beginnings ----------------------------------------------------------------------

    def begin(self, row: Run) -> None:
        """A committed `queued` run: now if somebody waits, else when APScheduler says so."""
        self.count(row)
        self._starts.queued.add(row.id)
        if row.mode == "wait":
            self._launch(row.id)
        else:
            self._clock.alarm(f"run:{row.id}", row.start_at, lambda: self._launch(row.id))

    def count(self, row: Run) -> None:
        """Remember an open run for the limit of its person."""
        self._starts.open[load_person(row.person).id] += 1

    def _launch(self, run: str) -> None:
        self._spawn(run, lambda: self._first(run))

    def _spawn(self, run: str, work: Callable[[], Awaitable[None]]) -> None:
        async def within_limits() -> None:
            with structlog.contextvars.bound_contextvars(run=run):
                async with self._room:
                    if not self.stopping:
                        await work()

        self._work[run] = self._tasks.launch(within_limits(), f"run:{run}")

    async def _first(self, run: str) -> None:
        self._starts.queued.discard(run)
        row = await self._store.get(Run, id=run)
        if row is None or row.state != "queued":
            return  # cancelled before it began, or begun by somebody else
        active = await self.load(row)
        now = self._clock.now()
        active.row = msgspec.structs.replace(
            row, state="running", owner=self._owner, started_at=now,
            deadline_at=now + round(active.runbook.limit * 1000),
        )  # fmt: skip
        await self._guarded(active, row, Started(), [])

    async def load(self, row: Run) -> Active:
        """A run with the definitions that it began with."""
        loaded = await self._library.pinned(row.definition)
        given = load(row.inputs)
        for hash in load(row.pins).values():
            await self._library.pinned(hash)
        assert loaded.flow is not None
        context = {**given["context"], "run": {"id": row.id, "runbook": row.runbook}}
        state = load_state(row.flow) if row.flow else State(context=context, variables=given["inputs"])
        active = Active(row, state, loaded.flow, load_person(row.person), given["depth"])
        if row.chat and (chat := await self._store.get(Chat, id=row.chat)) is not None:
            active.outbox = outbox_of(chat)
        return active

    # --- going on ------------------------------------------------------------------------

    def resume(self, run: str, event: Event, first: list[Op]) -> None:
        """Time came, or the run it waited for has ended. `first` settles that."""
        self._spawn(run, lambda: self._again(run, event, first))

    async def _again(self, run: str, event: Event, first: list[Op]) -> None:
        row = await self._store.get(Run, id=run)
        if row is None or row.state != "waiting" or run in self.active:
            await self._settle(first)
            return
        active = await self.load(row)
        active.row = msgspec.structs.replace(row, state="running", owner=self._owner)
        walked = await self._store.find(Trace, owner=f"run:{run}", order="no", limit=self._limits.steps_a_run)
        shown_before(active, walked)
        await self._guarded(active, row, event, first)

    async def _settle(self, first: list[Op]) -> None:
        try:
            await self._store.commit(first)
        except Conflict:
            return  # somebody else has

    async def _guarded(self, active: Active, expect: Run, event: Event, first: list[Op]) -> None:
        """The wall around a run: whatever happens inside, it reaches an end (promise 3)."""
        run = active.row.id
        self.active[run] = active
        try:
            over = await self._drive(active, expect, event, first)
        except Conflict:
            log.warning("the run was ended or taken over by somebody else", run=run)
            return
        except asyncio.CancelledError:
            await self.end(active, interrupted(active.state.step or ""))
            raise
        except FlowStuck as stuck:
            over = Over("failed", f"Runbook failed: {stuck}")
        except Exception:
            log.exception("a run failed on our side", run=run, step=active.state.step)
            over = broken(active.state.step)
        finally:
            self.active.pop(run, None)
            self._work.pop(run, None)
        if over is not None:
            await self.end(active, over)

    async def _drive(self, active: Active, expect: Run, event: Event, first: list[Op]) -> Over | None:
        """Walk until the run rests or is over."""
        while True:
            turn = advance(active.flow, active.state, event)
            if turn.state is active.state:  # not what it waits for: it goes on waiting
                await self._settle(first)
                return None
            now = self._clock.now()
            step = walk(active, turn, self._starts, now)
            settled = [*first, *answered(expect, event, now, self._limits)]
            ok = not isinstance(event, CallAnswered) or event.ok
            if step.finish is not None:
                shown(active, step, self._clock.now(), ok=ok)
                await self._finish(active, expect, step, step.finish, settled)
                return None
            await self._journal(active, expect, step, settled, ok=ok)
            if active.stopped:
                return cancelled(active.stopped)
            if active.row.steps > self._limits.steps_a_run:
                return Over("failed", f"Runbook failed: more than {self._limits.steps_a_run} steps")
            if step.call is None:
                return None
            answer = await self._perform(active, step.call)
            if isinstance(answer, Over):
                return answer
            event, first, expect = answer, [], active.row

    async def _journal(self, active: Active, expect: Run, step: Step, settled: list[Op], *, ok: bool) -> None:
        """Commit what was decided; only then does anything happen in the world."""
        ops, after = unit_of(active, step, expect, self._clock.now(), self._limits)
        done = await self._store.commit([*settled, *ops])
        active.row, active.state = after, step.state
        shown(active, step, self._clock.now(), ok=ok)
        for line in done.lines:
            self._bus.publish(line.chat, line)
        if done.lines and active.outbox is not None:
            self.links.deliver()
        for timer in step.timers:
            self.links.arm(timer)
        if active.row.chat:
            self._bus.publish(active.row.chat, picture(active))
        for child in step.starts:
            self.begin(child)

    async def _perform(self, active: Active, call: Call) -> CallAnswered | Over:
        """Do one call, within its own limit and the run's, with the rights of now."""
        reason = self._forbidden(active)
        if reason:
            return Over("failed", f"Runbook failed: {reason}")
        pins: dict[str, str] = load(active.row.pins)
        left = (active.row.deadline_at - self._clock.now()) / 1000
        active.calling = True
        try:
            async with asyncio.timeout(max(left, 0)):
                answer = await self._connectors.perform(call, definition=pins[call.connector], run=active.row)
            self._meters.called(call.connector, ok=answer.ok)
            return answer
        except TimeoutError:
            return too_long(active.runbook)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not active.stopped or task is None:
                raise
            task.uncancel()
            return cancelled(active.stopped)
        finally:
            active.calling = False

    def _forbidden(self, active: Active) -> str:
        """Disabling, deleting and rights are always live (DECISIONS 17, promise 7)."""
        try:
            now = self._library.runbook(active.row.runbook).document
            assert isinstance(now, Runbook)
            check_start(active.person, now)
        except (UnknownDefinition, Refused) as error:
            return str(error)
        return ""

    # --- ends ----------------------------------------------------------------------------

    async def _finish(
        self, active: Active, expect: Run, step: Step, finish: Finish, settled: list[Op]
    ) -> None:
        """An End step was reached: its record and the news, in one commit (D14)."""
        ops, after, news = last_unit(active, step, expect, finish, self._limits, self._clock.now())
        done = await self._store.commit([*settled, *ops])
        for line in done.lines:
            self._bus.publish(line.chat, line)
        if done.lines and active.outbox is not None:
            self.links.deliver()
        await self._told(active, after, news)

    async def end(self, active: Active, how: Over) -> None:
        """End it without an End step. An end that stands already stands."""
        now = self._clock.now()
        after = msgspec.structs.replace(
            active.row, state=how.state, outcome="failure", message=how.message,
            code=how.state, awaiting="", finished_at=now,
        )  # fmt: skip
        ops, news = end_unit(active, after, now)
        try:
            await self._store.commit(ops)
        except Conflict:
            log.info("the run had ended already", run=after.id)
            return
        await self._told(active, after, news)

    async def _told(self, active: Active, after: Run, news: Inbox | None) -> None:
        log.info("run ended", run=after.id, runbook=after.runbook, state=after.state, steps=after.steps)
        self._meters.ended(after)
        active.row = after
        self._starts.open[active.person.id] -= 1
        if self._starts.open[active.person.id] <= 0:
            del self._starts.open[active.person.id]
        if after.chat:
            active.rev = max(active.rev + 1, after.finished_at)
            self._bus.publish(after.chat, picture(active))
        if (tell := self.watch.pop(after.id, None)) is not None:
            tell(after)
        if news is not None:
            await self.links.news(news)

    async def cancel(self, run: str, by: str) -> bool:
        """Stop it: a call in flight is given up, a waiting run ends at once."""
        active = self.active.get(run)
        if active is not None:
            active.stopped = by
            if active.calling and (task := self._work.get(run)) is not None:
                task.cancel()
            return True
        return await self._end_parked(run, lambda parked: cancelled(by))

    async def expire(self, run: str) -> None:
        """A waiting run's own time limit."""
        await self._end_parked(run, lambda parked: too_long(parked.runbook))

    async def interrupt(self, run: str) -> None:
        """The process that walked it is gone."""
        await self._end_parked(run, lambda parked: interrupted(parked.state.step or ""))

    async def _end_parked(self, run: str, how: Callable[[Active], Over]) -> bool:
        row = await self._store.get(Run, id=run)
        if row is None or row.finished_at or run in self.active:
            return False
        parked = await self.load(row)
        await self.end(parked, how(parked))
        self._starts.queued.discard(run)
        self._clock.cancel(f"run:{run}")
        return True
