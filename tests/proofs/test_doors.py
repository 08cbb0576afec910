"""The demo's conversations by the doors that need no browser: a bare WebSocket client, REST
polling, and the terminal."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.guide.house import Guest
from tests.proofs.server import PROGRAM

pytestmark = [pytest.mark.proof, pytest.mark.timeout(150)]

GREETING = ("Hi there, I'm the IT helper.", "What can I do for you?")
UNLOCKED = (
    "Looking up j.doe …",
    "Your account is locked. Unlocking it now …",
    "Account j.doe is unlocked. You can sign in again.",
    "Anything else?",
)
UNKNOWN = ("Looking up nobody …", "Unlock failed, there is no account nobody.", "Which login is locked?")


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[str]:
    """`cuebook demo` in an empty folder; gives its address."""
    process = await asyncio.create_subprocess_exec(
        str(PROGRAM), "demo", cwd=tmp_path, env={"PATH": os.environ["PATH"], "PORT": "0", "HOME": str(tmp_path)},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    told = ""
    async with asyncio.timeout(30):
        while not (found := re.search(r"(http://[\d.]+:\d+)/chat/it-helpdesk", told)):
            line = await process.stdout.readline()
            assert line, f"the demo ended: {told}"
            told += line.decode()
    yield found[1]
    with suppress(ProcessLookupError):
        process.terminate()
    await process.wait()


async def test_the_conversations_by_a_bare_websocket(demo: str) -> None:
    async with aiohttp.ClientSession() as http:
        guest = await Guest(await http.ws_connect(f"{demo}/ws", protocols=["cuebook.v1"])).enter(
            profile="it-helpdesk"
        )
        await guest.hears(*GREETING)
        await guest.press("Unlock my account")
        await guest.hears("Which login is locked?")
        await guest.say("nobody")
        await guest.hears(*UNKNOWN)
        await guest.say("j.doe")
        await guest.hears(*UNLOCKED)
        await guest.press("Yes, please")
        await guest.hears("What can I do for you?")
        await guest.press("Rebuild my laptop")
        await guest.hears("Which laptop? Its tag is on the underside, like LAP-0042.")
        await guest.say("LAP-0007")
        await guest.hears("Everything on LAP-0007 will be wiped. Shall I go on?")
        await guest.press("Yes, rebuild it")
        await guest.hears(
            "The rebuild of LAP-0007 is on its way. It takes a while; I'll tell you here when it is done.",
            "Anything else?",
        )
        async with asyncio.timeout(100):
            while (
                guest.lines[-1]["text"]
                != "Laptop LAP-0007 is rebuilt. You can pick it up at the service desk."
            ):
                await asyncio.sleep(0.1)
        await guest.leave()


class Poller:
    """Somebody who has nothing but HTTP."""

    def __init__(self, http: aiohttp.ClientSession, base: str) -> None:
        self._http, self._base = http, f"{base}/api/v1/chats"
        self._chat, self._seq = "", 0
        self._headers: dict[str, str] = {}

    async def open(self) -> list[str]:
        """Begin a chat; what the bot says first."""
        async with self._http.post(self._base, json={"profile": "it-helpdesk"}) as answer:
            opened: dict[str, Any] = await answer.json()
        self._chat, self._headers = opened["chat"], {"Authorization": f"Bearer {opened['token']}"}
        return await self.hears(2)

    async def say(self, text: str) -> None:
        """Post some words."""
        url = f"{self._base}/{self._chat}/messages"
        async with self._http.post(url, json={"text": text}, headers=self._headers) as answer:
            assert answer.status == 202

    async def hears(self, count: int) -> list[str]:
        """Poll until the bot has said so much more."""
        heard: list[str] = []
        async with asyncio.timeout(30):
            while len(heard) < count:
                url = f"{self._base}/{self._chat}/messages?after={self._seq}&wait=10"
                async with self._http.get(url, headers=self._headers) as answer:
                    lines = (await answer.json())["messages"]
                self._seq = max([self._seq, *(line["seq"] for line in lines)])
                heard += [line["text"] for line in lines if line.get("from", "bot") == "bot"]
        return heard


async def test_the_conversations_by_polling(demo: str) -> None:
    async with aiohttp.ClientSession() as http:
        poller = Poller(http, demo)
        assert await poller.open() == list(GREETING)
        await poller.say("1")
        assert await poller.hears(1) == ["Which login is locked?"]
        await poller.say("nobody")
        assert await poller.hears(3) == list(UNKNOWN)
        await poller.say("j.doe")
        assert await poller.hears(4) == list(UNLOCKED)
        await poller.say("no, thanks")
        assert await poller.hears(1) == ["Thanks for chatting with us. Have a good day!"]


IN_THE_TERMINAL = """\
Hi there, I'm the IT helper.
What can I do for you?
  1. Unlock my account
  2. Rebuild my laptop
  3. Where is my order?
  4. Nothing, bye
> Unlock my account
Which login is locked?
> nobody
  | Looking up nobody …
Unlock failed, there is no account nobody.
Which login is locked?
> j.doe
  | Looking up j.doe …
  | Your account is locked. Unlocking it now …
Account j.doe is unlocked. You can sign in again.
Anything else?
  1. Yes, please
  2. No, thanks
"""


async def test_the_conversation_in_the_terminal(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONUTF8": "1"}
    begin = await asyncio.create_subprocess_exec(str(PROGRAM), "init", "desk", cwd=tmp_path, env=environ)
    assert await begin.wait() == 0
    chat = await asyncio.create_subprocess_exec(
        str(PROGRAM), "chat", "it-helpdesk", cwd=tmp_path / "desk", env=environ,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(60):
        out, err = await chat.communicate(b"Unlock my account\nnobody\nj.doe\n")
    assert (out.decode(), err.decode(), chat.returncode) == (IN_THE_TERMINAL, "", 0)
    assert not (tmp_path / "desk" / ".cuebook").exists(), "nothing is kept of it"
