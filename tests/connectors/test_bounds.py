"""Nothing that an outside system does lasts for ever or fills the memory."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from bot.connectors.limits import Limits
from flows.effects import Call
from tests.connectors.conftest import Build, House, Outside, failed, reply, run, short, silence


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.005)


async def drip_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while not writer.is_closing():
        writer.write(b"x: y\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("slow", [drip, drip_headers, silence])
async def test_an_answer_that_never_ends_is_a_failure_in_time(
    house: House, outside: Outside, slow: Callable[[asyncio.StreamWriter], Any]
) -> None:
    outside.answer = slow
    async with asyncio.timeout(1):
        assert short(await house.call("hasty")) == failed("no answer within 200ms")


async def test_the_steps_own_limit_holds_as_well(house: House, outside: Outside) -> None:
    outside.answer = silence
    call = Call(id="a.1", connector="directory", method="once", timeout=0.05)
    assert short(await house.connectors.perform(call, definition="", run=run())) == failed(
        "no answer within 50ms"
    )


async def test_an_answer_at_the_limit_is_read_and_one_byte_more_is_not(
    build: Build, outside: Outside
) -> None:
    house = build(outside.address, limits=Limits(answer=2048))
    outside.answer = reply(200, b"x" * 2048, content_type="text/plain")
    assert (await house.call("once")).answer["body"] == "x" * 2048
    outside.answer = reply(200, b"x" * 2049, content_type="text/plain")
    assert short(await house.call("once")) == failed("the answer is larger than 2 KiB")


async def test_an_answer_that_is_said_to_be_too_large_is_not_waited_for(
    house: House, outside: Outside
) -> None:
    async def promise(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1048577\r\n\r\n")
        await silence(writer)

    outside.answer = promise
    async with asyncio.timeout(1):
        assert short(await house.call("once")) == failed("the answer is larger than 1024 KiB")


async def test_an_endless_answer_is_cut_at_the_limit(house: House, outside: Outside) -> None:
    async def flood(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x" * 65536)
            await writer.drain()

    outside.answer = flood
    assert short(await house.call("once")) == failed("the answer is larger than 1024 KiB")


async def test_a_packed_bomb_is_not_unpacked(house: House, outside: Outside) -> None:
    bomb = gzip.compress(bytes(32 << 20))
    outside.answer = reply(200, bomb, content_encoding="gzip", content_type="text/plain")
    tracemalloc.start()
    try:
        assert short(await house.call("once")) == failed("the answer is larger than 1024 KiB")
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


async def test_a_packed_answer_is_unpacked(house: House, outside: Outside) -> None:
    outside.answer = reply(200, gzip.compress(b'{"a": 1}'), content_encoding="gzip")
    assert (await house.call("once")).answer["body"] == {"a": 1}


async def test_only_so_many_calls_run_at_once(build: Build, outside: Outside) -> None:
    at_work, most, go = 0, 0, asyncio.Event()

    async def count(writer: asyncio.StreamWriter) -> None:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await go.wait()
        at_work -= 1
        writer.write(reply())

    outside.answer = count
    house = build(outside.address, limits=Limits(at_once_each=3))
    async with asyncio.timeout(2), asyncio.TaskGroup() as tasks:
        calls = [tasks.create_task(house.call("once")) for _ in range(8)]
        while at_work < 3:
            await asyncio.sleep(0)
        go.set()
    assert [call.result().ok for call in calls] == [True] * 8
    assert most == 3


async def test_waiting_for_a_turn_counts_as_waiting_for_the_answer(build: Build, outside: Outside) -> None:
    outside.answer = silence
    house = build(outside.address, limits=Limits(at_once=1))
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        first = tasks.create_task(house.call("unlock", login="x", source="y", who="z"))
        while not outside.seen:
            await asyncio.sleep(0)
        assert short(await house.call("hasty")) == failed("no answer within 200ms")
        first.cancel()
    assert len(outside.seen) == 1


async def test_too_large_a_request_is_not_sent(build: Build, outside: Outside) -> None:
    house = build(outside.address, limits=Limits(request=2048))
    assert short(await house.call("unlock", login="x", source="y" * 3000, who="z")) == failed(
        "the request is larger than 2 KiB"
    )
    assert outside.connections == 0
