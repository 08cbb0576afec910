"""Puts the runtime together: the same for the server, the command line and tests."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, tzinfo
from typing import NamedTuple

import structlog

from bot.ids import new_id
from bot.limits import Limits
from bot.ports import Adapter, Bus, Clock, Connectors, Person, Store
from bot.rows import Run
from bot.runtime.addresses import Addresses
from bot.runtime.bus import LocalBus
from bot.runtime.callbacks import Callbacks
from bot.runtime.catalogue import Catalogue
from bot.runtime.chats import Chats
from bot.runtime.dispatcher import Dispatcher
from bot.runtime.engine import Conversations
from bot.runtime.ground import Ground
from bot.runtime.hooks import Hooks
from bot.runtime.library import Library
from bot.runtime.meters import Meters
from bot.runtime.recovery import Recovery
from bot.runtime.runs import Runs
from bot.runtime.schedules import Schedules
from bot.runtime.starts import Accepted, Asker, Starts
from bot.runtime.tasks import Tasks
from bot.runtime.timers import Timers
from bot.runtime.turn import Turns
from bot.runtime.walker import Walker
from flows.effects import StartRun
from flows.events import RunRefused
from flows.project import Project
from flows.values import Vars

log = structlog.get_logger()


class Choices(NamedTuple):
    """What may be chosen beside the ports."""

    limits: Limits = Limits()
    zone: tzinfo = UTC
    bus: Bus | None = None
    meters: Meters | None = None
    addresses: Addresses | None = None
    """Where runs are called back; without it they are good for this process."""


class Runtime:
    """The running house. `start` recovers, `stop` drains."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        library: Library,
        connectors: Connectors,
        adapters: Mapping[str, Adapter],
        choices: Choices = Choices(),  # noqa: B008  (an immutable value)
    ) -> None:
        self._started = False
        tasks, limits = Tasks(), choices.limits
        owner = f"{os.getpid()}.{new_id(clock.now())}"
        meters, bus = choices.meters or Meters(), choices.bus or LocalBus()
        ground = Ground(store, bus, clock, library, tasks, limits, meters, owner)
        self.ground, self.library, self.tasks, self.bus = ground, library, tasks, ground.bus
        self.starts = Starts(library, clock, limits, choices.zone, choices.addresses or Addresses())
        self.chats = Chats(ground, Turns(self.starts, clock))
        self.walker = Walker(ground, self.starts, connectors)
        self.runs = Runs(ground, self.starts, self.walker)
        self.callbacks = Callbacks(ground, self.runs)
        self.hooks = Hooks(ground, self.starts, self.runs)
        self.timers, self.dispatcher = Timers(ground), Dispatcher(ground, adapters)
        self.engine = Conversations(ground, self.chats, self.runs, self.walker, self.timers, self.dispatcher)
        self.schedules = Schedules(ground, self.starts, self.runs)
        self.recovery = Recovery(ground, self.engine, self.chats, self.runs)
        self.catalogue = Catalogue(library, store)
        meters.queued.set_function(lambda: len(self.starts.queued))
        meters.open_runs.set_function(self.starts.open.total)
        meters.crashed.set_function(lambda: tasks.crashed)

    async def start(self) -> None:
        """Take up what an earlier process left, then ring what is due."""
        await self.recovery.run()
        self._started = True
        await self.schedules.refresh()
        await self.timers.start()
        self.dispatcher.wake()

    async def adopt(self, project: Project) -> None:
        """Put a changed project in force; what runs goes on as it began (promise 6)."""
        await self.library.adopt(project)
        if self._started:  # else a schedule would start what recovery then takes for a dead run
            await self.schedules.refresh()

    async def stop(self) -> None:
        """Begin nothing new, finish what is in flight within the limit."""
        self.runs.stop()
        await self.tasks.settle(self.ground.limits.drain)

    async def begin(self, runbook: str, inputs: Vars, person: Person) -> Run | RunRefused:
        """Start a runbook outside any chat: from the command line or another system."""
        start = StartRun(id="command", runbook=runbook, inputs=inputs)
        verdict = self.starts.weigh(start, Asker(person=person, origin="command"))
        if not isinstance(verdict, Accepted):
            return verdict
        await self.ground.store.commit(verdict.unit)
        self.runs.begin(verdict.row)
        return verdict.row
