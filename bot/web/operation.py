"""One line of the REST interface: the route, and what OpenAPI says about it, as one value.

Because the same object serves and describes, the document cannot drift from the code.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from aiohttp import web

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, kw_only=True)
class Operation(web.AbstractRouteDef):
    """Serve `method path` by `handler`; `body`, `query` and `answer` are msgspec types."""

    method: Literal["GET", "POST", "DELETE"]
    path: str
    handler: Handler
    summary: str
    answer: Any
    status: int = 200
    body: Any = None
    query: Any = None
    key: Literal["", "chat", "operator"] = ""
    """Whose bearer token the caller must show."""
    refusals: tuple[int, ...] = ()
    """The statuses it may answer instead, beyond those that every operation may."""

    def register(self, router: web.UrlDispatcher) -> list[web.AbstractRoute]:
        return [router.add_route(self.method, self.path, self.handler)]
