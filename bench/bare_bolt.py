"""Slack's own library at its best: Bolt inside aiohttp, one session for all calls, nothing kept."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient


@contextlib.asynccontextmanager
async def bolt(api: str, token: str, secret: str) -> AsyncIterator[int]:
    """Answers `N` by `pong N`, from a listener, as Bolt's documents show."""
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token=token, base_url=api, session=session)
        app = AsyncApp(client=client, signing_secret=secret)

        @app.event("message")
        async def heard(event: dict[str, Any], client: AsyncWebClient) -> None:
            text = "pong" if event["text"] == "hi" else f"pong {event['text']}"
            await client.chat_postMessage(channel=event["channel"], text=text)

        async def events(request: web.Request) -> web.Response:
            return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

        site = web.Application()
        site.router.add_post("/slack/events", events)
        runner = web.AppRunner(site, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
        try:
            yield runner.addresses[0][1]
        finally:
            await runner.cleanup()
