"""A whole Cuebook without the outside: the real runtime, with time, store and connectors in
the test's hands."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

from bot.ports import Adapter, Store
from bot.rows import Callback, Definition, Run
from bot.runtime.addresses import Addresses
from bot.runtime.assemble import Choices, Runtime
from bot.runtime.library import Library
from bot.storage.memory import MemoryStore
from bot.testing.clock import FakeClock
from bot.testing.documents import project_of
from bot.testing.settling import settle
from bot.testing.store import Killed, WatchedStore
from bot.testing.stubs import Answer, Gate, Stubs
from flows.connector import Connector
from flows.loader import load_project
from flows.project import Loaded, Project, compile_source
from flows.values import Json

ADDRESSES = Addresses(b"the key of every process of a stage", "https://stage.example")

Given: TypeAlias = Project | Path | str


class Stage:
    """Where chats are played. Begin with `Stage.open`; `async with` closes it.

        async with await Stage.open(Path("helpdesk"), connectors={"directory.unlock": {}}) as stage:
            first, second = await Chat.on(stage, "it-helpdesk"), await Chat.on(stage, "it-helpdesk")
            await first.press("Unlock my account")
            await stage.advance(60)

    `runtime`, `engine`, `store`, `clock`, `connectors` are the real parts (or the doubles).
    """

    runtime: Runtime

    def __init__(self, store: Store, clock: FakeClock, connectors: Mapping[str, Answer]) -> None:
        self._truth, self.clock = store, clock
        self.connectors = Stubs(connectors, clock, self._connector)
        for answer in connectors.values():
            if isinstance(answer, Gate):
                answer.belongs_to(self.settle)
        self.project = Project()
        self.adapters: dict[str, Adapter] = {}
        self.choices = Choices(addresses=ADDRESSES)
        self.lives = 0
        """How many processes there have been."""
        self.watching: list[Callable[[], Awaitable[None]]] = []
        """Called whenever everything rests, so that what a test looks at is how it stands."""
        self.joining: list[Callable[[], None]] = []
        """Called in each new process before it takes up what the last one left: adapters that
        need the house are made here."""

    @classmethod
    async def open(
        cls,
        project: Given,
        *,
        connectors: Mapping[str, Answer] | None = None,
        store: Store | None = None,
        adapters: tuple[Adapter, ...] = (),
        choices: Choices | None = None,
    ) -> Stage:
        """`project`: a folder, a Project, or YAML texts with `---` between.

        `connectors`: CONNECTOR.METHOD → answer, list of answers, Gate or function.
        Raises ProjectInvalid.
        """
        stage = cls(store or MemoryStore(), FakeClock(), connectors or {})
        stage.choices = choices or stage.choices
        if stage.choices.addresses is None:
            stage.choices = stage.choices._replace(addresses=ADDRESSES)
        stage.adapters = {adapter.platform: adapter for adapter in adapters}
        stage.project = await _read(project)
        await stage.start()
        return stage

    # --- life ----------------------------------------------------------------------------

    async def start(self) -> None:
        """A new process on the same store. Called by `open`, and after `kill`."""
        self.lives += 1
        self.store = WatchedStore(self._truth)
        self.clock.settle = self._rest
        library = _Library(self.store, self.clock)
        self.runtime = Runtime(self.store, self.clock, library, self.connectors, self.adapters, self.choices)
        self.engine = self.runtime.engine
        for join in self.joining:
            join()
        await self.runtime.adopt(self.project)
        await self.runtime.start()
        await self.settle()

    async def kill(self) -> None:
        """The process dies as by kill -9: what was not committed never happened."""
        self.store.dead = True
        self.clock.forget()
        for task in self.runtime.tasks.running():
            task.cancel()
        self.clock.settle = settle
        await settle(self.store.working)

    async def restart(self) -> None:
        """Kill the process and start the next on the same store."""
        await self.kill()
        await self.start()

    async def close(self) -> None:
        """Stop as the server does, but wait for nobody; then let go of the store."""
        if not self.store.dead:
            self.runtime.runs.stop()
            await self.runtime.tasks.settle(0.0)
        await self._truth.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # --- play ----------------------------------------------------------------------------

    async def adopt(self, project: Given) -> None:
        """Put changed files in force, as a reload does. Raises ProjectInvalid."""
        self.project = await _read(project)
        await self.runtime.adopt(self.project)
        await self.settle()

    async def settle(self) -> None:
        """Wait until everything rests. Takes no time of the clock."""
        await self._rest()
        for look in self.watching:
            await look()

    async def advance(self, seconds: float) -> None:
        """Let time pass, and everything happen that comes due in it."""
        await self.clock.advance(seconds)
        await self.settle()

    async def call_back(self, step: str, body: Json = None) -> None:
        """Another system posts `body` to the address of a waiting step: that of the newest run
        that has it. Raises AssertionError where none has, Gone and Used as the door does."""
        rows = [row for row in await self.store.find(Callback) if row.step == step]
        if not rows:
            raise AssertionError(f"no run has a step {step} that waits for a callback")
        token = self.runtime.starts.addresses.token(rows[-1].run, step)
        await self.runtime.callbacks.call(token, body)
        await self.settle()

    def _connector(self, hash: str) -> Connector:
        document = self.runtime.library.known(hash).document
        assert isinstance(document, Connector)
        return document

    async def _rest(self) -> None:
        await settle(self.store.working)

    async def runs(self) -> list[Run]:
        """All runs of all chats, in the order of their starts."""
        return await self.store.find(Run)


class _Library(Library):
    """Lets the stage know when it reads an older definition."""

    def __init__(self, store: WatchedStore, clock: FakeClock) -> None:
        super().__init__(store, clock)
        self._aside = store.aside

    async def _compiled(self, row: Definition) -> Loaded[Any]:
        return await self._aside(compile_source, row.kind, row.id, row.source, row.path)


async def _read(given: Given) -> Project:
    """Reading is work for a thread: the checks look at files (time zones), too."""
    if isinstance(given, Project):
        return given
    if isinstance(given, Path):
        return await asyncio.to_thread(load_project, given)
    return await asyncio.to_thread(project_of, given)


__all__ = ["Killed", "Stage"]
