"""`cuebook serve` as a process: it opens, it drains, it says what is in its way."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.rows import Run
from bot.storage.open import open_readonly
from tests.cli.conftest import Call, Program, lay_out
from tests.cli.talk import Talk

pytestmark = pytest.mark.proof
Start = Callable[..., Program]

BUY = """\
kind: runbook
id: buy
audience: anyone
steps:
  - chat_message: Buying …
  - call: shop.buy
    with: {item: Chair}
  - end: success
    result: Bought
"""
COUNTER = """\
kind: chat-profile
id: counter
flow:
  - runbook: buy
    outcomes: {success: bye, failure: bye}
  - id: bye
    end: $RUNBOOKRESULT
"""


@pytest.fixture(scope="module")
def served(
    program: Start, project_files: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Program, Path, str]:
    """A server that the tests of this module share, its folder, and its address."""
    root = lay_out(tmp_path_factory.mktemp("served"), project_files)
    server = program("serve", "--port", "0", "--json", cwd=root)
    return server, root, server.address()


async def test_it_opens_and_says_where(served: tuple[Program, Path, str]) -> None:
    server, root, address = served
    assert json.loads(server.out) == {"address": address}
    assert f"Serving {root.name} at {address}; state in {root}/.cuebook" in server.err
    async with aiohttp.ClientSession() as session:
        for page in ("/livez", "/readyz", "/chat/hall"):
            async with session.get(address + page) as answer:
                assert answer.status == 200


async def test_a_chat_is_played_over_its_socket(served: tuple[Program, Path, str]) -> None:
    async with Talk.at(served[2], "hall") as talk:
        await talk.until("message", "Who are you?")
        await talk.say("Ada")
        await talk.until("message", "Hello Ada, no tags")


def test_missing_variables_are_complained_about_and_stop_nothing(served: tuple[Program, Path, str]) -> None:
    warnings = [json.loads(line) for line in served[0].err.splitlines() if '"variable_missing"' in line]
    assert [(one["level"], one["connector"], one["variable"]) for one in warnings] == [
        ("warning", "shop", "SHOP_URL"),
        ("warning", "shop", "SHOP_TOKEN"),
    ]


def test_state_is_nobody_elses(served: tuple[Program, Path, str]) -> None:
    state = served[1] / ".cuebook"
    assert state.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in state.iterdir() if "token" in path.name)


def test_a_port_that_is_taken_is_said(
    served: tuple[Program, Path, str], call: Call, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = served[2].rpartition(":")[2]
    monkeypatch.setenv("PORT", port)
    assert call("serve") == (
        4, "", f"error: port {port} on 127.0.0.1 is in use by another program: stop it, or choose another with PORT=…\n"
    )  # fmt: skip


def test_a_project_is_served_once(served: tuple[Program, Path, str], call: Call) -> None:
    server, root, _ = served
    said = call("serve", "--port", "0", "--project", str(root))
    assert (said.code, said.out) == (4, "")
    assert f"error: another process (pid {server.process.pid}) serves this project" in said.err


async def test_sigterm_drains_says_goodbye_and_ends_well(
    served: tuple[Program, Path, str],
) -> None:
    """The last one to use the shared server."""
    server, root, address = served
    async with Talk.at(address, "hall") as talk:
        await talk.until("message", "Who are you?")
        server.signal(signal.SIGTERM)
        assert await talk.closed() == 1012
    assert await asyncio.to_thread(server.ended) == 0
    assert "Stopping." in server.err
    assert "Traceback" not in server.err
    assert not (root / ".cuebook" / "cuebook.db-wal").exists()


@pytest.fixture
async def shop() -> AsyncIterator[tuple[str, asyncio.Event, asyncio.Event]]:
    """An outside system that answers when it is let go: address, called, let go."""
    called, let_go = asyncio.Event(), asyncio.Event()

    async def buy(_: web.Request) -> web.Response:
        called.set()
        await let_go.wait()
        return web.json_response({})

    app = web.Application()
    app.router.add_post("/orders", buy)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", called, let_go
    let_go.set()
    await runner.cleanup()


async def test_what_is_in_flight_is_finished_and_a_second_signal_does_not_wait_for_it(
    shop: tuple[str, asyncio.Event, asyncio.Event],
    program: Start,
    project_files: dict[str, str],
    tmp_path: Path,
) -> None:
    address, called, let_go = shop
    more = {"runbooks/buy.yaml": BUY, "profiles/counter.yaml": COUNTER}
    root = lay_out(tmp_path, project_files | more)
    env = {"SHOP_URL": address, "SHOP_TOKEN": "t", "CUEBOOK_ALLOW": "127.0.0.1", "CUEBOOK_DRAIN": "30"}

    server = program("serve", "--port", "0", "--json", cwd=root, **env)
    served = await asyncio.to_thread(server.address)
    async with Talk.at(served, "counter") as talk:
        await asyncio.wait_for(called.wait(), 5)
        server.signal(signal.SIGINT)
        assert await talk.closed() == 1012
    assert server.process.poll() is None
    let_go.set()
    assert await asyncio.to_thread(server.ended) == 130
    store = await open_readonly(f"sqlite://{root}/.cuebook/cuebook.db")
    assert [(run.state, run.message) for run in await store.find(Run)] == [("succeeded", "Bought")]
    await store.close()

    called.clear()
    let_go.clear()
    server = program("serve", "--port", "0", "--json", cwd=root, **env)
    served = await asyncio.to_thread(server.address)
    async with Talk.at(served, "counter") as talk:
        await asyncio.wait_for(called.wait(), 5)
        server.signal(signal.SIGTERM)
        assert await talk.closed() == 1012
    server.signal(signal.SIGTERM)
    assert await asyncio.to_thread(server.ended, 2.0) == 128 + signal.SIGTERM


def test_a_worker_idles_until_it_is_told(
    program: Start, project_files: dict[str, str], tmp_path: Path
) -> None:
    worker = program("worker", cwd=lay_out(tmp_path, project_files))
    worker.until(lambda: "`cuebook serve` carries out the runs itself" in worker.err)
    worker.signal(signal.SIGTERM)
    assert worker.ended() == 0
