"""An outside system on loopback that says exactly what a test wants, byte by byte, and
remembers exactly what it was sent."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.connectors.http import HttpConnectors
from bot.connectors.limits import Limits
from bot.connectors.secrets import Secrets
from bot.rows import Run
from flows.connector import Connector
from flows.effects import Call
from flows.events import CallAnswered
from flows.values import Json

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def reply(status: int = 200, body: bytes = b"{}", **headers: str) -> bytes:
    """A whole answer. `content_type` and the like become header names."""
    fields = {"content-type": "application/json", "content-length": str(len(body))}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + body


@dataclass
class Seen:
    """One request, as it was on the wire."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> list[str]:
        return [value for given, value in self.headers if given.lower() == name.lower()]


@dataclass
class Outside:
    """The other side. `answer`: the bytes to say, or a coroutine that says them."""

    answer: bytes | Answer = field(default_factory=reply)
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    busy: set[asyncio.Task[None] | None] = field(default_factory=set)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.busy.add(asyncio.current_task())
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._talk(reader, writer)
        writer.close()
        with suppress(ConnectionError, asyncio.CancelledError):
            await writer.wait_closed()
        self.busy.discard(asyncio.current_task())

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in head[1:-2])]
        length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
        self.seen.append(Seen(head[0], headers, await reader.readexactly(length)))
        if isinstance(self.answer, bytes):
            writer.write(self.answer)
            await writer.drain()
        else:
            await self.answer(writer)


@asynccontextmanager
async def listening(context: ssl.SSLContext | None = None) -> AsyncIterator[Outside]:
    """An outside system on a port of its own; nobody is left talking afterwards."""
    other = Outside()
    async with await asyncio.start_server(other.hear, "127.0.0.1", 0, ssl=context) as server:
        other.port = server.sockets[0].getsockname()[1]
        yield other
        while other.busy:
            for task in other.busy:
                if task is not None:
                    task.cancel()
            await asyncio.sleep(0)


def failed(error: str, status: int | None = None) -> tuple[bool, str, int | None]:
    """What `short` says of a failure."""
    return False, error, status


def short(answered: CallAnswered) -> tuple[bool, str, int | None]:
    """An answer without its body and headers."""
    return answered.ok, answered.error, answered.answer.get("status")


async def silence(writer: asyncio.StreamWriter) -> None:
    """Take the request and say nothing."""
    while not writer.is_closing():
        await asyncio.sleep(0.01)


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    async with listening() as other:
        yield other


DIRECTORY: dict[str, Any] = {
    "kind": "connector",
    "id": "directory",
    "base_url": "${env.DIRECTORY_URL}",
    "auth": {"type": "bearer", "token": "${secret.DIRECTORY_TOKEN}"},
    "methods": {
        "get_user": {"get": "/users/{login}"},
        "search": {"get": "/users", "query": {"q": "$q", "tag": "${tags:-}", "all": True}},
        "unlock": {"post": "/users/{login}/unlock", "json": {"source": "$source", "by": ["$who"]}},
        "once": {"put": "/thing", "json": {}},
        "again": {"post": "/again", "json": {}, "repeatable": True},
        "form": {"post": "/form", "form": {"text": "$text"}},
        "noted": {"get": "/noted", "headers": {"X-Source": "$source"}},
        "missing_is_fine": {"get": "/fine", "success": ["200-299", 404]},
        "hasty": {"get": "/slow", "timeout": "200ms"},
    },
}


def run() -> Run:
    return Run(
        id="run1", runbook="unlock", definition="r", pins="{}", chat="", effect="", parent="", mode="wait",
        origin="chat", person="", inputs="{}", state="running", flow="", step="", awaiting="", owner="", outcome="",
        message="", code="", data="null", steps=0, created_at=0, start_at=0, started_at=0, finished_at=0,
        deadline_at=0,
    )  # fmt: skip


@dataclass
class House:
    """Our side: connectors over one document, ready to be called."""

    connectors: HttpConnectors
    secrets: Secrets

    async def call(self, method: str, **given: Json) -> CallAnswered:
        call = Call(id="find.1", connector="directory", method=method, args=given)
        return await self.connectors.perform(call, definition="hash", run=run())


Build = Callable[..., House]


@pytest.fixture
async def build() -> AsyncIterator[Build]:
    """`build(address, …)`: a house whose connector lives there; loopback allowed unless said."""
    houses: list[House] = []

    def make(
        address: str, *, document: dict[str, Any] | None = None, allow: tuple[str, ...] = ("127.0.0.1",),
        limits: Limits | None = None, environ: dict[str, str] | None = None, resolver: Any = None,
    ) -> House:  # fmt: skip
        connector = Connector.model_validate(DIRECTORY | (document or {}))
        known = {"DIRECTORY_URL": address, "DIRECTORY_TOKEN": "tok-1234567890"} | (environ or {})
        secrets = Secrets(known)
        http = HttpConnectors(
            lambda _: connector, secrets, allow, limits=limits or Limits(), resolver=resolver
        )
        houses.append(House(http, secrets))
        return houses[-1]

    yield make
    for house in houses:
        await house.connectors.close()


@pytest.fixture
def house(build: Build, outside: Outside) -> House:
    return build(outside.address)


class Names:
    """A resolver with a table; what it does not know does not exist."""

    def __init__(self, table: dict[str, list[str]]) -> None:
        self.table = table

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[dict[str, Any]]:
        if host not in self.table:
            raise OSError(None, "no such name")
        assert family == socket.AF_UNSPEC
        return [
            {
                "hostname": host, "host": address, "port": port, "proto": 0, "flags": 0,
                "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
            }
            for address in self.table[host]
        ]  # fmt: skip

    async def close(self) -> None:
        pass
