"""The definitions in force, and every older one that a chat or run began with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import structlog
from flows.project import Loaded, Project, compile_source

from bot.errors import NotFound
from bot.ports import Clock, Insert, Store
from bot.rows import Definition
from flows.errors import UnknownDefinition
from flows.names import nearest

log = structlog.get_logger()

Kind = Literal["chat-profile", "runbook", "connector"]


class Library:
    """What `adopt` put in force is there for new chats and runs; `pinned` finds the old."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._pinned: dict[str, Loaded] = {}
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

    async def _keep(self, kind: str, loaded: Loaded) -> None:
        if await self._store.get(Definition, hash=loaded.hash) is None:
            row = Definition(
                hash=loaded.hash,
                kind=kind,
                id=loaded.document.id,
                path=loaded.path,
                source=loaded.source,
                created_at=self._clock.now(),
            )
            await self._store.commit([Insert(row)])
        self._pinned[loaded.hash] = loaded

    def profile(self, id: str) -> Loaded:
        """The profile in force, or UnknownDefinition with the nearest name."""
        return _named("chat profile", id, self.project.profiles)

    def runbook(self, id: str) -> Loaded:
        """The runbook in force, or UnknownDefinition."""
        return _named("runbook", id, self.project.runbooks)

    def connector(self, id: str) -> Loaded:
        """The connector in force, or UnknownDefinition."""
        return _named("connector", id, self.project.connectors)

    def known(self, hash: str) -> Loaded:
        """A definition that `pinned` or `adopt` has brought; KeyError else."""
        return self._pinned[hash]

    async def pinned(self, hash: str) -> Loaded:
        """The definition with this content, in force or not (promise 6)."""
        found = self._pinned.get(hash)
        if found is None:
            row = await self._store.get(Definition, hash=hash)
            if row is None:
                raise NotFound("its definition is not in the database any more")
            found = self._pinned[hash] = compile_source(row.kind, row.id, row.source, row.path)
        return found


def _named(kind: str, id: str, known: dict[str, Loaded]) -> Loaded:
    try:
        return known[id]
    except KeyError:
        raise UnknownDefinition(kind, id, nearest(id, known)) from None
