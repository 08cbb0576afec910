"""The bench measures what it says: a wrong reply is found, and each part can be read."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench import memory, report, runs, small_project, turns
from bench.bare import GroupCommit, echo, remembering, site
from bench.load import Cuebook, Plain, Tally, connect
from bench.plan import QUICK
from bench.processes import Failed
from bench.sockets import frame
from bot.rows import Run
from flows.effects import Call
from flows.events import CallAnswered
from flows.loader import load_project


class Ears:
    """A transport that remembers."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.sent.append(data)


def test_the_measured_project_is_a_good_one(tmp_path: Path) -> None:
    project = load_project(small_project.write(tmp_path))
    assert sorted(project.profiles) == ["echo", "parking", "resting"]
    assert sorted(project.runbooks) == ["nap", "slow", "ten"]
    assert len(project.runbooks["ten"].document.steps) == runs.STEPS + 1


async def test_a_bare_server_that_commits_has_saved_what_it_answered(tmp_path: Path) -> None:
    commits = GroupCommit(tmp_path / "bare.db")
    state: dict[str, Any] = {"id": "c", "turns": 0, "last": ""}
    answer = remembering(commits)
    try:
        said = await asyncio.gather(*(answer(state, f"ping {n}") for n in range(5)))
    finally:
        await asyncio.to_thread(commits.close)
    assert said == [f"pong {n}" for n in range(5)]
    with sqlite3.connect(tmp_path / "bare.db") as database:
        assert database.execute("SELECT body FROM state").fetchall() == [
            ('{"id":"c","turns":5,"last":"ping 4"}',)
        ]
    database.close()


async def test_the_load_generator_speaks_websocket_to_a_real_server() -> None:
    from aiohttp import web

    runner = web.AppRunner(site(echo), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    tally = Tally()
    try:
        talkers = await connect(runner.addresses[0][1], "plain", 3, tally)
        tally.counting = True
        for one in talkers:
            one.go()
        async with asyncio.timeout(5):
            while len(tally.seconds) < 30:
                await asyncio.sleep(0)
        tally.stopping = True
        async with asyncio.timeout(5):
            while not all(one.idle for one in talkers):
                await asyncio.sleep(0)
        for one in talkers:
            one.transport.abort()
    finally:
        await runner.cleanup()
    assert tally.wrong == []


async def plain(tally: Tally) -> Plain:
    """Somebody who has said `ping 1`."""
    one = Plain(tally)
    one.transport = Ears()  # type: ignore[assignment]
    one._upgraded = True
    one.upgraded()
    one.go()
    return one


async def test_a_wrong_reply_is_found() -> None:
    tally = Tally()
    one = await plain(tally)
    one.data_received(b"\x81\x06pong 1")
    assert tally.wrong == []
    one.data_received(b"\x81\x06pong 1")
    assert tally.wrong == ["reply 2: b'pong 1'"]


async def test_frames_may_come_in_pieces() -> None:
    tally = Tally()
    one = await plain(tally)
    for byte in b"\x81\x06pong 1\x89\x00\x81\x7e\x00\x06pong 2":
        one.data_received(bytes((byte,)))
    assert tally.wrong == []
    assert one.transport.sent == [  # type: ignore[attr-defined]
        frame(b"ping 1"), frame(b"ping 2"), frame(b"", 0x8A), frame(b"ping 3"),
    ]  # fmt: skip


def test_a_long_frame_tells_its_length_in_two_bytes() -> None:
    assert frame(b"x" * 300)[:8] == b"\x81\xfe\x01\x2c\x00\x00\x00\x00"


def own(seq: int, text: str, sender: str = "user") -> bytes:
    return b'{"type":"message","seq":%d,"from":"%s","text":"%s"}' % (seq, sender.encode(), text.encode())


async def chat(tally: Tally) -> Cuebook:
    """A chat that was greeted and has said `ping 1`."""
    one = Cuebook(tally, "10.0.0.1")
    one.transport = Ears()  # type: ignore[assignment]
    one.heard(b'{"type":"welcome","chat":"c"}')
    one.heard(own(1, "pong ", "bot"))
    assert one.ready.done()
    one.go()
    return one


async def test_a_turn_is_over_when_the_reply_and_the_acknowledgement_are_in() -> None:
    tally = Tally()
    one = await chat(tally)
    one.heard(own(2, "ping 1"))
    one.heard(own(3, "pong ping 1", "bot"))
    assert tally.said == 1
    one.heard(b'{"type":"ack","cmid":"c1","seq":2,"duplicate":false}')
    assert (tally.said, tally.wrong) == (2, [])


@pytest.mark.parametrize(
    "frames",
    [
        [own(3, "ping 1")],  # a gap
        [own(2, "ping 7")],  # somebody else's words
        [own(2, "ping 1"), own(3, "pong ping 0", "bot")],  # the reply before
        [own(2, "ping 1"), b'{"type":"ack","cmid":"c1","seq":9,"duplicate":false}'],
        [b'{"type":"error","code":"too_many","message":"no"}'],
    ],
)
async def test_a_chat_that_goes_wrong_is_found(frames: list[bytes]) -> None:
    tally = Tally()
    one = await chat(tally)
    for payload in frames:
        one.heard(payload)
    assert len(tally.wrong) == 1


async def test_a_ten_step_run_is_walked_and_checked(tmp_path: Path) -> None:
    async with runs.house(tmp_path, runs.Stub()) as runtime:
        await runs.of_cuebook(runtime)(1)


async def test_a_run_that_fails_makes_the_measurement_void(tmp_path: Path) -> None:
    class Broken(runs.Stub):
        async def perform(self, call: Call, *, definition: str, run: Run) -> CallAnswered:
            return CallAnswered(id=call.id, ok=False, error="no")

    async with runs.house(tmp_path, Broken()) as runtime:
        with pytest.raises(Failed, match="ended as failed"):
            await runs.of_cuebook(runtime)(1)


@pytest.mark.parametrize("profile", ["parking", "resting"])
async def test_parked_chats_wait_for_their_runs(tmp_path: Path, profile: str) -> None:
    async with runs.house(tmp_path, memory.Gate(), runs_at_work=200, drain=0) as runtime:
        await memory.fill(runtime, profile, 100)
        assert runtime.starts.open.total() == 100


def test_the_table_sets_ours_beside_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"rate": 5000.0, "p50": 1.0, "p99": 2.0, "cpu": 100.0, "load": 0.5, "count": 1000}
    results = {
        (kind, clients): row | {"cpu": cpu}
        for clients in QUICK.clients
        for kind, cpu in (("cuebook", 100.0), ("echo", 10.0), ("group", 20.0))
    }
    turns.show(results, QUICK)
    shown = capsys.readouterr().out
    assert "| Cuebook | 50 | 5,000 | 1 | 2 | 100 | 1.0 |" in shown
    assert "| the same + group commit | 50 | 5,000 | 1 | 2 | 20 | 5.0 |" in shown


def test_figures_have_three_digits() -> None:
    assert [report.figure(value) for value in (0.01234, 5.678, 123.4, 12345.6)] == [
        "0.0123", "5.68", "123", "12,346",
    ]  # fmt: skip


def test_machine_is_described(tmp_path: Path) -> None:
    assert "SQLite" in report.machine(tmp_path)
    assert SimpleNamespace(kind=report.filesystem(tmp_path)).kind not in ("", "?")
