"""Whatever goes wrong is the exit `failure` with a sentence for people."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.connectors.limits import Limits
from tests.connectors.conftest import (
    Build,
    House,
    Names,
    Outside,
    failed,
    listening,
    reply,
    short,
    silence,
)


async def test_nobody_listens(build: Build, outside: Outside) -> None:
    house = build("http://127.0.0.1:1")
    assert short(await house.call("once")) == failed("could not connect to 127.0.0.1:1")


async def test_a_name_that_does_not_exist(build: Build) -> None:
    house = build("http://nobody.localhost.:1", resolver=Names({}))
    assert short(await house.call("once")) == failed("the name nobody.localhost. cannot be found")


async def test_the_other_side_speaks_no_tls(build: Build) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(reply(400))
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        house = build(f"https://127.0.0.1:{port}")
        assert short(await house.call("once")) == failed(f"no secure connection to 127.0.0.1:{port}")


async def test_connecting_has_a_limit_of_its_own_with_tls_in_it(build: Build, outside: Outside) -> None:
    house = build(outside.address.replace("http:", "https:"), limits=Limits(connect=0.1))
    async with asyncio.timeout(1):
        assert short(await house.call("once")) == failed(
            f"could not connect to 127.0.0.1:{outside.port} within 0.1s"
        )
    assert outside.seen == []


async def test_a_certificate_that_nobody_signed(build: Build, certificate: tuple[Path, Path]) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    async with listening(context) as other:
        house = build(f"https://127.0.0.1:{other.port}")
        assert short(await house.call("once")) == failed(f"127.0.0.1:{other.port} has no valid certificate")
    assert other.seen == []


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    import shutil
    import subprocess

    if shutil.which("openssl") is None:
        pytest.skip("no openssl here to make a certificate with")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=stranger"
    subprocess.run([*command.split(), "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, key


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"SSH-2.0-OpenSSH\r\n\r\n", "{place} did not answer in HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}", "{place} broke off in the middle"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", "{place} did not answer in HTTP"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
            "{place} did not answer in HTTP",
        ),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 20_000 + b"\r\n\r\n", "{place} did not answer in HTTP"),
        (reply(200, b"not gzip", content_encoding="gzip"), "{place} broke off in the middle"),
    ],
)
async def test_an_answer_that_is_none(house: House, outside: Outside, answer: bytes, error: str) -> None:
    outside.answer = answer
    assert short(await house.call("once")) == failed(error.format(place=f"127.0.0.1:{outside.port}"))


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'{"a":', "the answer is not valid JSON"),
        (b"NaN", "the answer is not valid JSON"),
        (b"1e999", "the answer is not valid JSON"),
        (b'"\\ud800"', "the answer is not valid JSON"),
        (b'"\xff"', "the answer is not valid JSON"),
        (b"[" * 65 + b"]" * 65, "the answer is nested deeper than 64 levels"),
        (b"[" * 100_000, "the answer is nested deeper than 64 levels"),
        (b"[" + b"1," * 9999 + b"1]", "the answer has more than 10000 values"),
    ],
)
async def test_json_that_cannot_be_kept_is_a_failure(
    house: House, outside: Outside, body: bytes, error: str
) -> None:
    outside.answer = reply(200, body)
    answered = await house.call("once")
    assert short(answered) == failed(error, 200)
    assert answered.answer["body"] is None


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b"[" * 64 + b"]" * 64, "application/json", None),
        (b"[" + b"1," * 9998 + b"1]", "application/json", None),
        (b'\xef\xbb\xbf{"a\\u0000": "b\\u0000c"}', "application/problem+json; charset=utf-8", {"a": "bc"}),
        (b"plain \x00text", "text/plain", "plain text"),
        (b"gr\xfcn", "text/plain; charset=latin-1", "grün"),
        (b"gr\xfcn", "text/plain; charset=nonsense", "gr�n"),
        (b"\xc3\xbc", "text/plain; charset=rot13", "ü"),
        (b'{"a": 1}', "text/html", '{"a": 1}'),
        (b"", "application/json", None),
    ],
)
async def test_a_body_is_json_or_text_as_it_says(
    house: House, outside: Outside, body: bytes, content_type: str, expected: Any
) -> None:
    outside.answer = reply(200, body, content_type=content_type)
    answered = await house.call("once")
    assert answered.ok
    if expected is not None or not body:
        assert answered.answer["body"] == expected


async def test_what_is_missing_fails_before_anything_is_sent(build: Build, outside: Outside) -> None:
    house = build(outside.address)
    assert short(await house.call("unlock", login="x")) == failed("no value for ${source}, ${who}")
    assert short(await house.call("nothing")) == failed("there is no method `directory.nothing`")
    house = build(outside.address, environ={"DIRECTORY_TOKEN": ""})
    assert short(await house.call("once")) == failed(
        "connector `directory` needs the environment variable DIRECTORY_TOKEN, which is not set"
    )
    for address in (
        "ftp://x",
        "http://",
        "http://u@127.0.0.1",
        "http://:p@127.0.0.1",
        "http://x?y",
        "http://a b",
        "http://x:0",
        "127.0.0.1",
    ):
        assert short(await build(address).call("once")) == failed(
            "the address of connector `directory` is not one: it must look like https://host/path"
        )
    assert outside.connections == 0


async def test_a_crash_inside_is_a_failure_without_internals(
    build: Build, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = build(outside.address)
    monkeypatch.setattr("bot.connectors.http.prepare", lambda *_: 1 / 0)
    with capture_logs() as logs:
        assert short(await house.call("once")) == failed("the call could not be made")
    assert [line["event"] for line in logs] == ["call_crashed", "call_answered"]


async def test_a_cancelled_call_is_cancelled(house: House, outside: Outside) -> None:
    outside.answer = silence
    async with asyncio.timeout(1):
        task = asyncio.create_task(house.call("once"))
        while not outside.seen:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_after_the_end_calls_fail(house: House, outside: Outside) -> None:
    await house.call("once")
    await house.connectors.close()
    assert short(await house.call("once")) == failed("the server is stopping")
