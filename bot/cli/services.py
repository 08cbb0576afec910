"""The services of `[[dev.services]]`: outside systems that run beside a demo, a chat or a run.

    [[dev.services]]
    name = "helpdesk"
    command = ["python", "-m", "bot.demo.helpdesk"]
    env = {HELPDESK_URL = "{address}"}
    keep = ["HELPDESK_TOKEN"]        # variables that it needs from our environment

A service prints one line of JSON, `{"address": "http://127.0.0.1:PORT"}`, and serves until its
stdin ends or SIGTERM comes. It gets nothing of our environment but what any program needs, so
that no secret reaches a process that has no use for it.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import msgspec

from bot.errors import OperatorError, SettingsError

START: Final = 15.0  # seconds until the address must be there
STOP: Final = 3.0  # seconds between SIGTERM and SIGKILL
LAST_WORDS: Final = 0.5  # seconds to read what an ended service has said
_LINE: Final = 4_096
_TAIL: Final = 5  # lines of stderr that are shown when a service fails
_PASSED: Final = frozenset(
    ("PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH", "PYTHONUTF8", "SYSTEMROOT")
)

Tell = Callable[[str], None]


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of `[[dev.services]]`."""

    name: str
    command: Annotated[list[str], msgspec.Meta(min_length=1)]
    env: dict[str, str] = {}
    keep: list[str] = []


@dataclass(frozen=True, slots=True)
class Started:
    """What the connectors may know of the services: variables, and loopback addresses to allow."""

    env: dict[str, str] = field(default_factory=dict)
    allow: list[str] = field(default_factory=list)


def read_services(settings: Mapping[str, Any]) -> list[Service]:
    """The services that `cuebook.toml` (as it is written) lists. Raises SettingsError."""
    dev = settings.get("dev", {})
    listed = dev.get("services", []) if isinstance(dev, dict) else dev
    try:
        return msgspec.convert(listed, list[Service])
    except msgspec.ValidationError as error:
        raise SettingsError(f"cuebook.toml, dev.services: {error}") from error


@asynccontextmanager
async def running(
    services: Iterable[Service], root: Path, tell: Tell, environ: Mapping[str, str] = os.environ
) -> AsyncIterator[Started]:
    """Start them all in `root`, end them at the exit. `tell` hears when one ends on its own.

    A service whose variables are all set in `environ` is not started: the operator has chosen
    another. Raises OperatorError, with the service's last words, if one does not come up.
    """
    started = Started()
    async with AsyncExitStack() as stack:
        for service in services:
            if service.env and all(environ.get(name) for name in service.env):
                tell(f"{', '.join(service.env)} is set: the service `{service.name}` is not started")
                continue
            child = _Child(service, tell)
            stack.push_async_callback(child.stop)
            address = await child.start(root, environ)
            started.env.update(
                {name: value.replace("{address}", address) for name, value in service.env.items()}
            )
            started.allow.extend(_loopback(address))
        yield started


def _loopback(address: str) -> list[str]:
    """The allowance for a service of this machine; one elsewhere needs the operator's word."""
    parts = urlsplit(address)
    with suppress(ValueError):
        if parts.port and ip_address(parts.hostname or "").is_loopback:
            return [parts.netloc.rpartition("@")[2]]
    return []


def _cleaned(service: Service, environ: Mapping[str, str]) -> dict[str, str]:
    wanted = _PASSED | set(service.keep)
    return {name: value for name, value in environ.items() if name in wanted or name.startswith("LC_")}


class _Child:
    """One service's process, and the one task that listens to it until its end."""

    def __init__(self, service: Service, tell: Tell) -> None:
        self._service, self._tell = service, tell
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._last_words: deque[str] = deque(maxlen=_TAIL)

    async def start(self, root: Path, environ: Mapping[str, str]) -> str:
        """Its address."""
        program, *words = self._service.command
        try:
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable if program in ("python", "python3") else program,
                *words,
                cwd=root,
                env=_cleaned(self._service, environ),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=_LINE,
                start_new_session=True,  # Ctrl-C is ours alone to handle
            )
        except OSError as error:
            raise self._failed(f"cannot be started: {error.strerror or error}") from error
        first: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._listening = asyncio.get_running_loop().create_task(
            self._listen(process, first), name=f"service:{self._service.name}"
        )
        try:
            async with asyncio.timeout(START):
                return self._address(await first)
        except TimeoutError:
            raise self._failed(f"gave no address within {START:g} s") from None

    def _address(self, line: str) -> str:
        try:
            address = json.loads(line)["address"]
        except (ValueError, KeyError, TypeError):
            raise self._failed('must print {"address": "http://…"} as its first line') from None
        if not isinstance(address, str) or not address.startswith(("http://", "https://")):
            raise self._failed("gave an address that is none")
        return address.rstrip("/")

    async def _listen(self, process: asyncio.subprocess.Process, first: asyncio.Future[str]) -> None:
        """Read all it says, so that it never waits for us; then say that it has ended."""
        assert process.stdout is not None
        assert process.stderr is not None
        async with asyncio.TaskGroup() as group:
            readers = [
                group.create_task(_read(process.stdout, lambda line: _keep(first, line))),
                group.create_task(_read(process.stderr, self._last_words.append)),
            ]
            code = await process.wait()
            await asyncio.wait(readers, timeout=LAST_WORDS)
            for reader in readers:  # something that the service started may hold its pipes
                reader.cancel()
        if first.done():
            self._tell(str(self._failed(f"has ended ({_in_words(code)}); calls to it fail from now on")))
        else:
            first.set_exception(self._failed(f"has ended ({_in_words(code)})"))

    def _failed(self, why: str) -> OperatorError:
        return OperatorError(f"the service `{self._service.name}` {why}{self._tail()}")

    def _tail(self) -> str:
        return "".join(f"\n  {line}" for line in self._last_words)

    async def stop(self) -> None:
        """End it by its own id, and everything it has started."""
        process, self._tell = self._process, lambda text: None
        if process is not None and process.returncode is None:
            _signal(process, signal.SIGTERM)
            try:
                async with asyncio.timeout(STOP):
                    await process.wait()
            except TimeoutError:
                _signal(process, signal.SIGKILL)
                await process.wait()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening], timeout=STOP)


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # gone meanwhile
        os.killpg(process.pid, number)


def _keep(first: asyncio.Future[str], line: str) -> None:
    if not first.done():
        first.set_result(line)


async def _read(stream: asyncio.StreamReader, take: Callable[[str], object]) -> None:
    """Every line, whole or cut; an endless one is not kept."""
    while True:
        try:
            line = await stream.readuntil(b"\n")
        except asyncio.IncompleteReadError as rest:
            line = rest.partial
        except asyncio.LimitOverrunError as over:
            line = await stream.read(over.consumed or _LINE)
        if not line:
            return
        take(line.decode("utf-8", "replace").rstrip())


def _in_words(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
