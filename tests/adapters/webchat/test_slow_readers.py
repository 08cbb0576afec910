"""A reader that does not read is cut off, and nobody else notices."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterable
from typing import cast

import pytest
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from structlog.testing import capture_logs

from adapters.webchat.outgoing import Outgoing
from adapters.webchat.settings import Limits
from adapters.webchat.wire import Wire, text_frame_head
from tests.adapters.webchat.conftest import Place, Start


async def stalled(place: Place, token: str) -> socket.socket:
    """Says hello by hand and never reads again."""
    loop = asyncio.get_running_loop()
    sock = socket.socket()
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await loop.sock_connect(sock, (place.server.host, place.server.port))
    upgrade = (
        "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'a' * 22}==\r\n"
        "Sec-WebSocket-Protocol: cuebook.v1\r\n\r\n"
    )
    await loop.sock_sendall(sock, upgrade.encode())
    assert (await loop.sock_recv(sock, 4096)).startswith(b"HTTP/1.1 101")
    hello = json.dumps({"type": "hello", "token": token}).encode()
    await loop.sock_sendall(
        sock, bytes([0x81, 0x80 | 126]) + len(hello).to_bytes(2, "big") + b"\0" * 4 + hello
    )
    return sock


async def until(place: Place, ears: int) -> None:
    """So many sockets hear the chat."""
    async with asyncio.timeout(5):
        while len(place.engine.bus.ears.get("c1", ())) != ears:
            await asyncio.sleep(0.005)


async def test_a_stalled_reader_is_dropped_and_the_others_miss_nothing(start: Start) -> None:
    """Threat: somebody opens sockets and never reads, until the server has no memory left."""
    place = await start(send=0.1, sweep=0.02)
    tab, welcome = await place.chat()
    deaf = [await stalled(place, welcome["token"]) for _ in range(3)]
    await until(place, 4)
    seen, text = 1, "x" * 7000
    with capture_logs() as logs:
        async with asyncio.timeout(5):
            while len(place.engine.bus.ears["c1"]) > 1:
                for _ in range(20):
                    place.engine.say("c1", text)
                for _ in range(20):
                    seen += 1
                    assert (await tab.get())["seq"] == seen
    assert [entry["why"] for entry in logs] == ["stalled"] * 3
    assert max(entry["bytes"] for entry in logs) < 100_000
    for sock in deaf:
        sock.close()


async def test_a_burst_larger_than_the_queue_arrives_whole(place: Place) -> None:
    """A reader that reads is never cut for what others said at once."""
    tab, _ = await place.chat()
    for _ in range(1000):
        place.engine.say("c1", "x" * 2000)
    assert [(await tab.get())["seq"] for _ in range(1000)] == list(range(2, 1002))
    place.engine.say("c1", "live again")
    assert (await tab.get())["text"] == "live again"


class NoWire(Wire):
    """Only remembers whether it was cut."""

    def __init__(self) -> None:
        self.cuts = 0

    def cut(self) -> None:
        self.cuts += 1


async def test_the_queue_takes_256_frames_and_cuts_at_the_next() -> None:
    wire = NoWire()
    out = Outgoing(wire, Limits())
    for _ in range(256):
        out.put(b"{}")
    assert wire.cuts == 0
    out.put(b"{}")
    assert wire.cuts == 1
    out.put(b"{}")
    out.replace("r", b"{}")
    assert out._bytes == 0


async def test_the_queue_takes_a_mebibyte_and_cuts_at_the_next_byte() -> None:
    wire = NoWire()
    out = Outgoing(wire, Limits())
    out.put(b"x" * (1024 * 1024 - 10))
    out.replace("r", b"x" * 20)
    assert wire.cuts == 1
    wire = NoWire()
    out = Outgoing(wire, Limits())
    out.put(b"x" * (1024 * 1024 - 10))
    for _ in range(3):
        out.replace("r", b"x" * 10)
    assert wire.cuts == 0
    out.put(b"x")
    assert wire.cuts == 1


class Counting(Wire):
    """Remembers how much was written at once."""

    def __init__(self) -> None:
        self.writes: list[int] = []

    async def write(self, payloads: Iterable[bytes]) -> None:
        self.writes.append(sum(map(len, payloads)))


async def test_what_is_read_from_the_log_is_written_in_parts() -> None:
    wire = Counting()
    await Outgoing(wire, Limits()).send_in_parts(b"x" * 8000 for _ in range(50))
    assert wire.writes == [72_000] * 5 + [40_000]


async def test_a_write_is_never_more_than_a_stalled_reader_may_hold(start: Start) -> None:
    """What is written lies in the connection's buffer, out of the queue's sight."""
    out = Outgoing(NoWire(), Limits())
    for _ in range(100):
        out.put(b"x" * 10_000)
    assert [len(frame) for frame in out._batch()] == [10_000] * 7
    assert out._bytes == 93 * 10_000


def test_the_head_of_a_frame_fits_its_size() -> None:
    """RFC 6455, 5.2: the shortest form of the length, in network order."""
    assert text_frame_head(0) == b"\x81\x00"
    assert text_frame_head(125) == b"\x81\x7d"
    assert text_frame_head(126) == b"\x81\x7e\x00\x7e"
    assert text_frame_head(65_535) == b"\x81\x7e\xff\xff"
    assert text_frame_head(65_536) == b"\x81\x7f" + b"\0" * 5 + b"\x01\x00\x00"


async def test_a_line_longer_than_a_frame_s_short_form_arrives(place: Place) -> None:
    tab, _ = await place.chat()
    for size in (125, 126, 70_000):
        place.engine.say("c1", "x" * size)
        assert (await tab.get())["text"] == "x" * size


async def test_nothing_is_written_after_the_closing_frame() -> None:
    """RFC 6455, 5.5.1: no data frames after a Close frame."""
    ws = web.WebSocketResponse()
    ws._closed = True
    wire = Wire(ws, cast(AbstractStreamWriter, None), cast(asyncio.Transport, None))
    with pytest.raises(ConnectionError):
        await wire.write([b"{}"])
