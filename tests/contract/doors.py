"""The ways into the house, each through its own front: one small driver an adapter."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from io import StringIO
from typing import Any, Protocol

import aiohttp
from aiohttp.test_utils import TestServer
from rich.console import Console

from adapters.terminal.adapter import House as TerminalHouse
from adapters.terminal.adapter import Place, Terminal
from adapters.terminal.screen import Paper
from adapters.webchat.adapter import House, Settings, Site, WebChat
from adapters.webchat.settings import Limits
from bot.ports import Inbound
from bot.testing import STRANGER, Line, Stage, TestAdapter
from bot.testing.lines import line_of
from bot.web.application import Parts, application
from bot.web.proxies import Proxies
from flows.events import Said
from tests.contract.slack_doors import Slacked, SlackedOverSockets
from tests.guide.house import Guest, until

PROFILE = "desk"
NOBODY = "the requester"


class Door(Protocol):
    """How a test comes in: it says and sees nothing but what a person could."""

    redelivers: bool
    """The platform gives ids to what people do, and may hand the same over twice."""
    called: str
    """How the platform names the person, as the house may say it."""

    async def enter(self, stage: Stage) -> None:
        """Open a chat."""

    async def say(self, text: str, id: str = "") -> None:
        """Write something; it is durable when this returns, or on its way."""

    async def press(self, label: str) -> None:
        """Press a button of the newest question."""

    async def look(self) -> tuple[list[Line], bool]:
        """What the bot and its runs have said so far, and whether the end was told."""

    async def leave(self) -> None:
        """Go."""


class Pushed:
    """A platform that must be handed every line, as Slack must."""

    redelivers = True
    called = NOBODY

    def __init__(self) -> None:
        self.adapter = TestAdapter()
        self._ids = itertools.count(1)

    async def enter(self, stage: Stage) -> None:
        self._engine = stage.engine
        opened = await stage.engine.open(PROFILE, STRANGER, platform="test", address="room-1")
        self._chat = opened.chat

    async def say(self, text: str, id: str = "") -> None:
        await self._do(Said(text=text), id)

    async def press(self, label: str) -> None:
        asked = [sent.message for sent in self.adapter.sent if sent.message.prompt][-1]
        value = next(one["value"] for one in json.loads(asked.choices) if one["label"] == label)
        await self._do(Said(text=label, prompt=asked.prompt, value=value))

    async def _do(self, said: Said, id: str = "") -> None:
        id = id or f"event-{next(self._ids)}"
        await self._engine.receive(Inbound(chat=self._chat, id=id, said=said, source="test:room-1"))

    async def look(self) -> tuple[list[Line], bool]:
        messages = [sent.message for sent in self.adapter.sent]
        return [line_of(message) for message in messages], any(one.kind == "end" for one in messages)

    async def leave(self) -> None:
        pass


class Typed:
    """Somebody at a terminal, through its reader and its writer."""

    redelivers = False
    called = NOBODY

    def __init__(self) -> None:
        self._keys: asyncio.Queue[bytes] = asyncio.Queue()
        self._paper = StringIO()

    async def read(self) -> bytes:
        return await self._keys.get()

    async def enter(self, stage: Stage) -> None:
        house = TerminalHouse(stage.engine, stage.runtime.bus, stage.clock)
        terminal = Terminal(house, Place(self, Paper(Console(file=self._paper)), keys=True))
        self._talk = asyncio.get_running_loop().create_task(terminal.talk(PROFILE, STRANGER))

    async def say(self, text: str, id: str = "") -> None:
        self._keys.put_nowait(f"{text}\n".encode())

    async def press(self, label: str) -> None:
        number = re.findall(rf"^  (\d+)\. {re.escape(label)}$", self._paper.getvalue(), re.MULTILINE)[-1]
        await self.say(number)

    async def look(self) -> tuple[list[Line], bool]:
        lines: list[Line] = []
        for row in self._paper.getvalue().splitlines():
            if button := re.fullmatch(r"  \d+\. (.*)", row):
                lines[-1] = Line(lines[-1].text, "bot", (*(lines[-1].choices or ()), button[1]))
            elif row.startswith("  | "):
                lines.append(Line(row[4:], "note", ()))
            elif not row.startswith("> "):
                lines.append(Line(row, "bot", ()))
        return lines, self._talk.done() and self._talk.exception() is None

    async def leave(self) -> None:
        self._talk.cancel()
        with suppress(asyncio.CancelledError):
            await self._talk


async def site(stage: Stage, stack: AsyncExitStack) -> tuple[str, aiohttp.ClientSession]:
    """The web chat on a port of this machine, in front of the stage."""
    parts = Parts(catalogue=stage.runtime.catalogue)
    shared = Site(
        catalogue=stage.runtime.catalogue, health=parts.health, registry=parts.registry, proxies=Proxies(())
    )
    house = House(stage.engine, stage.runtime.bus, stage.clock)
    limits = Limits(rate=1_000, burst=1_000, reads_rate=10_000, reads_burst=10_000, close=0.2)
    webchat = WebChat(house, shared, key=b"k" * 32, settings=Settings(limits=limits))
    server = TestServer(application([webchat], parts))
    await server.start_server()
    stack.push_async_callback(server.close)
    http = await stack.enter_async_context(aiohttp.ClientSession())
    return str(server.make_url("")).rstrip("/"), http


def _line(frame: dict[str, Any]) -> Line:
    if frame["type"] == "note":
        return Line(frame["text"], "note", ())
    return Line(frame["text"], "bot", tuple(choice["label"] for choice in frame["choices"]))


class Socket:
    """The web chat over a real socket."""

    redelivers = True
    called = NOBODY

    async def enter(self, stage: Stage) -> None:
        self._stack = AsyncExitStack()
        base, http = await site(stage, self._stack)
        socket = await http.ws_connect(f"{base}/ws", protocols=["cuebook.v1"])
        self._guest = await Guest(socket).enter(profile=PROFILE)

    async def say(self, text: str, id: str = "") -> None:
        await self._guest.say(text, id)

    async def press(self, label: str) -> None:
        await self._guest.press(label)

    async def look(self) -> tuple[list[Line], bool]:
        lines = self._guest.lines
        return [_line(frame) for frame in lines], any(frame.get("end") for frame in lines)

    async def leave(self) -> None:
        await self._guest.leave()
        await self._stack.aclose()


class Polled:
    """Nothing but HTTP."""

    redelivers = True
    called = NOBODY

    def __init__(self) -> None:
        self._frames: list[dict[str, Any]] = []
        self._ended = False

    async def enter(self, stage: Stage) -> None:
        self._stack = AsyncExitStack()
        base, self._http = await site(stage, self._stack)
        async with self._http.post(f"{base}/api/v1/chats", json={"profile": PROFILE}) as answer:
            opened = await answer.json()
        self._url = f"{base}/api/v1/chats/{opened['chat']}/messages"
        self._headers = {"Authorization": f"Bearer {opened['token']}"}

    async def say(self, text: str, id: str = "") -> None:
        await self._post({"text": text} | ({"id": id} if id else {}))

    async def press(self, label: str) -> None:
        await self.look()
        asked = [frame for frame in self._frames if frame.get("prompt_id")][-1]
        value = next(one["value"] for one in asked["choices"] if one["label"] == label)
        await self._post({"prompt_id": asked["prompt_id"], "value": value})

    async def _post(self, body: dict[str, Any]) -> None:
        async with self._http.post(self._url, json=body, headers=self._headers) as answer:
            assert answer.status == 202, await answer.text()

    async def look(self) -> tuple[list[Line], bool]:
        after = self._frames[-1]["seq"] if self._frames else 0
        async with self._http.get(f"{self._url}?after={after}", headers=self._headers) as answer:
            found = await answer.json()
        self._frames += found["messages"]
        self._ended = found["ended"]
        said = [_line(frame) for frame in self._frames if frame.get("from", "bot") == "bot"]
        return said, self._ended

    async def leave(self) -> None:
        await self._stack.aclose()


DOORS: dict[str, Callable[[], Door]] = {
    "push": Pushed, "terminal": Typed, "socket": Socket, "polling": Polled, "slack": Slacked,
    "slack-socket": SlackedOverSockets,
}  # fmt: skip

__all__ = ["DOORS", "Door", "Pushed", "until"]
