"""The definitions in force, and every older one that a chat or run began with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog

from bot.errors import Duplicate, NotFound
from bot.ports import Clock, Insert, Store
from bot.rows import Definition
from flows.connector import Connector
from flows.documents import Profile, Runbook
from flows.project import Loaded, Project, compile_source

log = structlog.get_logger()


class Library:
    """What `adopt` put in force is there for new chats and runs; `pinned` finds the old."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._pinned: dict[str, Loaded[Any]] = {}
        self.project = Project()
        self.changed: list[Callable[[], None]] = []

    async def adopt(self, project: Project) -> None:
        """Keep every definition under its hash, then put the whole set in force at once."""
        for kind, loaded in project.everything():
            if loaded.hash not in self._pinned:
                await self._keep(kind, loaded)
        self.project = project
        for tell in self.changed:
            tell()

    async def keep(self, loaded: Loaded[Profile]) -> None:
        """A profile that is in no file: whoever begins with it finds it again."""
        if loaded.hash not in self._pinned:
            await self._keep("chat-profile", loaded)

    async def _keep(self, kind: str, loaded: Loaded[Any]) -> None:
        if await self._store.get(Definition, hash=loaded.hash) is None:
            row = Definition(
                hash=loaded.hash,
                kind=kind,
                id=loaded.document.id,
                path=loaded.path,
                source=loaded.source,
                created_at=self._clock.now(),
            )
            with suppress(Duplicate):  # somebody else keeps the same just now
                await self._store.commit([Insert(row)])
        self._pinned[loaded.hash] = loaded

    def profile(self, id: str) -> Loaded[Profile]:
        """The profile in force, or UnknownDefinition with the nearest name."""
        return self.project.find_profile(id)

    def runbook(self, id: str) -> Loaded[Runbook]:
        """The runbook in force, or UnknownDefinition."""
        return self.project.find_runbook(id)

    def connector(self, id: str) -> Loaded[Connector]:
        """The connector in force, or UnknownDefinition."""
        return self.project.find_connector(id)

    def known(self, hash: str) -> Loaded[Any]:
        """A definition that `pinned` or `adopt` has brought; KeyError else."""
        return self._pinned[hash]

    async def pinned(self, hash: str) -> Loaded[Any]:
        """The definition with this content, in force or not (promise 6)."""
        found = self._pinned.get(hash)
        if found is None:
            row = await self._store.get(Definition, hash=hash)
            if row is None:
                raise NotFound("its definition is not in the database any more")
            found = self._pinned[hash] = await self._compiled(row)
        return found

    async def _compiled(self, row: Definition) -> Loaded[Any]:
        """Reading YAML is work for a thread: it takes long, and looks at files."""
        return await asyncio.to_thread(compile_source, row.kind, row.id, row.source, row.path)
