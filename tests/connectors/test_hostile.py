"""Hostile values cannot change a request; hostile answers cannot change us."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.connectors.conftest import Build, House, Names, Outside, failed, listening, reply, short


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("../../admin", "..%2F..%2Fadmin"),
        ("a?b=c#d", "a%3Fb%3Dc%23d"),
        ("a b\r\nX: y", "a%20b%0D%0AX%3A%20y"),
        ("%2e%2e/x", "%252e%252e%2Fx"),
        ("//evil.example/", "%2F%2Fevil.example%2F"),
        ("@evil.example:80\\", "%40evil.example%3A80%5C"),
        ("ü;{login}", "%C3%BC%3B%7Blogin%7D"),
        (7, "7"),
        (True, "true"),
    ],
)
async def test_a_value_is_one_part_of_the_path(house: House, outside: Outside, value: Any, part: str) -> None:
    await house.call("get_user", login=value)
    assert outside.seen[0].line == f"GET /users/{part} HTTP/1.1"
    assert outside.seen[0].header("host") == [f"127.0.0.1:{outside.port}"]


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("..", "`..` cannot be a part of a path"),
        (".", "`.` cannot be a part of a path"),
        ("", "`login` is empty, and it is part of a path"),
        (None, "`login` is empty, and it is part of a path"),
        ({"a": 1}, "`login` is part of a path and must be a text or a number"),
        ("\ud800", "a value holds characters that cannot be sent"),
        ("x" * 9000, "the address of the request is longer than 8192 characters"),
    ],
)
async def test_a_value_that_can_be_no_part_of_a_path(
    house: House, outside: Outside, value: Any, error: str
) -> None:
    assert short(await house.call("get_user", login=value)) == failed(error)
    assert outside.connections == 0


@pytest.mark.parametrize("value", ["a\r\nX-Admin: 1", "a\nb", "a\rb", "a\0b", "\x7f"])
async def test_a_header_takes_no_line_breaks(house: House, outside: Outside, value: str) -> None:
    assert short(await house.call("noted", source=value)) == failed(
        "the header `X-Source` cannot hold line breaks or control characters"
    )
    assert outside.connections == 0


async def test_a_header_takes_any_other_text(house: House, outside: Outside) -> None:
    await house.call("noted", source="Kim ü: x, y\tz")
    assert outside.seen[0].header("x-source") == ["Kim ü: x, y\tz"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(house: House, outside: Outside, status: int) -> None:
    async with listening() as canary:
        outside.answer = reply(status, location=f"{canary.address}/inside")
        answered = await house.call("once")
    assert (answered.ok, answered.answer["status"], canary.connections) == (False, status, 0)
    assert answered.answer["headers"]["location"] == f"{canary.address}/inside"


async def test_the_environment_changes_no_route_and_adds_no_password(
    build: Build, outside: Outside, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login joe password secret\n")
    async with listening() as canary:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, canary.address)
        monkeypatch.setenv("NETRC", str(netrc))
        assert (await build(outside.address, document={"auth": {"type": "none"}}).call("once")).ok
    assert canary.connections == 0
    assert outside.seen[0].header("authorization") == []


async def test_cookies_are_not_kept(build: Build, outside: Outside) -> None:
    """By name, for a cookie jar keeps none of a bare address."""
    names = Names({"shop.example": ["127.0.0.1"]})
    house = build(f"http://shop.example:{outside.port}", resolver=names)
    outside.answer = reply(set_cookie="session=abc")
    await house.call("once")
    await house.call("once")
    assert outside.seen[1].header("cookie") == []


async def test_a_secret_that_is_echoed_is_masked_in_every_form(build: Build, outside: Outside) -> None:
    token = 'tok/"en+ä 1234567'
    forms = [token, "tok%2F%22en%2B%C3%A4%201234567", "dG9rLyJlbivDpCAxMjM0NTY3", 'tok/\\"en+\\u00e4 1234567']
    echo = {"echo": forms, token: "key", "nested": [{"deep": f"<{token}>"}], "fine": "token"}
    outside.answer = reply(500, json.dumps(echo).encode(), x_echo="dG9rLyJlbivDpCAxMjM0NTY3")
    house = build(outside.address, environ={"DIRECTORY_TOKEN": token})
    with capture_logs() as logs:
        answered = await house.call("once")
    assert answered.answer["body"] == {
        "echo": ["•••"] * 4, "•••": "key", "nested": [{"deep": "<•••>"}], "fine": "token",
    }  # fmt: skip
    assert answered.answer["headers"]["x-echo"] == "•••"
    assert "1234567" not in str(answered)
    assert "1234567" not in str(logs)


async def test_a_credential_is_masked_as_it_was_sent_wherever_it_came_from(
    build: Build, outside: Outside
) -> None:
    """A token that stands in the file itself, and the pair of a Basic header."""
    outside.answer = reply(200, b'["written-in-the-file", "Basic dTpwdw=="]')
    for auth, masked in (
        ({"type": "bearer", "token": "written-in-the-file"}, ["•••", "Basic dTpwdw=="]),
        ({"type": "basic", "username": "u", "password": "pw"}, ["written-in-the-file", "Basic •••"]),
    ):
        answered = await build(outside.address, document={"auth": auth}).call("once")
        assert answered.answer["body"] == masked


async def test_an_error_is_masked(build: Build) -> None:
    house = build("http://127.0.0.1:1", environ={"DIRECTORY_TOKEN": "127.0.0.1"})
    assert short(await house.call("once")) == failed("could not connect to •••:1")


async def test_a_number_that_is_a_secret_is_masked(build: Build, outside: Outside) -> None:
    outside.answer = reply(200, b'{"pin": 48151623, "n": 42}')
    house = build(outside.address, environ={"DIRECTORY_TOKEN": "48151623"})
    assert (await house.call("once")).answer["body"] == {"pin": "•••", "n": 42}


async def test_a_large_answer_is_masked_too(build: Build, outside: Outside) -> None:
    """It is read in a thread, past another door."""
    outside.answer = reply(200, json.dumps(["x" * 70_000, "tok-1234567890"]).encode())
    assert (await build(outside.address).call("once")).answer["body"][1] == "•••"


async def test_the_reason_phrase_of_the_other_side_is_not_repeated(house: House, outside: Outside) -> None:
    outside.answer = b"HTTP/1.1 503 \x1b[31mtok-1234567890\r\ncontent-length: 0\r\n\r\n"
    assert short(await house.call("once")) == failed("503 Service Unavailable", 503)


async def test_header_bytes_that_are_no_text_are_made_one(house: House, outside: Outside) -> None:
    outside.answer = b"HTTP/1.1 200 OK\r\nx: gr\xfcn\r\ncontent-length: 0\r\n\r\n"
    (await house.call("once")).answer["headers"]["x"].encode()
