"""The doubles that ship, and what every implementation of the port promises."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from bot.connectors.stubs import StubConnectors
from bot.ports import Connectors
from flows.connector import Connector
from flows.effects import Call
from flows.events import CallAnswered
from flows.values import Json
from tests.connectors.conftest import DIRECTORY, Build, Outside, reply, run


def ask(method: str = "get_user", **given: Json) -> Call:
    return Call(id="find.1", connector="directory", method=method, args=given)


async def answered(stubs: Connectors, call: Call | None = None) -> CallAnswered:
    return await stubs.perform(call or ask(login="j.doe"), definition="hash", run=run())


async def test_a_stub_answers_as_the_system_would() -> None:
    stubs = StubConnectors({"directory.get_user": {"body": {"locked": True}, "headers": {"X-Trace": "7"}}})
    assert await answered(stubs) == CallAnswered(
        id="find.1", ok=True, answer={"status": 200, "headers": {"x-trace": "7"}, "body": {"locked": True}}
    )
    assert stubs.calls == [ask(login="j.doe")]


async def test_several_answers_are_used_in_order_and_the_last_stays() -> None:
    stubs = StubConnectors(
        {"directory.get_user": [{"status": 404}, {"error": "no answer within 30s"}, {"body": 1}]}
    )
    seen = [await answered(stubs) for _ in range(4)]
    assert [(one.ok, one.error, one.answer.get("body")) for one in seen] == [
        (False, "404 Not Found", None),
        (False, "no answer within 30s", None),
        (True, "", 1),
        (True, "", 1),
    ]


async def test_a_call_without_a_stub_says_which_is_missing() -> None:
    stubs = StubConnectors({"directory.get_users": {}, "orders.find": {}})
    assert (
        await answered(stubs)
    ).error == "the test has no stub for directory.get_user; there is one for directory.get_users"
    assert (await answered(stubs, ask("unlock"))).error == "the test has no stub for directory.unlock"
    assert stubs.unused == ("directory.get_users", "orders.find")


async def test_a_methods_own_success_holds_for_stubs() -> None:
    stubs = StubConnectors(
        {"directory.missing_is_fine": {"status": 404}},
        definitions=lambda _: Connector.model_validate(DIRECTORY),
    )
    assert (await answered(stubs, ask("missing_is_fine"))).ok


class HandClock:
    """Time that moves when the test says so."""

    def __init__(self) -> None:
        self.time, self.alarms = 0, dict[str, tuple[int, Callable[[], None]]]()

    def now(self) -> int:
        return self.time

    def alarm(self, key: str, at: int, ring: Callable[[], None]) -> None:
        self.alarms[key] = (at, ring)

    def cancel(self, key: str) -> None:
        self.alarms.pop(key, None)


async def test_a_delay_passes_in_the_tests_time() -> None:
    clock = HandClock()
    stubs = StubConnectors({"directory.get_user": [{"delay": "5s"}, {"delay": "31s"}]}, clock)
    for at, expected in ((5_000, (True, "")), (30_000, (False, "no answer within 30s"))):
        task = asyncio.create_task(answered(stubs))
        while not clock.alarms:
            await asyncio.sleep(0)
        ((due, ring),) = clock.alarms.values()
        assert due == at
        ring()
        async with asyncio.timeout(1):
            one = await task
        assert ((one.ok, one.error), clock.alarms) == (expected, {})


async def test_without_a_clock_a_delay_really_passes() -> None:
    stubs = StubConnectors({"directory.get_user": {"delay": "10ms"}})
    began = asyncio.get_running_loop().time()
    assert (await answered(stubs)).ok
    assert asyncio.get_running_loop().time() - began >= 0.009


@pytest.mark.parametrize(
    "wrong", [{"directory.a": []}, {"directory.a": {"stauts": 200}}, {"directory.a": {"status": 7}}]
)
def test_a_wrong_stub_is_an_error(wrong: dict[str, Json]) -> None:
    with pytest.raises((ValueError, ValidationError)):
        StubConnectors(wrong)


@pytest.fixture(params=["http", "stub"])
def either(request: pytest.FixtureRequest, build: Build, outside: Outside) -> Connectors:
    """Both implementations, with the same outside system behind them."""
    if request.param == "http":
        outside.answer = reply(404, b'{"error": "no such account"}')
        return build(outside.address).connectors
    answer = {"status": 404, "headers": {"Content-Type": "application/json", "Content-Length": "28"}}
    return StubConnectors({"directory.get_user": answer | {"body": {"error": "no such account"}}})


async def test_both_answer_alike(either: Connectors) -> None:
    assert await answered(either) == CallAnswered(
        id="find.1",
        ok=False,
        error="404 Not Found",
        answer={
            "status": 404,
            "headers": {"content-type": "application/json", "content-length": "28"},
            "body": {"error": "no such account"},
        },
    )


async def test_both_answer_a_call_that_cannot_be_made(either: Connectors) -> None:
    one = await answered(either, ask("no_such_method"))
    assert (one.id, one.ok, one.answer) == ("find.1", False, {})
    assert "directory.no_such_method" in one.error
