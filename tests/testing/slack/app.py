"""An app as Slack sees it: an address that takes what it is sent and answers as told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

import aiohttp
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from bot.testing.slack import Events, FakeSlack

Answering = Callable[[dict[str, Any]], Any]


class App:
    """`heard`: every payload whose signature was good, with the headers it came with."""

    def __init__(self, secret: str, at: Callable[[], float] | None = None) -> None:
        self._verifier = SignatureVerifier(secret)
        if at is not None:
            self._verifier.clock.now = at  # type: ignore[method-assign]
        self.heard: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.answers: list[Any] = []
        """What to answer, one each: a status, a text, or JSON. Then 200 with nothing."""

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        if not self._verifier.is_valid_request(body, dict(request.headers)):
            return web.Response(status=401)
        self.heard.append(read(body.decode(), request.content_type))
        self.headers.append(dict(request.headers))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, int):
            return web.Response(status=answer)
        return web.Response(text=answer) if isinstance(answer, str) else web.json_response(answer)

    def events(self) -> list[dict[str, Any]]:
        """The inner events."""
        return [one["event"] for one in self.heard if one.get("type") == "event_callback"]


def read(body: str, content_type: str) -> dict[str, Any]:
    """What an app reads out of a body."""
    if content_type == "application/json":
        found: dict[str, Any] = json.loads(body)
        return found
    fields = {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}
    return json.loads(fields["payload"]) if "payload" in fields else fields


@asynccontextmanager
async def listening(slack: FakeSlack) -> AsyncIterator[tuple[App, Events]]:
    """An app on a port, and the driver that talks to it."""
    app = App(slack.signing_secret, lambda: slack.world.clock.now() / 1000)
    site = web.Application()
    site.router.add_post("/slack/events", app.take)
    runner = web.AppRunner(site, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    try:
        async with aiohttp.ClientSession() as session:

            async def deliver(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
                async with session.post(url, data=body, headers=headers) as response:
                    return response.status, await response.read()

            yield app, Events.over_http(slack, url, deliver)
    finally:
        await runner.cleanup()
