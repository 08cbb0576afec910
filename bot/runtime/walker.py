"""Walks runs: one attempt, each effect journalled before it happens, and always an end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import msgspec
import structlog

from bot.access.rules import check_start
from bot.errors import Conflict, Refused
from bot.ports import Committed, Connectors, Op
from bot.rows import Inbox, Message, Run
from bot.rows import Timer as TimerRow
from bot.runtime.active import Active, picture, shown
from bot.runtime.endings import Over, broken, cancelled, interrupted, too_long
from bot.runtime.ground import Ground
from bot.runtime.patience import Patience
from bot.runtime.run_plan import Step, answered, end_unit, last_unit, unit_of, walk
from bot.runtime.secrecy import closed
from bot.runtime.starts import Starts
from bot.runtime.wire import load
from flows.effects import Call, Finish
from flows.errors import FlowStuck, UnknownDefinition
from flows.events import CallAnswered, Called, Event
from flows.machine import advance

log = structlog.get_logger()

STOPPING = 10.0  # seconds to wait for a stopped run to write its end
GRACE = 1.0  # seconds past its limit after which a connector that did not keep it is cut off


class Links:
    """What the runtime hangs on runs; the engine fills it."""

    news: Callable[[Inbox], Awaitable[None]]
    deliver: Callable[[tuple[str, str] | None, Sequence[Message]], None]
    """Lines were committed for a platform (platform, address)."""
    show: Callable[[Active], None]
    """A run that a push platform shows has changed."""
    arm: Callable[[TimerRow], None]
    begin: Callable[[Run], None]
    waits: Callable[[str], None]
    """A run has come to rest at a step that waits to be called back."""


class Walker:
    """Takes a loaded run on from an event until it rests or is over."""

    def __init__(self, ground: Ground, starts: Starts, connectors: Connectors) -> None:
        self._store, self._bus, self._clock = ground.store, ground.bus, ground.clock
        self._library, self._limits, self._meters = ground.library, ground.limits, ground.meters
        self._starts, self._connectors = starts, connectors
        self.active: dict[str, Active] = {}
        self.patience = Patience(ground.clock)
        self.links = Links()
        self.watch: dict[str, Callable[[Run], None]] = {}
        """By run id: told once the run is final."""

    async def settle(self, event: Event, first: list[Op]) -> None:
        """An event that changes nothing is over; but a call to a step that the run has not come
        to is kept, until it does or ends (`run_plan`)."""
        if isinstance(event, Called):
            return
        try:
            await self._commit(first)
        except Conflict:
            return  # somebody else has

    async def _commit(self, unit: list[Op]) -> Committed:
        return await self.patience.see(lambda: self._store.commit(unit))

    async def stop(self, run: str, by: str) -> bool:
        """Ask a run at work to end, and wait until it rests. False: it is not at work here."""
        active = self.active.get(run)
        if active is None:
            return False
        active.stopped = by
        if active.calling is not None:
            active.calling.cancel()
        with suppress(TimeoutError):  # the database is away: it ends once that is back
            async with asyncio.timeout(STOPPING):
                await active.rested.wait()
        return True

    async def go_on(self, active: Active, expect: Run, event: Event, first: list[Op]) -> None:
        """Walk, and tell whoever asked it to stop that it has."""
        try:
            await self._walled(active, expect, event, first)
        finally:
            active.rested.set()

    async def _walled(self, active: Active, expect: Run, event: Event, first: list[Op]) -> None:
        """The wall around a run: whatever happens inside, it reaches an end (promise 3)."""
        run = active.row.id
        self.active[run] = active
        try:
            over = await self._drive(active, expect, event, first)
        except Conflict:
            log.warning("the run was ended or taken over by somebody else", run=run)
            await self.settle(event, first)  # what happened to it is over all the same
            return
        except asyncio.CancelledError:
            await self.end(active, interrupted(active.row.step))
            raise
        except FlowStuck as stuck:
            over = Over("failed", f"Runbook failed: {stuck}")
        except Exception:
            log.exception("a run failed on our side", run=run, step=active.state.step)
            over = broken(active.state.step)
        finally:
            self.active.pop(run, None)
        if over is not None:
            await self.patience.see(lambda: self.end(active, over))
            await self.settle(event, first)

    async def _drive(self, active: Active, expect: Run, event: Event, first: list[Op]) -> Over | None:
        """Walk until the run rests or is over."""
        while True:
            turn = advance(active.flow, active.state, event)
            if turn.state is active.state:  # not what it waits for: it goes on waiting
                await self.settle(event, first)
                return None
            over = self._stopped(active)
            if over is not None:
                return over
            now = self._clock.now()
            step = walk(active, turn, self._starts, now)
            settled = [*first, *answered(active, expect, event, now, self._limits)]
            ok = not isinstance(event, CallAnswered) or event.ok
            if step.finish is not None:
                shown(active, step.path, now, ok=ok, over=True)
                await self._finish(active, expect, step, step.finish, settled)
                return None
            await self._journal(active, expect, step, settled, ok=ok)
            over = self._stopped(active)
            if over is not None:
                return over
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
        done = await self._commit([*settled, *ops])
        active.row, active.state = after, step.state
        shown(active, step.path, self._clock.now(), ok=ok, over=False)
        for line in done.lines:
            self._bus.publish(line.chat, line)
        self.links.deliver(active.outbox, done.lines)
        for timer in step.timers:
            self.links.arm(timer)
        self._show(active)
        for child in step.starts:
            self.links.begin(child.row)
        if step.state.awaiting is not None and step.state.awaiting.kind == "callback":
            self.links.waits(active.row.id)

    def _show(self, active: Active) -> None:
        """Let people see how it stands."""
        if active.row.chat:
            self._bus.publish(active.row.chat, picture(active))
        if active.outbox is not None:
            self.links.show(active)

    async def _perform(self, active: Active, call: Call) -> CallAnswered | Over:
        """Do one call, within its own limit and the run's, with the rights of now."""
        pins: dict[str, str] = load(active.row.pins)
        left = max(0.0, (active.row.deadline_at - self._clock.now()) / 1000)
        call = msgspec.structs.replace(call, within=left)
        structlog.contextvars.bind_contextvars(chat=active.row.chat, step=active.row.step)
        active.calling = asyncio.current_task()
        try:
            async with asyncio.timeout(left + GRACE):
                answer = await self._connectors.perform(call, definition=pins[call.connector], run=active.row)
            self._meters.called(call.connector, ok=answer.ok)
            late = not answer.ok and self._clock.now() >= active.row.deadline_at
            return too_long(active.runbook) if late else answer
        except TimeoutError:
            return too_long(active.runbook)
        except asyncio.CancelledError:
            if not active.stopped or active.calling is None:
                raise
            active.calling.uncancel()
            return cancelled(active.stopped)
        finally:
            active.calling = None

    def _stopped(self, active: Active) -> Over | None:
        """Whether it may not go on: asked before each step is written and before each effect.
        Disabling, deleting and rights are always live (DECISIONS 17, promise 7)."""
        if active.stopped:
            return cancelled(active.stopped)
        try:
            check_start(active.person, self._library.runbook(active.row.runbook).document)
        except (UnknownDefinition, Refused) as error:
            return Over("failed", f"Runbook failed: {error}")
        return None

    # --- ends ----------------------------------------------------------------------------

    async def _finish(
        self, active: Active, expect: Run, step: Step, finish: Finish, settled: list[Op]
    ) -> None:
        """An End step was reached: its record and the news, in one commit (D14)."""
        ops, after, news = last_unit(active, step, expect, finish, self._limits, self._clock.now())
        done = await self._commit([*settled, *ops])
        for line in done.lines:
            self._bus.publish(line.chat, line)
        self.links.deliver(active.outbox, done.lines)
        await self._told(active, after, news)

    async def end(self, active: Active, how: Over, *, as_read: bool = False) -> bool:
        """End it without an End step. False: somebody has ended it already or, `as_read`, it
        is not as its row was read."""
        now = self._clock.now()
        after = msgspec.structs.replace(
            active.row, state=how.state, outcome="failure", message=how.message,
            code=how.state, awaiting="", finished_at=now,
        )  # fmt: skip
        after = closed(after, active.flow, active.mask)
        ops, news = end_unit(active, after, now, as_read=as_read)
        try:
            await self._store.commit(ops)
        except Conflict:
            log.info("the run had ended or gone on already", run=after.id)
            return False
        await self._told(active, after, news)
        return True

    async def _told(self, active: Active, after: Run, news: Inbox | None) -> None:
        log.info("run ended", run=after.id, runbook=after.runbook, state=after.state, steps=after.steps)
        self._meters.ended(after)
        active.row = after
        self._starts.open[active.person.id] -= 1
        if self._starts.open[active.person.id] <= 0:
            del self._starts.open[active.person.id]
        active.rev = max(active.rev + 1, after.finished_at)
        self._show(active)
        if (tell := self.watch.pop(after.id, None)) is not None:
            tell(after)
        if news is not None:
            await self.links.news(news)
