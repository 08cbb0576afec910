"""What a `call` step does in the world, against a real server on loopback."""

from __future__ import annotations

import json

import pytest

from flows.effects import Call
from flows.events import CallAnswered
from tests.connectors.conftest import Build, House, Outside, failed, reply, run, short


async def test_a_call_brings_back_status_headers_and_body(house: House, outside: Outside) -> None:
    outside.answer = reply(200, b'{"login": "j.doe", "locked": true}', X_Trace="7", Set_Cookie="a=b")
    answered = await house.call("get_user", login="j.doe")
    assert answered == CallAnswered(
        id="find.1",
        ok=True,
        answer={
            "status": 200,
            "headers": {"content-type": "application/json", "content-length": "34", "x-trace": "7"},
            "body": {"login": "j.doe", "locked": True},
        },
    )
    (seen,) = outside.seen
    assert seen.line == "GET /users/j.doe HTTP/1.1"
    assert seen.header("authorization") == ["Bearer tok-1234567890"]
    assert seen.header("user-agent") == ["cuebook"]
    assert seen.header("cookie") == []


async def test_chat_properties_go_along_as_configured(house: House, outside: Outside) -> None:
    """S18: the outside system can record where an update came from."""
    await house.call("unlock", login="j.doe", source="chat c1 of it-helpdesk", who={"id": 7, "name": "Kim"})
    (seen,) = outside.seen
    assert seen.line == "POST /users/j.doe/unlock HTTP/1.1"
    assert seen.header("content-type") == ["application/json"]
    assert json.loads(seen.body) == {"source": "chat c1 of it-helpdesk", "by": [{"id": 7, "name": "Kim"}]}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (199, failed("127.0.0.1:{port} broke off in the middle")),  # informational: no final answer came
        (200, (True, "", 200)),
        (299, (True, "", 299)),
        (300, failed("300 Multiple Choices", 300)),
        (404, failed("404 Not Found", 404)),
        (500, failed("500 Internal Server Error", 500)),
        (599, failed("599", 599)),
    ],
)
async def test_statuses_200_to_299_are_success(
    house: House, outside: Outside, status: int, expected: tuple[bool, str, int | None]
) -> None:
    """H71, at its edges."""
    outside.answer = reply(status)
    ok, error, got = expected
    assert short(await house.call("get_user", login="x")) == (ok, error.format(port=outside.port), got)


async def test_a_method_may_call_other_statuses_success(house: House, outside: Outside) -> None:
    outside.answer = reply(404)
    assert short(await house.call("missing_is_fine")) == (True, "", 404)
    outside.answer = reply(405)
    assert short(await house.call("missing_is_fine")) == failed("405 Method Not Allowed", 405)


async def test_the_answer_of_a_failure_can_be_read(house: House, outside: Outside) -> None:
    outside.answer = reply(409, b'{"error": "already open"}')
    answered = await house.call("get_user", login="x")
    assert (answered.ok, answered.answer["body"]) == (False, {"error": "already open"})


async def test_query_and_form_fields_are_encoded_each_for_itself(house: House, outside: Outside) -> None:
    await house.call("search", q="a&b=c#d e/ä", tags=["x", "y&z"])
    await house.call("form", text="a&b=c +%\r\nX: y")
    assert outside.seen[0].line == "GET /users?q=a%26b%3Dc%23d%20e%2F%C3%A4&tag=x&tag=y%26z&all=true HTTP/1.1"
    assert outside.seen[1].body == b"text=a%26b%3Dc%20%2B%25%0D%0AX%3A%20y"
    assert outside.seen[1].header("content-type") == ["application/x-www-form-urlencoded"]


async def test_basic_and_header_credentials(build: Build, outside: Outside) -> None:
    environ = {"USER_NAME": "bot", "PASS": "p:ss", "KEY": "k-1"}
    basic = {"type": "basic", "username": "${env.USER_NAME}", "password": "${secret.PASS}"}
    header = {"type": "header", "header": "X-Api-Key", "value": "v1 ${secret.KEY}"}
    for auth in (basic, header, {"type": "none"}):
        await build(outside.address, document={"auth": auth}, environ=environ).call("once")
    assert [seen.header("authorization") for seen in outside.seen] == [["Basic Ym90OnA6c3M="], [], []]
    assert [seen.header("x-api-key") for seen in outside.seen] == [[], ["v1 k-1"], []]


async def test_the_path_of_the_base_address_stays(build: Build, outside: Outside) -> None:
    await build(outside.address + "/api/v2/").call("once")
    assert outside.seen[0].line == "PUT /api/v2/thing HTTP/1.1"


@pytest.mark.parametrize("method", ["get_user", "once"])
async def test_a_request_whose_answer_is_lost_is_not_sent_again(
    house: House, outside: Outside, method: str
) -> None:
    """aiohttp alone would repeat a GET and a PUT: an effect done twice."""
    outside.answer = b""
    answered = await house.call(method, login="x")
    assert short(answered) == failed(f"127.0.0.1:{outside.port} broke off in the middle")
    assert len(outside.seen) == 1


async def test_a_repeatable_method_sends_the_key_of_its_effect(house: House, outside: Outside) -> None:
    await house.call("again")
    await house.call("again")
    await house.call("once")
    assert [seen.header("idempotency-key") for seen in outside.seen] == [["run1:find.1"], ["run1:find.1"], []]


async def test_a_repeatable_step_sends_it_as_well(house: House, outside: Outside) -> None:
    call = Call(id="thing.2", connector="directory", method="once", repeatable=True)
    await house.connectors.perform(call, definition="hash", run=run())
    assert outside.seen[0].header("idempotency-key") == ["run1:thing.2"]


async def test_a_description_sends_nothing_and_shows_no_secret(build: Build, outside: Outside) -> None:
    house = build(outside.address, environ={"DIRECTORY_TOKEN": ""})
    call = Call(
        id="a.1", connector="directory", method="unlock", args={"login": "a/b", "source": "s", "who": 1}
    )
    assert house.connectors.describe(call, definition="") == {
        "method": "POST",
        "url": f"{outside.address}/users/a%2Fb/unlock",
        "headers": {
            "content-type": "application/json", "accept": "application/json", "authorization": "Bearer •••",
        },
        "body": '{"source":"s","by":[1]}',
    }  # fmt: skip
    assert outside.connections == 0
