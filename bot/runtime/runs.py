"""Runs: one attempt each, journalled before each effect, and always an end.

`queued → running ⇄ waiting → succeeded | failed | interrupted | cancelled`; every arrow is
one compare-and-set, and a final arrow carries the news to the chat in the same commit.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec
import structlog

from bot.errors import StoreUnavailable
from bot.ports import Change, Op
from bot.rows import Chat, Inbox, Run, Trace
from bot.runtime.active import OPEN, Active, shown_before, unreadable
from bot.runtime.addresses import tokens
from bot.runtime.endings import Over, broken, cancelled, interrupted, too_long
from bot.runtime.ground import Ground
from bot.runtime.run_plan import CALLBACK
from bot.runtime.secrecy import mask_of_run
from bot.runtime.starts import Starts
from bot.runtime.turn import outbox_of
from bot.runtime.walker import Walker
from bot.runtime.wire import load, load_event, load_person, load_state
from flows.events import Event, Started
from flows.state import State
from flows.variables import URLS

log = structlog.get_logger()

TRIES = 20  # of catching a run between two of its steps
PARENT = "the run that started it"

Work: TypeAlias = Callable[[], Awaitable[None]]


class Runs:
    """When runs begin, go on and are stopped; the walker does the walking."""

    def __init__(self, ground: Ground, starts: Starts, walker: Walker) -> None:
        self._store, self._clock, self._library = ground.store, ground.clock, ground.library
        self._limits, self._tasks, self._owner = ground.limits, ground.tasks, ground.owner
        self._starts, self._walker = starts, walker
        self._room = asyncio.Semaphore(ground.limits.runs_at_work)
        self._todo: dict[str, deque[Work]] = {}
        self._news: dict[str, list[Event]] = {}
        """What waits in `_todo` to be heard, or was heard since that was last empty."""
        self._patience = walker.patience
        self.watch = walker.watch
        walker.links.begin = self.begin
        walker.links.waits = self._heard_before

    def stop(self) -> None:
        """Begin and resume nothing any more."""
        self._patience.over = True

    # --- beginnings ----------------------------------------------------------------------

    def begin(self, row: Run) -> None:
        """A committed `queued` run: now if somebody waits, else when APScheduler says so."""
        self.count(row)
        self._starts.planned.add(row.id)
        if row.mode == "wait":
            self._launch(row.id)
        else:
            self._clock.alarm(f"run:{row.id}", row.start_at, lambda: self._launch(row.id))

    def count(self, row: Run) -> None:
        """Remember an open run for the limit of its person."""
        self._starts.open[load_person(row.person).id] += 1

    def _launch(self, run: str) -> None:
        self._starts.due(run)
        self._spawn(run, lambda: self._first(run))

    def _spawn(self, run: str, work: Work) -> None:
        """What happens to one run happens one after the other."""
        todo = self._todo.get(run)
        if todo is not None:
            todo.append(work)
            return
        self._todo[run] = deque((work,))
        self._tasks.spawn(self._see_to(run), f"run:{run}")

    async def _see_to(self, run: str) -> None:
        todo = self._todo[run]
        try:
            with structlog.contextvars.bound_contextvars(run=run):
                while todo:
                    async with self._room:
                        await self._within_limits(todo[0])
                    todo.popleft()
        finally:
            del self._todo[run]
            self._news.pop(run, None)

    async def _within_limits(self, work: Work) -> None:
        """A stopping house leaves it to the next start: nothing has been begun or settled."""
        try:
            if not self._patience.over:
                await self._patience.see(work)
        except StoreUnavailable as error:
            log.error("a run is left to the next start", reason=str(error))
        except Exception:  # the wall: what comes after it must not wait for ever
            log.exception("an event of a run was given up")

    async def _first(self, run: str) -> None:
        self._starts.begun(run)
        row = await self._store.get(Run, id=run)
        if row is None or row.state != "queued":
            return  # cancelled before it began, or begun by somebody else
        active = await self._loaded(row)
        if active is None:
            return
        now = self._clock.now()
        active.row = msgspec.structs.replace(
            row, state="running", owner=self._owner, started_at=now,
            deadline_at=now + round(active.runbook.limit * 1000),
        )  # fmt: skip
        await self._walker.go_on(active, row, Started(), [])

    async def _loaded(self, row: Run) -> Active | None:
        """The run to go on with; None: it cannot be read any more, and has ended."""
        try:
            return await self.load(row)
        except StoreUnavailable:
            raise
        except Exception:
            log.exception("a run cannot be read", run=row.id, runbook=row.runbook)
            await self._walker.end(unreadable(row), broken(row.step or "start"))
            return None

    async def load(self, row: Run) -> Active:
        """A run with the definitions that it began with."""
        loaded = await self._library.pinned(row.definition)
        given = load(row.inputs)
        for hash in load(row.pins).values():
            await self._library.pinned(hash)
        assert loaded.flow is not None
        context = {**given["context"], "run": {"id": row.id, "runbook": row.runbook}}
        state = load_state(row.flow) if row.flow else State(context=context, variables=given["inputs"])
        urls = self._starts.addresses.of(row.id, loaded.flow)
        if urls:
            state = msgspec.structs.replace(state, context={**state.context, URLS: urls})
        active = Active(row, state, loaded.flow, load_person(row.person), given["depth"])
        active.mask = mask_of_run(row, tokens(urls))
        if row.chat and (chat := await self._store.get(Chat, id=row.chat)) is not None:
            active.outbox = outbox_of(chat)
        return active

    # --- going on ------------------------------------------------------------------------

    def resume(self, run: str, event: Event, first: list[Op]) -> None:
        """Time came, or the run it waited for has ended. `first` settles that. The same news
        again, while it waits for its turn, is one."""
        if event in self._news.setdefault(run, []):
            return
        self._news[run].append(event)
        self._spawn(run, lambda: self._again(run, event, first))

    async def _again(self, run: str, event: Event, first: list[Op]) -> None:
        row = await self._store.get(Run, id=run)
        if row is None or row.state != "waiting":
            await self._walker.settle(event, first)
            return
        active = await self._loaded(row)
        if active is None:
            return
        active.row = msgspec.structs.replace(row, state="running", owner=self._owner)
        await self._walked(active)
        await self._walker.go_on(active, row, event, first)

    async def _walked(self, active: Active) -> None:
        """Show what another task or process has walked of it."""
        owner, most = f"run:{active.row.id}", self._limits.steps_a_run
        shown_before(active, await self._store.find(Trace, owner=owner, order="no", limit=most))

    def hear(self, inbox: Inbox) -> None:
        """A call to one of its steps is written down. If the run does not wait there now, it
        stays so until the run does, and is heard again then: it is no repeat."""
        _, _, run = inbox.target.partition(":")
        event = load_event(inbox.event)
        settle: list[Op] = [Change(Inbox, {"id": inbox.id, "state": "new"}, {"state": "done"})]
        self._spawn(run, lambda: self._again(run, event, settle))

    def _heard_before(self, run: str) -> None:
        """It has come to rest at a step that waits for a call: one may have come early."""
        self._spawn(run, lambda: self._look_for_calls(run))

    async def _look_for_calls(self, run: str) -> None:
        for inbox in await self._store.find(Inbox, state="new", target=f"run:{run}", source=CALLBACK):
            self.hear(inbox)

    async def cancel(self, run: str, by: str) -> bool:
        """Stop it: a call in flight is given up, a waiting run ends at once, and with it the
        run that it waits for. False: it is final already."""
        for _ in range(TRIES):
            if await self._walker.stop(run, by):
                row = await self._store.get(Run, id=run)
                if row is None or row.finished_at:
                    return row is not None and row.state == "cancelled"
            ended = await self._end_parked(run, lambda parked: cancelled(by))
            if ended is not None:
                return ended
        return True  # it is asked to stop, and writes its end as soon as the database lets it

    async def expire(self, run: str) -> bool:
        """A waiting run's own time limit. False: it does not wait any more."""
        return bool(await self._end_parked(run, lambda parked: too_long(parked.runbook)))

    async def interrupt(self, run: str) -> None:
        """The process that walked it is gone."""
        await self._end_parked(run, lambda parked: interrupted(parked.row.step))

    async def orphaned(self, row: Run) -> None:
        """Stop a run whose parent has ended while it waited for it."""
        parent = await self._store.get(Run, id=row.parent)
        if parent is None or parent.finished_at:
            await self.cancel(row.id, PARENT)

    async def _end_parked(self, run: str, how: Callable[[Active], Over]) -> bool | None:
        """End a run that nobody walks. None: it has begun or gone on meanwhile."""
        row = await self._store.get(Run, id=run)
        if row is None or row.finished_at:
            await self._end_children(run)  # a crash may have come between the two
            return False
        if run in self._walker.active:
            return None
        parked = await self._loaded(row)
        if parked is not None:
            await self._walked(parked)
        if parked is not None and not await self._walker.end(parked, how(parked), as_read=True):
            return None
        self._starts.begun(run)
        self._clock.cancel(f"run:{run}")
        await self._end_children(run)
        return True

    async def _end_children(self, run: str) -> None:
        """The runs that an ended run waited for end with it."""
        for child in await self._store.find(Run, parent=run, state=OPEN, mode="wait"):
            await self.cancel(child.id, PARENT)
