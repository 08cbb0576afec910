"""What the web room is put together from: promised here, implemented elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol, TypeAlias

from aiohttp import web

from flows.values import Json

Entry: TypeAlias = dict[str, Json]

Probe: TypeAlias = Callable[[], Awaitable[None]]
"""Returns when a part is ready to serve; raises, or takes too long, when it is not."""


class Mount(Protocol):
    """A part of the site: an adapter's routes, the console, the pages."""

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """The routes, asked for once. An `Operation` among them is described by OpenAPI."""
        ...

    async def start(self) -> None:
        """The loop runs, no request has come yet."""
        ...

    async def stop(self) -> None:
        """No new request comes. Say goodbye to those that are held open; may come twice."""
        ...


class Catalogue(Protocol):
    """What the house has to show. Entries are plain JSON and hold no secrets.

    Every profile and runbook has `id`, `name`, `description` and `audience`, a list out of
    `anonymous`, `authenticated`, `agents`; what else an entry says, only operators see.
    """

    def profiles(self) -> list[Entry]:
        """The chat profiles that may be opened now."""
        ...

    def profile(self, id: str) -> Entry | None: ...

    def runbooks(self) -> list[Entry]:
        """The runbooks that may be started now, each with its `steps`."""
        ...

    def runbook(self, id: str) -> Entry | None: ...

    async def chats(self, *, status: str = "", profile: str = "", limit: int = 50) -> list[Entry]:
        """Chats, newest first. An empty filter filters nothing."""
        ...

    async def runs(
        self, *, state: str = "", runbook: str = "", chat: str = "", limit: int = 50
    ) -> list[Entry]:
        """Runs, newest first. An empty filter filters nothing."""
        ...

    async def run(self, id: str) -> Entry | None:
        """One run with its trace."""
        ...


def for_visitors(entries: Iterable[Entry]) -> list[Entry]:
    """Those that somebody nobody knows may use."""
    return [entry for entry in entries if "anonymous" in entry.get("audience", ())]
