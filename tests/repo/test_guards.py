"""The guards of tests/conftest.py bite."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from blockbuster import BlockingError

import bot

LIMIT = 5.0


def _as_if_in_bot(source: str) -> Any:
    scope: dict[str, Any] = {"time": time}
    exec(compile(source, str(bot.__file__), "exec"), scope)
    return scope["act"]


async def test_our_code_cannot_block_the_loop() -> None:
    act = _as_if_in_bot("def act(): time.sleep(0)")
    with pytest.raises(BlockingError):
        act()


def test_our_code_may_block_where_no_loop_runs() -> None:
    _as_if_in_bot("def act(): time.sleep(0)")()


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("10.0.0.1", 80)])
def test_no_test_connects_to_another_machine(left: list[str], address: tuple[str, int]) -> None:
    with socket.socket() as door, pytest.raises(PermissionError):
        door.connect(address)
    assert left == [f"socket.connect {address}"]
    left.clear()


def test_no_test_asks_for_a_name_outside(left: list[str]) -> None:
    with pytest.raises(PermissionError):
        socket.getaddrinfo("service.example", 80)
    left.clear()


async def test_loopback_is_open_to_tests() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()

    async with asyncio.timeout(LIMIT), await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        assert await reader.read() == b"hello"
        writer.close()
        await writer.wait_closed()


def test_the_shell_decides_nothing() -> None:
    assert [name for name in os.environ if name.startswith("CUEBOOK_")] == []
    assert "PORT" not in os.environ


def test_the_code_under_test_is_this_checkout() -> None:
    assert Path(bot.__path__[0]).parent == Path(__file__).resolve().parents[2]
    assert sys.version_info >= (3, 11)
