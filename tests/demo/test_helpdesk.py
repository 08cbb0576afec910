"""The demo's outside system, by its own HTTP and as the process that the demo starts."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from bot.demo.helpdesk import Helpdesk, Options

ROOT = Path(__file__).parents[2]
Ask = Callable[..., Coroutine[Any, Any, tuple[int, Any]]]


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(clock: Clock) -> Helpdesk:
    return Helpdesk(Options(rebuild_seconds=60, latency=0), clock)


@pytest.fixture
async def ask(desk: Helpdesk) -> AsyncIterator[Ask]:
    async with TestServer(desk.application()) as server, ClientSession() as session:

        async def one(method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
            async with session.request(method, server.make_url(path), json=body, headers=headers) as answer:
                return answer.status, await answer.json()

        yield one


async def test_accounts_are_looked_up_and_unlocked(ask: Ask) -> None:
    assert await ask("GET", "/users/j.doe") == (200, {"login": "j.doe", "name": "Jamie Doe", "locked": True})
    assert await ask("GET", "/users/m.ross") == (
        200,
        {"login": "m.ross", "name": "Maria Ross", "locked": True},
    )
    assert await ask("GET", "/users/a.kim") == (200, {"login": "a.kim", "name": "Alex Kim", "locked": False})
    unlocked = {"login": "j.doe", "name": "Jamie Doe", "locked": False}
    assert await ask("POST", "/users/j.doe/unlock", {"source": "chat c1"}) == (200, unlocked)
    assert await ask("GET", "/users/j.doe") == (200, unlocked)


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/users/nobody", 404, "no such account"),
        ("POST", "/users/nobody/unlock", 404, "no such account"),
        ("GET", "/orders/9", 404, "no such order"),
        ("GET", "/rebuilds/RB-9", 404, "no such rebuild"),
        ("GET", "/nothing", 404, "Not Found"),
        ("DELETE", "/users/j.doe", 405, "Method Not Allowed"),
    ],
)
async def test_what_is_not_there(ask: Ask, method: str, path: str, status: int, error: str) -> None:
    assert await ask(method, path) == (status, {"error": error})


async def test_orders_say_where_they_are(ask: Ask) -> None:
    assert await ask("GET", "/orders/1002") == (
        200,
        {
            "number": "1002",
            "item": "27-inch monitor",
            "status": "in the warehouse",
            "expected": "in three days",
        },
    )
    assert [(await ask("GET", f"/orders/{number}"))[0] for number in (1001, 1003, 1004)] == [200] * 3


async def test_a_rebuild_moves_with_time(ask: Ask, clock: Clock) -> None:
    wanted = {"asset": "LAP-0001", "requested_by": "Kim"}
    assert await ask("POST", "/rebuilds", wanted) == (202, {"id": "RB-0001", "state": "queued"})
    seen = []
    for seconds in (0, 5, 6, 23, 24, 59, 60, 600):
        clock.now = 1_000 + seconds
        answer = (await ask("GET", "/rebuilds/RB-0001"))[1]
        assert (answer["id"], answer["asset"]) == ("RB-0001", "LAP-0001")
        seen.append((answer["state"], answer["percent"]))
    assert seen == [
        ("queued", 0), ("queued", 8), ("wiping", 10), ("wiping", 38), ("installing", 40), ("installing", 98),
        ("done", 100), ("done", 100),
    ]  # fmt: skip
    assert await ask("POST", "/rebuilds", wanted) == (202, {"id": "RB-0002", "state": "queued"})


async def test_a_laptop_is_rebuilt_once_at_a_time(ask: Ask) -> None:
    await ask("POST", "/rebuilds", {"asset": "LAP-0100"})
    assert await ask("POST", "/rebuilds", {"asset": "LAP-0100"}) == (
        409,
        {"error": "this laptop is being rebuilt already"},
    )
    bodies: list[Any] = [{"asset": "LAP-0101"}, {"asset": "LAP-0000"}, {"asset": ["LAP-0001"]}, [], None]
    for body in bodies:
        assert await ask("POST", "/rebuilds", body) == (404, {"error": "no such laptop"})


async def test_the_log_holds_every_call_until_the_reset(ask: Ask, clock: Clock) -> None:
    await ask("GET", "/users/j.doe")
    clock.now += 2.5
    await ask("POST", "/users/j.doe/unlock", {"source": "chat c1"}, **{"Idempotency-Key": "run1:unlock.1"})
    assert await ask("GET", "/log") == (
        200,
        {
            "calls": [
                {"at": 1000.0, "method": "GET", "path": "/users/j.doe", "body": None, "key": "", "status": 200},
                {
                    "at": 1002.5, "method": "POST", "path": "/users/j.doe/unlock", "body": {"source": "chat c1"},
                    "key": "run1:unlock.1", "status": 200,
                },
            ]
        },
    )  # fmt: skip
    assert await ask("POST", "/reset") == (200, {})
    assert await ask("GET", "/log") == (200, {"calls": []})
    assert (await ask("GET", "/users/j.doe"))[1]["locked"] is True


async def test_a_call_is_in_the_log_before_it_is_answered(desk: Helpdesk, ask: Ask) -> None:
    """So that a caller that dies in between is counted."""
    desk.options = replace(desk.options, latency=30)
    async with asyncio.timeout(2), asyncio.TaskGroup() as tasks:
        slow = tasks.create_task(ask("GET", "/users/j.doe"))
        while not (calls := (await ask("GET", "/log"))[1]["calls"]):
            pass
        slow.cancel()
    assert [(call["path"], call["status"]) for call in calls] == [("/users/j.doe", None)]


async def test_the_same_key_is_not_done_twice(ask: Ask) -> None:
    first = await ask("POST", "/rebuilds", {"asset": "LAP-0001"}, **{"Idempotency-Key": "k"})
    again = await ask("POST", "/rebuilds", {"asset": "LAP-0001"}, **{"Idempotency-Key": "k"})
    assert first == again == (202, {"id": "RB-0001", "state": "queued"})
    assert (await ask("GET", "/rebuilds/RB-0002"))[0] == 404


async def test_a_token_is_needed_where_one_is_set(desk: Helpdesk, ask: Ask) -> None:
    desk.options = replace(desk.options, token="s3cret-ü")
    refused = (401, {"error": "a bearer token is needed"})
    for headers in ({}, {"Authorization": "s3cret-ü"}, {"Authorization": "Bearer s3cret"}):
        for path in ("/users/j.doe", "/log"):
            assert await ask("GET", path, **headers) == refused
    assert (await ask("GET", "/users/j.doe", Authorization="Bearer s3cret-ü"))[0] == 200
    assert len(desk.calls) == 1


async def test_a_body_that_is_no_json_is_no_crash(desk: Helpdesk) -> None:
    async with TestServer(desk.application()) as server, ClientSession() as session:
        for body in (b"{", b"\xff", b"x" * 100_000):
            async with session.post(server.make_url("/rebuilds"), data=body) as answer:
                assert answer.status == 404


# --- as a process ----------------------------------------------------------------------


class Service:
    """The command, started as the demo starts it: it hangs on our pipe."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "bot.demo.helpdesk", "--port", "0", *arguments]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"HELPDESK_TOKEN": "t"},
        )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(timeout=5)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


@pytest.mark.proof
@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "stdin"])
def test_it_says_where_it_is_and_stops_when_told_or_left(how: str) -> None:
    import http.client

    with Service("--latency", "0") as service:
        assert list(json.loads(service.line)) == ["address"]
        address = json.loads(service.line)["address"]
        assert address.startswith("http://127.0.0.1:")
        connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=5)
        connection.request("GET", "/users/a.kim", headers={"Authorization": "Bearer t"})
        answer = connection.getresponse()
        assert (answer.status, json.load(answer)["locked"]) == (200, False)
        connection.close()
        if how == "stdin":
            assert service.process.stdin is not None
            service.process.stdin.close()
        else:
            service.process.send_signal(getattr(signal, how))
        assert service.process.wait(timeout=5) == 0


@pytest.mark.proof
def test_it_does_not_outlive_who_started_it() -> None:
    """Without a pipe as well: the one in between ends, the service notices."""
    start = f"import subprocess, sys; subprocess.Popen([sys.executable, '-m', 'bot.demo.helpdesk'], cwd={str(ROOT)!r}, stdin=subprocess.DEVNULL); sys.stdin.read()"
    between = subprocess.Popen(
        [sys.executable, "-c", start], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert between.stdout is not None
    assert "address" in between.stdout.readline()
    assert between.stdin is not None
    between.stdin.close()
    between.wait(timeout=5)
    assert between.stdout.read() == ""  # ends when the last holder of the pipe is gone: the service
    between.stdout.close()
