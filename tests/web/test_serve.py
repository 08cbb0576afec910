"""Binding, leaving, and clients that take their time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.errors import AddressTaken, OperatorError, SettingsError
from bot.web import bodies
from bot.web.application import Parts, application
from bot.web.proxies import Proxies, household
from bot.web.serve import Server, serve
from tests.adapters.webchat.fake import FakeCatalogue

Serve = Callable[..., Awaitable[Server]]


class Slow:
    """A route that answers when told, and one with a secret in its path."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.begun = asyncio.Event()
        self.stopped = 0

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        return [web.post("/slow", self.slow), web.get("/callbacks/{token}", self.fast)]

    async def start(self) -> None: ...

    async def stop(self) -> None:
        self.stopped += 1

    async def slow(self, request: web.Request) -> web.Response:
        self.begun.set()
        await self.go.wait()
        return web.Response(text="done")

    async def fast(self, request: web.Request) -> web.Response:
        return web.Response(text="fast")


@pytest.fixture
async def serving() -> AsyncIterator[Serve]:
    servers: list[Server] = []

    async def start(mount: Slow | None = None, **more: Any) -> Server:
        app = application([mount or Slow()], Parts(catalogue=FakeCatalogue()))
        servers.append(await serve(app, "127.0.0.1", 0, **more))
        return servers[-1]

    yield start
    for server in servers:
        await server.stop()


async def raw(server: Server, data: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(data)
    return reader, writer


async def test_port_0_takes_a_free_port_and_says_which(serving: Serve) -> None:
    server = await serving()
    assert server.port > 0
    assert server.url == f"http://127.0.0.1:{server.port}"
    async with aiohttp.ClientSession() as http, http.get(f"{server.url}/livez") as answer:
        assert answer.status == 200


async def test_a_taken_port_is_said_so_and_a_bad_address_too(serving: Serve) -> None:
    server = await serving()
    mount = Slow()
    with pytest.raises(AddressTaken, match=f"port {server.port} on 127.0.0.1 is in use"):
        await serve(application([mount], Parts(catalogue=FakeCatalogue())), "127.0.0.1", server.port)
    assert mount.stopped
    with pytest.raises(OperatorError, match=r"cannot listen on 192\.0\.2\.1 port 0"):
        await serve(application([], Parts(catalogue=FakeCatalogue())), "192.0.2.1", 0)


async def test_leaving_finishes_what_is_being_answered(serving: Serve) -> None:
    mount = Slow()
    server = await serving(mount)
    async with aiohttp.ClientSession() as http:
        asking = asyncio.create_task(http.post(f"{server.url}/slow"))
        await mount.begun.wait()
        leaving = asyncio.create_task(server.stop())
        while not mount.stopped:
            await asyncio.sleep(0)
        mount.go.set()
        assert await (await asking).text() == "done"
        await leaving
    with pytest.raises(OSError):
        await raw(server)


@pytest.mark.parametrize("begun", [b"", b"GET", b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_a_connection_that_sends_no_whole_request_in_time_is_ended(
    serving: Serve, begun: bytes
) -> None:
    """Threat: sockets that drip a header for ever until no more can be opened."""
    server = await serving(header_time=0.05)
    reader, writer = await raw(server, begun)
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()


async def test_dripping_does_not_buy_time(serving: Serve) -> None:
    server = await serving(header_time=0.05)
    reader, writer = await raw(server, b"GET /livez HTTP/1.1\r\n")
    drips = 0
    async with asyncio.timeout(5):
        while not reader.at_eof():
            writer.write(b"X: y\r\n")
            drips += 1
            await asyncio.sleep(0.005)
            if drips > 2:
                try:
                    async with asyncio.timeout(0.005):
                        await reader.read(1)
                except TimeoutError:
                    continue
                except ConnectionError:
                    break
    assert drips < 100
    writer.close()


async def test_who_asked_in_time_keeps_the_connection(serving: Serve) -> None:
    server = await serving(header_time=0.05)
    reader, writer = await raw(server, b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
    head = await reader.readuntil(b"ok\n")
    assert b" 200 OK" in head
    guard = server._guard
    async with asyncio.timeout(5):
        while guard._timer is not None:
            await asyncio.sleep(0.005)
    writer.write(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b" 200 OK" in await reader.readuntil(b"ok\n")
    writer.close()


async def test_a_body_that_does_not_come_in_time_is_refused(
    serving: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_TIME", 0.05)
    mount = Slow()
    server = await serving(mount)
    reader, writer = await raw(server, b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 408 " in head
    assert b"Connection: close" in head
    assert not mount.begun.is_set()
    writer.close()


async def test_the_log_of_requests_names_routes_not_addresses(serving: Serve) -> None:
    """Threat: callback tokens and queries end in logs."""
    server = await serving()
    with capture_logs() as logs:
        async with aiohttp.ClientSession() as http:
            for path in ("/callbacks/s3cret?token=s3cret", "/s3cret", "/livez"):
                async with http.get(f"{server.url}{path}") as answer:
                    await answer.read()
        _, writer = await raw(server, b"GET /s3cret HTTP/9.x\r\n\r\n")
        async with asyncio.timeout(5):
            while len(logs) < 4:
                await asyncio.sleep(0.005)
        writer.close()
    lines = [e for e in logs if e["event"] == "web.request"]
    assert [(e["route"], e["status"], e["log_level"]) for e in lines] == [
        ("/callbacks/{token}", 200, "info"), ("(none)", 404, "info"), ("/livez", 200, "debug"), ("(none)", 400, "info"),
    ]  # fmt: skip
    assert "s3cret" not in str(logs)


def test_a_trusted_proxy_must_be_a_network() -> None:
    with pytest.raises(SettingsError, match="trusted proxies"):
        Proxies(["localhost"])


def test_a_customer_of_ipv6_is_a_household() -> None:
    assert household("2001:db8::1") == household("2001:db8::ffff") == "2001:db8::/64"
    assert household("::ffff:192.0.2.1") == "::ffff:192.0.2.1"
    assert household("192.0.2.1") == "192.0.2.1"
    assert household("") == ""
