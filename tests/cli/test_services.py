"""The services of `[[dev.services]]`: processes that come and go with us."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from bot.cli.services import Service, _Child, read_services, running
from bot.errors import OperatorError, SettingsError

GOOD = """
import json, os, sys
print(json.dumps({"address": "http://127.0.0.1:4711/"}), flush=True)
print(sorted(os.environ), file=sys.stderr, flush=True)
sys.stdin.read()
"""


def _service(code: str, **more: Any) -> Service:
    return Service(name="shop", command=["python", "-c", code], env={"SHOP_URL": "{address}/v1"}, **more)


def test_services_are_read_from_the_project() -> None:
    (service,) = read_services(
        {"dev": {"services": [{"name": "a", "command": ["x"], "env": {"A": "{address}"}}]}}
    )
    assert (service.name, service.command, service.env, service.keep) == ("a", ["x"], {"A": "{address}"}, [])
    assert read_services({}) == []


@pytest.mark.parametrize(
    ("dev", "message"),
    [
        ({"services": [{"name": "a"}]}, "missing required field `command`"),
        ({"services": [{"name": "a", "command": []}]}, "of length >= 1"),
        ({"services": [{"name": "a", "command": ["x"], "evn": {}}]}, "unknown field `evn`"),
        ({"services": {"name": "a"}}, "Expected `array`"),
        ("x", "Expected `array`"),
    ],
)
def test_a_service_that_cannot_be_read_is_refused(dev: object, message: str) -> None:
    with pytest.raises(SettingsError, match=r"cuebook.toml, dev\.services: .*" + message):
        read_services({"dev": dev})


async def test_a_service_whose_variables_are_set_is_not_started(tmp_path: Path) -> None:
    told: list[str] = []
    async with running([_service("")], tmp_path, told.append, {"SHOP_URL": "http://mine"}) as started:
        assert (started.env, started.allow) == ({}, [])
    assert told == ["SHOP_URL is set: the service `shop` is not started"]


async def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="the service `x` cannot be started: No such file"):
        async with running([Service(name="x", command=["no-such-program"])], tmp_path, print, {}):
            pass


@pytest.mark.proof
async def test_its_address_reaches_the_connectors_and_no_secret_reaches_it(tmp_path: Path) -> None:
    environ = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "AWS_SECRET": "s", "SHOP_TOKEN": "t"}
    child = _Child(_service(GOOD, keep=["SHOP_TOKEN"]), print)
    assert await child.start(tmp_path, environ) == "http://127.0.0.1:4711"
    try:
        async with asyncio.timeout(5):
            while not child._last_words:
                await asyncio.sleep(0.02)
    finally:
        await child.stop()
    assert set(eval(child._last_words[0])) - {"LC_CTYPE"} == {"LC_ALL", "PATH", "SHOP_TOKEN"}


@pytest.mark.proof
async def test_it_ends_with_us_and_so_does_what_it_started(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys; other = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE);"
        'print(\'{"address": "http://127.0.0.1:%d"}\' % other.pid, flush=True); sys.stdin.read(); other.wait()'
    )
    told: list[str] = []
    async with running([_service(code)], tmp_path, told.append, {}) as started:
        (allowed,) = started.allow
        other = int(allowed.rpartition(":")[2])
        assert started.env == {"SHOP_URL": f"http://127.0.0.1:{other}/v1"}
        assert _lives(other)
    async with asyncio.timeout(5):
        while _lives(other):
            await asyncio.sleep(0.02)
    assert told == []


def _lives(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


@pytest.mark.proof
async def test_one_that_does_not_listen_to_sigterm_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.cli.services.STOP", 0.2)
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + GOOD + "time.sleep(60)"
    child = _Child(_service(code.replace("sys.stdin.read()", "")), print)
    await child.start(tmp_path, {})
    async with asyncio.timeout(5):
        await child.stop()
    assert child._process is not None
    assert child._process.returncode == -9


@pytest.mark.proof
@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "raise SystemExit('no disk')",
            "the service `shop` has ended (exit code 1)\n  no disk",
        ),
        (
            "print('hello', flush=True); input()",
            'the service `shop` must print {"address": "http://…"} as its first line',
        ),
        ("print('{\"address\": 1}', flush=True); input()", "the service `shop` gave an address that is none"),
        ("print('x' * 10_000, flush=True); input()", "the service `shop` must print"),
    ],
)
async def test_one_that_does_not_come_up_is_said_with_its_last_words(
    tmp_path: Path, code: str, message: str
) -> None:
    with pytest.raises(OperatorError) as refused:
        async with running([_service(code)], tmp_path, print, {}):
            pass
    assert str(refused.value).startswith(message)


@pytest.mark.proof
async def test_one_that_says_nothing_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.cli.services.START", 0.2)
    with pytest.raises(OperatorError, match=r"gave no address within 0\.2 s"):
        async with running([_service("input()")], tmp_path, print, {}):
            pass


@pytest.mark.proof
async def test_one_that_dies_early_is_noticed(tmp_path: Path) -> None:
    told: list[str] = []
    code = GOOD.replace("sys.stdin.read()", "print('out of paper', file=sys.stderr); sys.exit(3)")
    async with running([_service(code)], tmp_path, told.append, {}), asyncio.timeout(5):
        while not told:
            await asyncio.sleep(0.02)
    assert told[0].startswith("the service `shop` has ended (exit code 3); calls to it fail from now on\n")
    assert told[0].endswith("\n  out of paper")
    assert len(told) == 1


@pytest.mark.proof
async def test_one_that_talks_a_lot_never_waits_for_us(tmp_path: Path) -> None:
    told: list[str] = []
    code = GOOD.replace("sys.stdin.read()", "print('x' * 5_000_000, flush=True); sys.exit(0)")
    async with running([_service(code)], tmp_path, told.append, {}), asyncio.timeout(5):
        while not told:
            await asyncio.sleep(0.02)


@pytest.mark.proof
async def test_only_an_address_of_this_machine_is_allowed_by_itself(tmp_path: Path) -> None:
    code = GOOD.replace("127.0.0.1:4711/", "10.1.2.3:80")
    async with running([_service(code)], tmp_path, print, {}) as started:
        assert (started.env["SHOP_URL"], started.allow) == ("http://10.1.2.3:80/v1", [])
