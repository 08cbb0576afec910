"""A project that is really served, a person at its web chat, and a system outside.

Guide tests use nothing but these three: files in, words in, words out, requests seen.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import aiohttp
from aiohttp import web

from bot.app import App
from bot.connectors.secrets import Secrets
from bot.settings import read_settings
from flows.loader import load_project
from tests.guide.slack_guest import SlackGuest, Workspace

PATIENCE = 8.0  # seconds until something that should happen counts as missing

CONNECTOR = """\
kind: connector
id: desk
base_url: ${env.DESK_URL}
methods:
  get: {get: "/things/{name}"}
  post: {post: /things, json: {name: $name, more: "${more:-}"}}
"""


class Outside:
    """The system that runbooks call: answers as told, keeps what it was asked, can be held."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.answers: dict[str, tuple[int, Any]] = {}
        self._gates: dict[str, asyncio.Event] = {}
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen on a free port of this machine."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Let go of everything that is held."""
        for gate in self._gates.values():
            gate.set()
        if self._runner is not None:
            await self._runner.cleanup()

    def hold(self, path: str) -> asyncio.Event:
        """Requests for `path` wait until the event is set."""
        return self._gates.setdefault(path, asyncio.Event())

    async def _answer(self, request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else None
        self.asked.append((request.method, request.path, body))
        if request.path in self._gates:
            await self._gates[request.path].wait()
        status, answer = self.answers.get(request.path, (200, {"ok": True}))
        return web.json_response(answer, status=status)

    async def was_asked(self, path: str, times: int = 1) -> None:
        """Wait until `path` has been asked for so often."""
        await until(lambda: sum(asked == path for _, asked, _ in self.asked) >= times)


async def until(holds: Callable[[], bool]) -> None:
    """Wait for a condition, at most `PATIENCE`."""
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.005)


class Visitor(Protocol):
    """A person, wherever they are."""

    platform: str
    chat: str
    token: str

    @property
    def texts(self) -> list[str]: ...

    async def say(self, text: str, cmid: str = "") -> None: ...

    async def press(self, label: str) -> None: ...

    async def hears(self, *texts: str) -> None: ...

    async def leave(self) -> None: ...


@dataclass
class Guest:
    """A person at the web chat: a bare `cuebook.v1` client."""

    socket: aiohttp.ClientWebSocketResponse
    chat: str = ""
    token: str = ""
    frames: list[dict[str, Any]] = field(default_factory=list)
    _looked: int = 0
    _ids: Any = field(default_factory=lambda: itertools.count(1))
    _reader: asyncio.Task[None] | None = None

    async def enter(self, **hello: Any) -> Guest:
        """Say hello, and listen from then on."""
        await self.socket.send_json({"type": "hello", **hello})
        welcome = await self.socket.receive_json(timeout=PATIENCE)
        assert welcome["type"] == "welcome", welcome
        self.chat, self.token = welcome["chat"], welcome["token"]
        self._reader = asyncio.get_running_loop().create_task(self._read())
        return self

    async def _read(self) -> None:
        async for message in self.socket:
            self.frames.append(message.json())

    platform = "web"

    @property
    def texts(self) -> list[str]:
        """What the bot and its runs have said so far."""
        return [line["text"] for line in self.lines]

    async def leave(self) -> None:
        """Close the page."""
        await self.socket.close()
        if self._reader is not None:
            with suppress(asyncio.CancelledError):
                await self._reader

    async def say(self, text: str, cmid: str = "") -> None:
        """Write something."""
        await self.socket.send_json({"type": "message", "cmid": cmid or f"m{next(self._ids)}", "text": text})

    async def press(self, label: str) -> None:
        """Press a button of the newest question."""
        question = [frame for frame in self.frames if frame.get("prompt_id")][-1]
        value = next(choice["value"] for choice in question["choices"] if choice["label"] == label)
        frame = {
            "type": "action",
            "cmid": f"p{next(self._ids)}",
            "prompt_id": question["prompt_id"],
            "value": value,
        }
        await self.socket.send_json(frame)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What the bot has said so far, notes included."""
        return [f for f in self.frames if f["type"] in ("message", "note") and f.get("from", "bot") == "bot"]

    async def hears(self, *texts: str) -> None:
        """Exactly these, since the last look, and nothing more."""
        await until(lambda: len(self.lines) - self._looked >= len(texts) or self._differs(texts))
        await self._quiet()
        new = [line["text"] for line in self.lines[self._looked :]]
        self._looked = len(self.lines)
        assert new == list(texts), f"heard {new}"

    async def hears_at_least(self, text: str) -> None:
        """`text` somewhere in what was said, and everything that was on its way."""
        await until(lambda: any(line["text"] == text for line in self.lines))
        await self._quiet()

    def _differs(self, texts: tuple[str, ...]) -> bool:
        new = [line["text"] for line in self.lines[self._looked :]]
        return new != list(texts[: len(new)])

    async def _quiet(self) -> None:
        """Everything that was on its way has arrived."""
        pongs = sum(frame["type"] == "pong" for frame in self.frames)
        await self.socket.send_json({"type": "ping", "t": 1})
        await until(lambda: sum(frame["type"] == "pong" for frame in self.frames) > pongs)


class House:
    """The project, served."""

    def __init__(self, root: Path, outside: Outside, slack: Workspace | None = None) -> None:
        """`slack`: guests come in there, and not at the web chat."""
        self.root, self.outside, self._slack = root, outside, slack
        self.app: App | None = None
        self._http: aiohttp.ClientSession | None = None
        self._guests: list[Guest] = []
        self.environ = {"DESK_URL": outside.url}
        (root / "cuebook.toml").write_text('[connectors]\nallow = ["127.0.0.1"]\n')
        self.connector("desk", CONNECTOR)

    def profile(self, text: str, id: str = "desk") -> None:
        """Write profiles/ID.yaml: the head is added."""
        self._write("profiles", id, f"kind: chat-profile\nid: {id}\n{text}")

    def runbook(self, id: str, text: str) -> None:
        """Write runbooks/ID.yaml, for anyone."""
        self._write("runbooks", id, f"kind: runbook\nid: {id}\naudience: anyone\n{text}")

    def connector(self, id: str, text: str) -> None:
        """Write connectors/ID.yaml."""
        self._write("connectors", id, text)

    def _write(self, folder: str, id: str, text: str) -> None:
        path = self.root / folder / f"{id}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    async def serve(self, **settings: Any) -> None:
        """Start the server on a free port."""
        if self._slack is not None:
            settings |= await self._slack.start()
            with (self.root / "cuebook.toml").open("a") as file:
                file.write("[slack]\npost_spacing = 0\nprofile = 'desk'\n")
        project = await asyncio.to_thread(load_project, self.root)
        chosen = await asyncio.to_thread(
            read_settings, self.root, None, **{"port": 0, "drain": 0.5} | settings
        )
        self.app = App(chosen, project, Secrets(self.environ))
        await self.app.start()
        self._http = self._http or aiohttp.ClientSession()

    @property
    def url(self) -> str:
        assert self.app is not None
        assert self.app.server is not None
        return self.app.server.url

    async def open(self, profile: str = "desk", **hello: Any) -> Visitor:
        """Somebody opens the page, or begins the profile in Slack."""
        assert self._http is not None
        if self._slack is not None:
            assert self.app is not None
            return await self._slack.open(self.app, self.url, profile)
        socket = await self._http.ws_connect(f"{self.url}/ws", protocols=["cuebook.v1"])
        guest = await Guest(socket).enter(**({"profile": profile} | hello))
        self._guests.append(guest)
        return guest

    async def reopen(self, guest: Visitor, last_seq: int) -> Visitor:
        """The same person comes back, and has seen the transcript up to a line."""
        if isinstance(guest, SlackGuest):
            return guest.back(last_seq)
        return await self.open(chat=guest.chat, token=guest.token, last_seq=last_seq)

    async def words(self, guest: Visitor) -> list[dict[str, Any]]:
        """The transcript as it is stored: `seq`, `from`, `text`, `type` of every line."""
        if not isinstance(guest, SlackGuest):
            found = await self.rest(f"chats/{guest.chat}/messages", guest.token)
            return [{"from": "bot", **line} for line in found["messages"]]
        return [
            {
                "seq": line.seq,
                "from": line.sender,
                "text": line.text,
                "type": "note" if line.kind == "note" else "message",
            }
            for line in await guest.words()
        ]

    async def rest(self, path: str, token: str = "", method: str = "GET", **body: Any) -> Any:
        """Ask the REST interface; the operator's token if none is given."""
        assert self._http is not None
        assert self.app is not None
        token = token or await asyncio.to_thread(self.app.operator_token)
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{self.url}/api/v1/{path}"
        async with self._http.request(method, url, headers=headers, json=body or None) as answer:
            return await answer.json()

    async def runs(self, **query: str) -> list[dict[str, Any]]:
        """All runs, oldest first, as an operator sees them."""
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        found: list[dict[str, Any]] = (await self.rest(f"runs?{asked}"))["runs"]
        return found[::-1]

    async def eventually(self, holds: Callable[[], Awaitable[bool]]) -> None:
        """Wait for something that only REST can tell."""
        async with asyncio.timeout(PATIENCE):
            while not await holds():
                await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """Everybody leaves, the server stops."""
        for guest in self._guests:
            await guest.leave()
        if self.app is not None:
            await self.app.stop()
        if self._slack is not None:
            await self._slack.stop()
        if self._http is not None:
            await self._http.close()
