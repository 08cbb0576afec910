"""What the house has, over REST: profiles and runbooks for everybody, the rest for operators."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from aiohttp import web

from bot.errors import NotFound
from bot.web.bodies import json_answer, query_as
from bot.web.operation import Operation
from bot.web.operator import Operator
from bot.web.ports import Catalogue, Entry, for_visitors

_PUBLIC: Final = ("id", "name", "description")

Limit: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=500)]


class ChatQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which chats."""

    status: str = ""
    profile: str = ""
    limit: Limit = 50


class RunQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which runs."""

    state: str = ""
    runbook: str = ""
    chat: str = ""
    limit: Limit = 50


class Profiles(msgspec.Struct, frozen=True, kw_only=True):
    """`id`, `name` and `description` of each; more for the operator."""

    profiles: list[dict[str, Any]]


class Runbooks(msgspec.Struct, frozen=True, kw_only=True):
    """`id`, `name` and `description` of each; steps and more for the operator."""

    runbooks: list[dict[str, Any]]


class Chats(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first."""

    chats: list[dict[str, Any]]


class Runs(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first."""

    runs: list[dict[str, Any]]


class Listing:
    """The routes. A visitor sees what a visitor may use, by name only."""

    def __init__(self, catalogue: Catalogue, operator: Operator) -> None:
        self._catalogue, self._operator = catalogue, operator

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        return [
            Operation(
                method="GET", path="/api/v1/profiles", handler=self._profiles,
                summary="The chat profiles that the caller may open", answer=Profiles,
            ),
            Operation(
                method="GET", path="/api/v1/profiles/{id}", handler=self._profile,
                summary="One chat profile with its steps", answer=dict[str, Any], key="operator",
                refusals=(401, 404),
            ),
            Operation(
                method="GET", path="/api/v1/runbooks", handler=self._runbooks,
                summary="The runbooks that the caller may start", answer=Runbooks,
            ),
            Operation(
                method="GET", path="/api/v1/runbooks/{id}", handler=self._runbook,
                summary="One runbook with its steps", answer=dict[str, Any], key="operator", refusals=(401, 404),
            ),
            Operation(
                method="GET", path="/api/v1/chats", handler=self._chats,
                summary="Chats, newest first", answer=Chats, query=ChatQuery, key="operator", refusals=(401,),
            ),
            Operation(
                method="GET", path="/api/v1/runs", handler=self._runs,
                summary="Runs, newest first", answer=Runs, query=RunQuery, key="operator", refusals=(401,),
            ),
            Operation(
                method="GET", path="/api/v1/runs/{id}", handler=self._run,
                summary="One run with its trace", answer=dict[str, Any], key="operator", refusals=(401, 404),
            ),
        ]  # fmt: skip

    async def start(self) -> None:
        """Nothing to begin."""

    async def stop(self) -> None:
        """Nothing to end."""

    async def _profiles(self, request: web.Request) -> web.Response:
        return json_answer(Profiles(profiles=self._shown(request, self._catalogue.profiles())))

    async def _profile(self, request: web.Request) -> web.Response:
        self._operator.require(request)
        return _one(self._catalogue.profile(request.match_info["id"]), "profile")

    async def _runbooks(self, request: web.Request) -> web.Response:
        return json_answer(Runbooks(runbooks=self._shown(request, self._catalogue.runbooks())))

    def _shown(self, request: web.Request, entries: list[Entry]) -> list[Entry]:
        if self._operator.is_caller(request):
            return entries
        return [{name: entry.get(name, "") for name in _PUBLIC} for entry in for_visitors(entries)]

    async def _runbook(self, request: web.Request) -> web.Response:
        self._operator.require(request)
        return _one(self._catalogue.runbook(request.match_info["id"]), "runbook")

    async def _chats(self, request: web.Request) -> web.Response:
        self._operator.require(request)
        asked = msgspec.to_builtins(query_as(request, ChatQuery))
        return json_answer(Chats(chats=await self._catalogue.chats(**asked)))

    async def _runs(self, request: web.Request) -> web.Response:
        self._operator.require(request)
        asked = msgspec.to_builtins(query_as(request, RunQuery))
        return json_answer(Runs(runs=await self._catalogue.runs(**asked)))

    async def _run(self, request: web.Request) -> web.Response:
        self._operator.require(request)
        return _one(await self._catalogue.run(request.match_info["id"]), "run")


def _one(entry: Entry | None, what: str) -> web.Response:
    if entry is None:
        raise NotFound(f"There is no such {what}.")
    return json_answer(entry)
