"""The network side of the fake: the Web API, response_url, uploads, consent, sockets."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from bot.testing.slack.faults import Fault, Faults
from bot.testing.slack.hooks import respond
from bot.testing.slack.methods.apps import Code, Installing
from bot.testing.slack.refusal import Refusal, wrong
from bot.testing.slack.sockets import Sockets
from bot.testing.slack.things import Json, Person, Workspace
from bot.testing.slack.webapi import Answer, Call, WebApi

LARGEST = 64 * 1024 * 1024


class Server:
    """Routes and nothing else; decisions are made elsewhere."""

    def __init__(
        self, api: WebApi, faults: Faults, door: Installing, sockets: Sockets, consent: Callable[[], Consent]
    ) -> None:
        self._api, self._faults, self._door = api, faults, door
        self._sockets, self._consent = sockets, consent
        self._world = api.world

    def application(self) -> web.Application:
        """Everything under one roof."""
        app = web.Application(client_max_size=LARGEST)
        app.router.add_route("*", "/api/{method}", self._call)
        app.router.add_post("/respond/{team}/{hook}", self._respond)
        app.router.add_route("*", "/upload/v1/{file}", self._upload)
        app.router.add_get("/files-pri/{file}/{name}", self._download)
        app.router.add_get("/oauth/v2/authorize", self._authorize)
        app.router.add_get("/link/", self._sockets.serve)
        return app

    # --- the Web API ---------------------------------------------------------------------

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        given, token = await _read(request)
        problem = given.pop("\0", None)
        call = self._api.known(method, given, token)
        fault = self._faults.next(method)
        if fault is None or fault.taken:
            answer = self._api.answer(call) if problem is None else Answer(200, problem, {})
            call.status, call.answer = answer.status, answer.body
            if fault is None:
                return web.json_response(answer.body, status=answer.status, headers=answer.headers)
            return await self._faulty(request, fault, call, answer)
        self._api.limits.impatient(call.team, method, call.at)
        return await self._faulty(request, fault, call, None)

    async def _faulty(
        self, request: web.Request, fault: Fault, call: Call, answer: Answer | None
    ) -> web.StreamResponse:
        if fault.kind == "slow":
            assert answer is not None
            await self._faults.wait(self._world.clock, fault.seconds)
            return web.json_response(answer.body, status=answer.status, headers=answer.headers)
        if fault.kind == "answer":
            return self._instead(fault, call)
        call.status, call.answer = 0, fault.kind
        if fault.kind == "silent":
            await self._faults.wait_for_ever()
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    def _instead(self, fault: Fault, call: Call) -> web.Response:
        headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after else {}
        if fault.retry_after:
            self._api.limits.pause(call.team, call.method, call.at + fault.retry_after * 1000)
        body = json.dumps({"ok": False, "error": fault.code}) if fault.code else fault.body
        call.status = fault.status
        call.answer = {"ok": False, "error": fault.code} if fault.code else fault.body
        return web.Response(status=fault.status, text=body, content_type=fault.content_type, headers=headers)

    # --- response_url, files -------------------------------------------------------------

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        try:
            given = json.loads(await request.read() or b"null")
        except ValueError:
            given = None
        call = self._api.known("response_url", given if isinstance(given, dict) else {}, "")
        call.team = request.match_info["team"]
        fault = self._faults.next("response_url")
        if fault is not None and not fault.taken:
            return await self._faulty(request, fault, call, None)
        try:
            respond(self._world, request.match_info["hook"], given)
        except Refusal as refusal:
            call.status, call.answer = refusal.status, refusal.code
            return web.Response(status=max(refusal.status, 400), text=refusal.code)
        call.status, call.answer = 200, {"ok": True}
        if fault is not None:
            return await self._faulty(request, fault, call, Answer(200, {"ok": True}, {}))
        return web.Response(text="ok")

    async def _upload(self, request: web.Request) -> web.Response:
        found = self._world.files.get(request.match_info["file"])
        if found is None or found.complete:
            return web.Response(status=404, text="no such upload")
        found.content = await request.read()
        return web.Response(text=f"OK - {len(found.content)}")

    async def _download(self, request: web.Request) -> web.Response:
        found = self._world.files.get(request.match_info["file"])
        token = self._world.tokens.get(_bearer(request))
        good = token is not None and not token.revoked and "files:read" in token.workspace.scopes
        if found is None or token is None or not good or token.workspace is not found.workspace:
            # Slack does not say no: it shows its page for logging in.
            return web.Response(text="<!DOCTYPE html><title>Sign in</title>", content_type="text/html")
        return web.Response(body=found.content, content_type=found.mimetype)

    # --- consent -------------------------------------------------------------------------

    async def _authorize(self, request: web.Request) -> web.Response:
        """The consent page, with somebody who decides at once."""
        asked, consent = request.query, self._consent()
        target = asked.get("redirect_uri") or consent.redirect
        if asked.get("client_id") != self._door.client_id or not target:
            return web.Response(status=400, text="Invalid client_id parameter")
        state = {"state": asked["state"]} if "state" in asked else {}
        if not consent.given:
            raise web.HTTPFound(_with(target, {"error": "access_denied", **state}))
        code = Code(
            consent.workspace,
            consent.person,
            set(asked.get("scope", "").split(",")) - {""},
            target,
            self._world.clock.now(),
        )
        raise web.HTTPFound(_with(target, {"code": self._door.code(self._world, code), **state}))


class Consent:
    """Who decides on the consent page, for which workspace, and how."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.person: Person | None = None
        self.given = True
        self.redirect = ""
        """Where to go if the app does not say."""


def _with(target: str, query: dict[str, str]) -> str:
    return f"{target}{'&' if '?' in target else '?'}{urlencode(query)}"


async def _read(request: web.Request) -> tuple[Json, str]:
    """All fields, wherever they stand, and the token. What is wrong with the body is under a name
    that no field has."""
    given: dict[str, Any] = dict(request.query)
    token = _bearer(request)
    raw = await request.read()
    if request.content_type == "application/json":
        try:
            found = json.loads(raw or b"{}")
        except ValueError:
            found = None
        if not isinstance(found, dict):
            return {"\0": wrong("invalid_json", "the body is no JSON object").answer}, token
        given |= found
    elif request.content_type == "multipart/form-data":
        given |= dict(await request.post())
    else:
        given |= dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))
    given |= _basic(request)
    if request.content_type != "application/json":  # in JSON, a token is not looked for
        token = token or str(given.pop("token", ""))
    return given, token


def _bearer(request: web.Request) -> str:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    return value if kind == "Bearer" else ""


def _basic(request: web.Request) -> dict[str, str]:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind != "Basic":
        return {}
    id, _, secret = base64.b64decode(value).decode().partition(":")
    return {"client_id": id, "client_secret": secret}
