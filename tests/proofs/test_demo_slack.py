"""`cuebook demo --slack` as a process: the demo's conversation in Slack, played through a pipe,
over HTTP and over Socket Mode. What is printed does not depend on the way."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from bot.cli.demo import EXAMPLE, FOLDER
from bot.cli.init import examples, lay_out

pytestmark = [pytest.mark.proof, pytest.mark.timeout(240)]

PLAY = """\
hi
/twice 1
nobody
/now are you there?
j.doe
/press Yes, please
/press Rebuild my laptop
LAP-0042
/press Yes, rebuild it
/press Cancel
Stop it
/edit j.smith
/press No, thanks
/cuebook run unlock-account login=m.ross
/cuebook status
/home
/press Start
/direct
a.kim
/channel
@Cuebook hi
/thread 1
/press Rebuild my laptop
LAP-0007
/press Yes, rebuild it
"""
ROOT = Path(__file__).parents[2]
TRANSCRIPT = """\
Jamie: hi
Cuebook: Hi Jamie, I'm the IT helper.
Cuebook: What can I do for you?
  [1] Unlock my account
  [2] Rebuild my laptop
  [3] Where is my order?
  [4] Nothing, bye
* Jamie presses “Unlock my account” twice
Cuebook (edited): What can I do for you?
  ✓ Unlock my account — @Jamie
Cuebook (only you see this): That question is no longer open.
Cuebook: Which login is locked?
Jamie: nobody
Cuebook: | Looking up nobody …
Jamie: are you there?
Cuebook: Unlock an account — Failed
  ✗ Looking up the account
Cuebook: I'm still working on it. You'll hear from me as soon as it is done.
Cuebook: Unlock failed, there is no account nobody.
Cuebook: Which login is locked?
Jamie: j.doe
Cuebook: | Looking up j.doe …
Cuebook: Unlock an account — Done
  ✓ Looking up the account
  ✓ Unlocking it
Cuebook: | Your account is locked. Unlocking it now …
Cuebook: Account j.doe is unlocked. You can sign in again.
Cuebook: Anything else?
  [1] Yes, please
  [2] No, thanks
* Jamie presses “Yes, please”
Cuebook (edited): Anything else?
  ✓ Yes, please — @Jamie
Cuebook: What can I do for you?
  [1] Unlock my account
  [2] Rebuild my laptop
  [3] Where is my order?
  [4] Nothing, bye
* Jamie presses “Rebuild my laptop”
Cuebook (edited): What can I do for you?
  ✓ Rebuild my laptop — @Jamie
Cuebook: Which laptop? Its tag is on the underside, like LAP-0042.
Jamie: LAP-0042
Cuebook: Everything on LAP-0042 will be wiped. Shall I go on?
  [1] Yes, rebuild it
  [2] No, leave it
* Jamie presses “Yes, rebuild it”
Cuebook (edited): Everything on LAP-0042 will be wiped. Shall I go on?
  ✓ Yes, rebuild it — @Jamie
Cuebook: The rebuild of LAP-0042 is on its way. It takes a while; I'll tell you here when it is done.
Cuebook: Rebuild a laptop — Working…
  ✓ Starting the rebuild
  … Wiping and installing
  [1] Cancel
Cuebook: Anything else?
  [2] Yes, please
  [3] No, thanks
? Stop this run? What it has done already stays done.
? [1] Stop it  [2] Let it work
* Jamie presses “Cancel”
Cuebook (edited): Rebuild a laptop — Cancelled
  ✓ Starting the rebuild
  ✗ Wiping and installing
Cuebook: Runbook failed: cancelled by Jamie
Jamie (edited): j.smith
Cuebook (only you see this): I go by what was written first. To change it, write it again.
* Jamie presses “No, thanks”
Cuebook (edited): Anything else?
  ✓ No, thanks — @Jamie
Cuebook: Thanks for chatting with us. Have a good day!
  This chat has ended.
* Jamie types /cuebook run unlock-account login=m.ross
Cuebook (only you see this): Begun. You will find it in our direct conversation.
Cuebook: | Looking up m.ross …
Cuebook: Unlock an account — Done
  ✓ Looking up the account
  ✓ Unlocking it
Cuebook: | Your account is locked. Unlocking it now …
Cuebook: Account m.ross is unlocked. You can sign in again.
  This chat has ended.
* Jamie types /cuebook status
Cuebook (only you see this): Unlock an account (RUN) — Done: Account m.ross is unlocked. You can sign in again.
  Rebuild a laptop (RUN) — Cancelled: Runbook failed: cancelled by Jamie
  Unlock an account (RUN) — Done: Account j.doe is unlocked. You can sign in again.
  Unlock an account (RUN) — Failed: Unlock failed, there is no account nobody.
--- the page of Cuebook ---
What you can start
IT Helpdesk
Unlocks accounts, rebuilds laptops and finds orders, at any time of the day.
  [1] Start
Look up an order
Says where an order is and when it is expected. Changes nothing.
  [2] Start
Rebuild a laptop
Wipes a laptop and installs it again.
  [3] Start
Unlock an account
Unlocks one account in the directory. Use it when a lock keeps somebody from signing in.
  [4] Start
At work for you
Nothing is running.
What came of the last ones
Unlock an account — Done, some time ago
Account m.ross is unlocked. You can sign in again.
Rebuild a laptop — Cancelled, some time ago
Runbook failed: cancelled by Jamie
Unlock an account — Done, some time ago
Account j.doe is unlocked. You can sign in again.
Unlock an account — Failed, some time ago
Unlock failed, there is no account nobody.
* Jamie presses “Start”
! There is something new in your conversation with Cuebook: /direct
--- your conversation with Cuebook ---
Cuebook: Login name?
Jamie: a.kim
Cuebook: | Looking up a.kim …
Cuebook: Unlock an account — Done
  ✓ Looking up the account
Cuebook: Account a.kim is not locked. If you cannot sign in, check the password.
  This chat has ended.
--- #helpdesk ---
#1 Jamie: @Cuebook hi
  └ 2 replies: /thread 1
--- thread 1 in #helpdesk ---
Jamie: @Cuebook hi
Cuebook: Hi Jamie, I'm the IT helper.
Cuebook: What can I do for you?
  [1] Unlock my account
  [2] Rebuild my laptop
  [3] Where is my order?
  [4] Nothing, bye
* Jamie presses “Rebuild my laptop”
Cuebook (edited): What can I do for you?
  ✓ Rebuild my laptop — @Jamie
Cuebook: Which laptop? Its tag is on the underside, like LAP-0042.
Jamie: LAP-0007
Cuebook: Everything on LAP-0007 will be wiped. Shall I go on?
  [1] Yes, rebuild it
  [2] No, leave it
* Jamie presses “Yes, rebuild it”
Cuebook (edited): Everything on LAP-0007 will be wiped. Shall I go on?
  ✓ Yes, rebuild it — @Jamie
Cuebook: The rebuild of LAP-0007 is on its way. It takes a while; I'll tell you here when it is done.
Cuebook: Rebuild a laptop — Done
  ✓ Starting the rebuild
  ✓ Wiping and installing
Cuebook: Anything else?
  [1] Yes, please
  [2] No, thanks
Cuebook: Laptop LAP-0007 is rebuilt. You can pick it up at the service desk.
"""


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """The example as the demo copies it, with rebuilds that do not take a minute, for each way."""
    made = [tmp_path / "http", tmp_path / "sockets"]
    for folder in made:
        folder.mkdir()
        lay_out(examples() / EXAMPLE, folder / FOLDER)
        settings = folder / FOLDER / "cuebook.toml"
        text = settings.read_text("utf-8")
        settings.write_text(
            text.replace('"--port", "0"', '"--port", "0", "--rebuild-seconds", "20"'), "utf-8"
        )
    return made


async def _start(folder: Path, *options: str) -> asyncio.subprocess.Process:
    """With variables of somebody's real Slack, which must not matter."""
    environ = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "PORT": "0", "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT),
        "SLACK_BOT_TOKEN": "xoxb-of-somebody", "SLACK_SIGNING_SECRET": "of somebody",
        "SLACK_CLIENT_ID": "1.1", "SLACK_CLIENT_SECRET": "of somebody", "SLACK_APP_TOKEN": "xapp-of-somebody",
        "SLACK_API_URL": "https://slack.invalid/api/", "CUEBOOK_PUBLIC_URL": "http://somebody.example.com",
    }  # fmt: skip
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from bot.cli import main; main()", "demo", "--slack", *options,
        cwd=folder, env=environ,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def _play(folder: Path, *options: str) -> str:
    demo = await _start(folder, *options)
    async with asyncio.timeout(220):
        out, err = await demo.communicate(PLAY.encode())
    assert demo.returncode == 0, err.decode()
    assert "Open too: http://127.0.0.1:" in err.decode()
    assert not (folder / FOLDER / ".cuebook" / "cuebook.db").exists(), "nothing is kept of it"
    return re.sub(r"\([0-9a-f]{8}\)", "(RUN)", out.decode())


async def test_the_conversation_is_the_same_over_http_and_over_sockets(folders: list[Path]) -> None:
    async with asyncio.timeout(230), asyncio.TaskGroup() as group:
        http = group.create_task(_play(folders[0]))
        sockets = group.create_task(_play(folders[1], "--socket-mode"))
    assert http.result() == TRANSCRIPT
    assert sockets.result() == TRANSCRIPT


async def test_ctrl_c_ends_it_and_all_that_it_started(folders: list[Path]) -> None:
    demo = await _start(folders[0], "--as", "Robin")
    assert demo.stdin is not None
    assert demo.stdout is not None
    async with asyncio.timeout(60):
        demo.stdin.write(b"hi\n/home\n")
        while b"Hi Robin" not in (line := await demo.stdout.readline()):
            assert line, "it ended"
        children = Path(f"/proc/{demo.pid}/task/{demo.pid}/children").read_text("utf-8").split()
        demo.send_signal(signal.SIGINT)
        _, err = await demo.communicate()
    assert (demo.returncode, "Traceback" in err.decode()) == (130, False)
    assert children
    assert not any(Path(f"/proc/{child}").exists() for child in children)
