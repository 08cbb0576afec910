"""The session that a platform's own library is handed: the rules of the one client hold for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from bot.connectors.addresses import Allowance
from bot.connectors.client import Client
from bot.errors import CallFailed


@pytest.fixture
async def place() -> AsyncIterator[str]:
    async def connection(request: web.Request) -> web.Response:
        assert request.transport is not None
        return web.Response(text=str(request.transport.get_extra_info("peername")[1]))

    async def silent(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    async def moved(_: web.Request) -> web.Response:
        raise web.HTTPTemporaryRedirect("/connection")

    app = web.Application()
    app.add_routes(
        [web.post("/connection", connection), web.post("/silent", silent), web.post("/moved", moved)]
    )
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    made = Client(Allowance(["127.0.0.1"]))
    yield made
    await made.close()


async def test_it_is_one_and_keeps_its_connections(client: Client, place: str) -> None:
    ports = set()
    for _ in range(3):
        async with client.session().post(f"{place}/connection") as answer:
            ports.add(await answer.text())
    assert len(ports) == 1
    assert client.session() is client.session()


async def test_it_dials_no_address_that_the_rules_refuse(place: str) -> None:
    client = Client(Allowance())
    with pytest.raises(aiohttp.ClientConnectorError):
        await client.session().post(f"{place}/connection")
    await client.close()


async def test_it_follows_no_redirect(client: Client, place: str) -> None:
    with pytest.raises(aiohttp.ClientResponseError, match="redirected"):
        await client.session().post(f"{place}/moved")


async def test_it_does_not_wait_for_ever(client: Client, place: str) -> None:
    with pytest.raises(TimeoutError):
        await client.session(total=0.05).post(f"{place}/silent")


async def test_it_is_closed_with_the_client(client: Client) -> None:
    session = client.session()
    await client.close()
    assert session.closed
    with pytest.raises(CallFailed):
        client.session()
