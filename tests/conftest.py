"""What holds for every test: the loop is never blocked, nothing leaves the machine, and the
shell that started the tests decides nothing.

Fixtures of one area live in the conftest.py of its folder.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from blockbuster import BlockBuster, blockbuster_ctx
from hypothesis import settings

ROOMS = ["adapters", "bot", "flows"]

for name in [*os.environ]:
    if name.startswith(("CUEBOOK_", "SLACK_")) or name in {"DATABASE_URL", "PORT"}:
        del os.environ[name]

settings.register_profile("fast", max_examples=50, deadline=None, derandomize="CI" in os.environ)
settings.register_profile("thorough", max_examples=2000, deadline=None)
settings.load_profile("fast")

# Plain tracebacks: the coloured ones read files and take a tenth of a second, on the loop.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


@pytest.fixture(scope="session", autouse=True)
def blockbuster() -> Iterator[BlockBuster]:
    """A call from our code that blocks a running loop raises BlockingError."""
    with blockbuster_ctx(ROOMS) as buster:
        for function in buster.functions.values():
            # Tortoise migrates on a loop of its own in a thread of its own: it keeps nobody waiting.
            function.can_block_in("bot/storage/migrate.py", {"_on_its_own_loop"})
            # The log of a fault shows the source lines of its traceback.
            function.can_block_in("linecache.py", {"checkcache", "updatecache"})
        yield buster


_left: list[str] = []


def _stays_here(host: object) -> bool:
    text = str(host or "localhost").split("%")[0].rstrip(".")
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return text == "localhost" or text.endswith(".localhost")


def _watch_sockets(event: str, args: tuple[Any, ...]) -> None:
    """Refuse every socket and every look-up that is not for this machine. (uvloop makes its
    system calls itself and is not seen: tests run on asyncio's own loop.)"""
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        address = args[1]
        if not isinstance(address, tuple) or _stays_here(address[0]):
            return
    elif event == "socket.getaddrinfo":
        address = host = args[0]
        if _stays_here(host) or _is_literal(host):  # a literal asks nobody; connecting to it would
            return
    else:
        return
    _left.append(f"{event} {address}")
    raise PermissionError(f"tests stay on this machine: {event} {address}")


def _is_literal(host: object) -> bool:
    try:
        ipaddress.ip_address(str(host))
    except ValueError:
        return False
    return True


sys.addaudithook(_watch_sockets)


@pytest.fixture(autouse=True)
def left() -> Iterator[list[str]]:
    """What tried to leave the machine during this test. Anything fails it, even where the
    product took the refusal for a network error; a test that means to try clears the list."""
    _left.clear()
    yield _left
    assert not _left, f"tried to leave the machine: {_left}"
