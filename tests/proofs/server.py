"""The real program in a process of its own, to be killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import aiohttp

from tests.guide.house import PATIENCE, Guest

PROGRAM = Path(sys.executable).with_name("cuebook")


class Server:
    """`cuebook serve` on a project; may be killed and started again on the same files."""

    def __init__(self, project: Path, environ: dict[str, str]) -> None:
        self.project = project
        self._environ = {"PATH": os.environ["PATH"], **environ}
        self._process: asyncio.subprocess.Process | None = None
        self._guests: list[Guest] = []
        self._http: aiohttp.ClientSession | None = None
        self.url = ""

    async def start(self) -> None:
        """Start it and wait for its address."""
        self._process = await asyncio.create_subprocess_exec(
            str(PROGRAM), "serve", "--project", str(self.project), "--port", "0", "--json",
            env=self._environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE * 2):
            line = await self._process.stdout.readline()
        self.url = json.loads(line)["address"]
        self._http = self._http or aiohttp.ClientSession()

    async def kill(self) -> None:
        """As a power cut would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

    async def open(self, **hello: object) -> Guest:
        """Somebody opens the page."""
        assert self._http is not None
        socket = await self._http.ws_connect(f"{self.url}/ws", protocols=["cuebook.v1"])
        guest = await Guest(socket).enter(**hello)
        self._guests.append(guest)
        return guest

    async def back(self, guest: Guest, last_seq: int) -> Guest:
        """The same person, after the server was away."""
        return await self.open(chat=guest.chat, token=guest.token, last_seq=last_seq)

    async def waits(self) -> bool:
        """Whether a run is parked, as an operator sees it."""
        assert self._http is not None
        token = (self.project / ".cuebook" / "operator-token").read_text()
        headers = {"Authorization": f"Bearer {token}"}
        async with self._http.get(f"{self.url}/api/v1/runs?state=waiting", headers=headers) as answer:
            return bool((await answer.json())["runs"])

    async def stop(self) -> None:
        """End everything that was started."""
        for guest in self._guests:
            await guest.leave()
        if self._http is not None:
            await self._http.close()
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()
