"""Both doors for other systems on a loopback port, before the real runtime in virtual time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from io import BytesIO
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from yarl import URL

from adapters.webhook.adapter import Limits, WebHooks
from bot.ports import Store
from bot.rows import Run
from bot.storage.memory import MemoryStore
from bot.testing import Stage
from bot.web.application import Parts, application
from bot.web.proxies import Proxies
from tests.adapters.webchat.fake import FakeCatalogue

KEY = b"a secret of at least 24 bytes"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
OLD = "whsec_" + base64.b64encode(b"another secret of 24 bytes and more").decode()
PROJECT = """
kind: runbook
id: report
inputs: {title: {required: true}, number: {type: integer}}
steps:
  - {end: success, result: "$title"}
---
kind: webhook
id: issues
name: Issues of the shop
runbook: report
secret: ${secret.HOOK}
inputs: {title: body.issue.title, number: body.issue.number}
only: {body.action: {is_not: ignored}}
---
kind: webhook
id: other
runbook: report
secret: ${secret.OTHER}
inputs: {title: body.issue.title}
---
kind: webhook
id: forge
scheme: github
runbook: report
secret: ${secret.FORGE}
inputs: {title: headers.X-GitHub-Event}
---
kind: webhook
id: workspace
scheme: slack
runbook: report
secret: ${secret.FORGE}
inputs: {title: body.title}
---
kind: runbook
id: approve
timeout: 1h
method: asynchronous
steps:
  - {id: ask, call: desk.ask, with: {url: "${answer.url}"}}
  - {id: answer, wait_for: callback, timeout: 30m, save: {approved: body.approved}}
  - {end: success, result: "approved: $approved"}
---
kind: connector
id: desk
base_url: http://desk.example.com
methods:
  ask: {post: "/ask", json: {url: $url}}
"""


class Place:
    """A stage with its doors."""

    def __init__(self, stage: Stage, http: aiohttp.ClientSession) -> None:
        self.stage, self.http = stage, http
        self.secrets = {"HOOK": SECRET, "OTHER": OLD, "FORGE": "a secret of the forge"}
        self.monotonic = 1000.0
        self.server: TestServer
        self._told = 0

    async def serve(self, limits: Limits) -> None:
        runtime = self.stage.runtime
        hooks = WebHooks(
            runtime.hooks, runtime.callbacks, self.stage.clock, lambda name: self.secrets.get(name, ""),
            Proxies(["127.0.0.1"]), limits, lambda: self.monotonic,
        )  # fmt: skip
        self.server = TestServer(application([hooks], Parts(catalogue=FakeCatalogue())))
        await self.server.start_server()

    async def stop(self) -> None:
        """Close the doors that are open now."""
        await self.server.close()

    async def restart(self) -> None:
        """The process dies; another serves the same store."""
        await self.server.close()
        await self.stage.restart()
        await self.serve(Limits())

    async def post(
        self, path: str, body: bytes, headers: dict[str, str] | list[tuple[str, str]] | None = None
    ) -> tuple[int, Any, dict[str, str]]:
        """Status, body and headers of the answer, once everything rests."""
        found = await self.send(path, body, headers)
        await self.stage.settle()
        return found

    async def send(
        self, path: str, body: bytes, headers: dict[str, str] | list[tuple[str, str]] | None = None
    ) -> tuple[int, Any, dict[str, str]]:
        """As `post`, as soon as the answer is here."""
        url = URL(str(self.server.make_url("")).rstrip("/") + path, encoded=True)
        async with self.http.post(url, data=BytesIO(body), headers=headers) as answer:
            return answer.status, await answer.json(), dict(answer.headers)

    def signed(
        self, body: bytes, *, id: str = "", key: bytes = KEY, at: str = "", **more: str
    ) -> dict[str, str]:
        """The headers of a good delivery, or of one that is off in what is named."""
        self._told += 1
        id, stamp = id or f"msg_{self._told}", at or str(self.stage.clock.now() // 1000)
        signature = hmac.digest(key, f"{id}.{stamp}.".encode() + body, hashlib.sha256)
        return {
            "Content-Type": "application/json", "webhook-id": id, "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{base64.b64encode(signature).decode()}", **more,
        }  # fmt: skip

    async def deliver(self, event: Any, *, path: str = "/hooks/issues", **more: Any) -> tuple[int, Any]:
        """Send an event, signed; status and body of the answer."""
        body = json.dumps(event).encode()
        status, told, _ = await self.post(path, body, self.signed(body, **more))
        return status, told

    async def runs(self) -> list[Run]:
        """All runs there are."""
        return await self.stage.store.find(Run)


Start = Callable[..., Awaitable[Place]]
EVENT = {"action": "opened", "issue": {"title": "It burns", "number": 7}}


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Start doors with these limits; ends with the test."""
    ends: list[Callable[[], Awaitable[None]]] = []

    async def start(
        project: str = PROJECT, *, store: Store | None = None, limits: Limits | None = None, **more: Any
    ) -> Place:
        stage = await Stage.open(project, store=store or MemoryStore(), connectors={"desk.ask": {}}, **more)
        place = Place(stage, aiohttp.ClientSession())
        await place.serve(limits or Limits())
        ends.extend([place.http.close, place.stop, stage.close])
        return place

    yield start
    for end in ends:
        await end()


@pytest.fixture
async def place(start: Start) -> Place:
    """Doors as they come."""
    return await start()
