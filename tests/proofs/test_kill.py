"""kill -9, and what people and the system outside see of it (promises 1 and 2)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.guide.house import CONNECTOR, PATIENCE, Outside
from tests.proofs.server import Server

pytestmark = pytest.mark.proof

PROFILE = """\
kind: chat-profile
id: desk
flow:
  - id: menu
    ask: What now?
    options: {Wait: wait, Later: later, Echo: echo}
  - id: wait
    runbook: waiting
    outcomes: {success: good, failure: bad}
  - id: good
    say: "Good: $RUNBOOKRESULT"
    next: menu
  - id: bad
    say: "Bad: $RUNBOOKRESULT"
    next: menu
  - id: later
    runbook: background
    outcomes: {started: started, success: started, failure: bad}
  - id: started
    say: Started.
    next: menu
  - id: echo
    ask: Say something.
    save: word
  - id: said
    say: You said $word.
    next: echo
"""
WAITING = """\
kind: runbook
id: waiting
audience: anyone
steps:
  - chat_message: Looking …
  - call: desk.get
    with: {name: first}
  - id: second
    call: desk.get
    with: {name: second}
  - {end: success, result: Done.}
"""
BACKGROUND = """\
kind: runbook
id: background
audience: anyone
method: asynchronous
announce: result
steps:
  - call: desk.get
    with: {name: before}
  - pause: 2s
  - call: desk.get
    with: {name: after}
  - {end: success, result: All done.}
"""


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    service = Outside()
    await service.start()
    yield service
    await service.stop()


@pytest.fixture
async def server(tmp_path: Path, outside: Outside) -> AsyncIterator[Server]:
    files = {
        "cuebook.toml": '[connectors]\nallow = ["127.0.0.1"]\n',
        "profiles/desk.yaml": PROFILE,
        "runbooks/waiting.yaml": WAITING,
        "runbooks/background.yaml": BACKGROUND,
        "connectors/desk.yaml": CONNECTOR,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    process = Server(tmp_path, {"DESK_URL": outside.url})
    await process.start()
    yield process
    await process.stop()


async def test_s47_a_killed_waiting_run_ends_as_interrupted_and_nothing_is_repeated(
    server: Server, outside: Outside
) -> None:
    outside.hold("/things/second")
    guest = await server.open(profile="desk")
    await guest.hears("What now?")
    await guest.press("Wait")
    await guest.hears("Looking …")
    await outside.was_asked("/things/second")

    await server.kill()
    await server.start()

    back = await server.back(guest, last_seq=3)
    await back.hears("Bad: Runbook failed: interrupted at step second", "What now?")
    assert sorted(path for _, path, _ in outside.asked) == ["/things/first", "/things/second"]


async def test_a_killed_background_pause_goes_on(server: Server, outside: Outside) -> None:
    guest = await server.open(profile="desk")
    await guest.hears("What now?")
    await guest.press("Later")
    await guest.hears("Started.", "What now?")
    await outside.was_asked("/things/before")
    async with asyncio.timeout(PATIENCE):
        while not await server.waits():  # the answer is journalled, the pause has begun
            await asyncio.sleep(0.02)

    await server.kill()
    await server.start()

    back = await server.back(guest, last_seq=4)
    await back.hears("All done.")
    assert [path for _, path, _ in outside.asked] == ["/things/before", "/things/after"]


async def test_what_was_acknowledged_is_there_once_after_every_kill(server: Server) -> None:
    guest = await server.open(profile="desk")
    await guest.hears("What now?")
    await guest.press("Echo")
    await guest.hears("Say something.")
    acknowledged: list[str] = []
    for kill in range(5):
        for number in range(3 + kill):
            await guest.say(f"word-{kill}-{number}", cmid=f"w{kill}-{number}")
        await asyncio.sleep(0.002 * kill)  # a moment in the middle of things
        await server.kill()
        frames = [frame["cmid"] for frame in guest.frames if frame["type"] == "ack"]
        acknowledged += [cmid for cmid in frames if cmid.startswith("w")]
        await server.start()
        guest = await server.back(guest, last_seq=0)
        await guest.hears_at_least("Say something.")
    said = [frame["text"] for frame in guest.frames if frame.get("from") == "user"]
    answered = [line["text"] for line in guest.lines]
    for cmid in acknowledged:
        word = f"word-{cmid[1:]}"
        assert said.count(word) == 1
        assert answered.count(f"You said {word}.") == 1
    seqs = [frame["seq"] for frame in guest.frames if "seq" in frame and frame["type"] in ("message", "note")]
    assert seqs == list(range(1, len(seqs) + 1))
