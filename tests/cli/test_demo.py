"""`cuebook demo`: everything there at once, and gone with it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Call, Program
from tests.cli.talk import Talk

Start = Callable[..., Program]


def _said(demo: Program, name: str) -> str:
    found = re.search(rf"^{name}: (.*)$", demo.out, re.MULTILINE)
    return found[1] if found else ""


def _helpdesk(of: int) -> int:
    """The demo's outside system: a child of the demo."""
    children = Path(f"/proc/{of}/task/{of}/children").read_text().split()
    (pid,) = [int(pid) for pid in children if b"helpdesk" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return pid


def _lives(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


@pytest.mark.proof
async def test_it_is_played_edited_and_killed(program: Start, tmp_path: Path) -> None:
    demo = program("demo", cwd=tmp_path, PORT="0", SHOP_TOKEN="open-sesame-4711")
    await asyncio.to_thread(demo.until, lambda: _said(demo, "Stop"))
    address = _said(demo, "Open")
    assert re.fullmatch(r"http://127\.0\.0\.1:[1-9]\d+/chat/it-helpdesk", address)
    assert _said(demo, "Change") == "the files in .cuebook-demo; saved ones are taken at once"
    assert (tmp_path / ".cuebook-demo" / ".gitignore").read_text() == "*\n"
    helpdesk = _helpdesk(demo.process.pid)
    environ = Path(f"/proc/{helpdesk}/environ").read_bytes()
    assert b"PATH=" in environ
    assert b"sesame" not in environ

    async with Talk.at(address.removesuffix("/chat/it-helpdesk"), "it-helpdesk") as talk:
        await talk.until("message", "What can I do for you?")
        await talk.say("Unlock my account")
        await talk.until("message", "Which login is locked?")
        await talk.say("j.doe")
        await talk.until("note", "Looking up j.doe")
        began = time.monotonic()
        await talk.until("message", "Account j.doe is unlocked.")
        assert time.monotonic() - began > 0.5, "the progress came before the slow steps were over"

    runbook = tmp_path / ".cuebook-demo" / "runbooks" / "unlock-account.yaml"
    runbook.write_text(runbook.read_text("utf-8").replace("Looking up", "Searching"), "utf-8")
    await asyncio.to_thread(demo.until, lambda: "Taken: runbooks/unlock-account.yaml." in demo.err)

    os.kill(demo.process.pid, signal.SIGKILL)
    deadline = time.monotonic() + 2.0
    while _lives(helpdesk):
        assert time.monotonic() < deadline, "the service outlived the demo"
        await asyncio.sleep(0.02)

    _again(program, tmp_path)


def _again(program: Start, folder: Path) -> None:
    """After a kill it starts in the same folder, with what was changed; Ctrl-C ends it."""
    demo = program("demo", cwd=folder, PORT="0")
    demo.until(lambda: _said(demo, "Stop"))
    assert "Searching" in (folder / ".cuebook-demo" / "runbooks" / "unlock-account.yaml").read_text("utf-8")
    helpdesk = _helpdesk(demo.process.pid)
    demo.signal(signal.SIGINT)
    assert demo.ended() == 130
    assert not _lives(helpdesk)
    assert "Traceback" not in demo.err


def test_a_broken_copy_says_how_to_begin_afresh(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / ".cuebook-demo" / "runbooks"
    folder.mkdir(parents=True)
    (folder / "broken.yaml").write_text("kind: runbook\n", "utf-8")
    said = call("demo")
    assert said.code == 3
    assert said.err.startswith(
        f"The example in {tmp_path}/.cuebook-demo was changed. To begin with a fresh one, remove that folder.\n"
    )


def test_the_usual_port_gives_way_and_a_chosen_one_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.cli.demo import _port
    from bot.settings import read_settings

    monkeypatch.setattr("bot.cli.opening.is_free", lambda host, port: False)
    assert _port(read_settings(), None) == 0
    assert _port(read_settings(port=4711), 4711) == 4711
    assert _port(read_settings(None, {"port": 4711}), None) == 4711
    monkeypatch.setenv("PORT", "8080")
    assert _port(read_settings(), None) == 8080
    monkeypatch.delenv("PORT")
    monkeypatch.setattr("bot.cli.opening.is_free", lambda host, port: True)
    assert _port(read_settings(), None) == 8080
