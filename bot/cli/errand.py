"""One run outside any server: a runtime of its own, with its steps shown as they are made."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import tzinfo
from typing import Any, NamedTuple

from bot.app import allowed
from bot.cli.opening import Opened
from bot.cli.services import Service, running
from bot.cli.shared import stderr
from bot.cli.signals import Signals
from bot.cli.steps import StepPrinter, StepsHeard, texts
from bot.connectors.http import HttpConnectors
from bot.limits import Limits
from bot.ports import Clock, Connectors, Person, Store
from bot.rows import Run, Trace
from bot.runtime.assemble import Choices, Runtime
from bot.runtime.clock import SchedulerClock
from bot.runtime.library import Library
from bot.storage.memory import MemoryStore
from bot.storage.open import open_store
from flows.connector import Connector
from flows.documents import Runbook
from flows.events import RunRefused
from flows.project import Project
from flows.values import Json

DRAIN = 5.0  # seconds that what is left at the end has


class Order(NamedTuple):
    """What was asked for."""

    opened: Opened
    runbook: Runbook
    inputs: dict[str, Any]
    person: Person


class Ended(NamedTuple):
    """How it went; `record` as listings show a run, or what is known of a refused one."""

    outcome: str
    message: str
    record: dict[str, Json]


class Errand:
    """Made on a store and a clock, then equipped with what performs its calls."""

    runtime: Runtime

    def __init__(self, store: Store, clock: Clock) -> None:
        self._printer = StepPrinter(stderr())
        self._steps = StepsHeard(store, self._heard)
        self._clock, self._library = clock, Library(self._steps, clock)
        self._texts: dict[str, dict[str, str]] = {}

    def definition(self, hash: str) -> Connector:
        """The connector as it was when the run began."""
        document = self._library.known(hash).document
        assert isinstance(document, Connector)
        return document

    def equip(self, connectors: Connectors, zone: tzinfo) -> None:
        """Now it can run. `zone`: of `at:`."""
        choices = Choices(limits=Limits(drain=DRAIN), zone=zone)
        self.runtime = Runtime(self._steps, self._clock, self._library, connectors, {}, choices)

    async def adopt(self, project: Project) -> None:
        """Put the files in force; what they schedule is the server's business."""
        await self._library.adopt(project)
        for id, loaded in project.runbooks.items():
            assert loaded.flow is not None
            self._texts[id] = texts(loaded.flow)

    async def begin(self, order: Order) -> asyncio.Future[Ended]:
        """Start it. The future is done when the run and all that it has started are over."""
        over: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        stderr().print(f"{order.runbook.called} ({order.runbook.id})", markup=False, style="bold")
        verdict = await self.runtime.begin(order.runbook.id, order.inputs, order.person)
        if isinstance(verdict, RunRefused):
            record = {"runbook": order.runbook.id, "outcome": "failure", "message": verdict.reason}
            over.set_result(Ended("failure", verdict.reason, record))
        else:
            self.runtime.runs.watch[verdict.id] = lambda row: self._told(row, over)
        return over

    async def cancel(self) -> None:
        """Stop every run that is open."""
        for run in self._steps.still_open():
            await self.runtime.runs.cancel(run, "the command line")

    def _told(self, row: Run, over: asyncio.Future[Ended]) -> None:
        self.runtime.tasks.spawn(self._rest(row, over), "rest")

    async def _rest(self, row: Run, over: asyncio.Future[Ended]) -> None:
        await self._steps.all_ended()
        self._printer.close()
        record = await self.runtime.catalogue.run(row.id) or {}
        over.set_result(Ended(row.outcome, row.message, record))

    def _heard(self, trace: Trace, depth: int) -> None:
        runbook = self._steps.runbooks.get(trace.owner, "")
        self._printer.show(trace, self._texts.get(runbook, {}).get(trace.step, ""), depth)


async def carry_out(order: Order, services: list[Service], *, recorded: bool) -> tuple[Ended, int]:
    """How it ended, and the exit code if a signal ended it."""
    signals = Signals()
    async with AsyncExitStack() as stack:
        root = order.opened.project.root
        started = await stack.enter_async_context(running(services, root, _tell))
        errand = await _prepare(stack, order.opened.beside(started), recorded=recorded)
        ended = await _through(errand, await errand.begin(order), signals)
    return ended, signals.code


async def _prepare(stack: AsyncExitStack, opened: Opened, *, recorded: bool) -> Errand:
    """A runtime on the database that was named, or on none that stays."""
    project, settings, secrets, _ = opened
    store = await open_store(settings.database_url) if recorded else MemoryStore()
    stack.push_async_callback(store.close)
    allow = [*settings.allow, *allowed(project.settings)]
    clock = SchedulerClock()
    errand = Errand(store, clock)
    connectors = HttpConnectors(errand.definition, secrets, allow)
    stack.push_async_callback(connectors.close)
    errand.equip(connectors, settings.zone)
    clock.start()
    stack.callback(clock.stop)
    stack.push_async_callback(errand.runtime.stop)
    await errand.adopt(project)
    if recorded:
        await errand.runtime.start()
    return errand


async def _through(errand: Errand, over: asyncio.Future[Ended], signals: Signals) -> Ended:
    """Wait for its end. The first signal cancels it."""
    loop = asyncio.get_running_loop()
    interrupted: asyncio.Future[bool] = loop.create_task(signals.came.wait(), name="signals")
    waiting: set[asyncio.Future[Any]] = {over, interrupted}
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if not over.done():
            _tell("\nCancelling …")
            await errand.cancel()
        return await over
    finally:
        interrupted.cancel()


def _tell(text: str) -> None:
    stderr().print(text, markup=False)
