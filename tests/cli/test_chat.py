"""`cuebook chat`: a profile in the terminal, by pipe and at the keys of a real one."""

from __future__ import annotations

import os
import pty
import shlex
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import PATIENCE, ROOT, Call

pytestmark = pytest.mark.usefixtures("project")
Pipe = Callable[[str], None]


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipe]:
    """`pipe(words)`: what comes in through stdin, which then ends."""
    read, write = os.pipe()
    with os.fdopen(read) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)

        def given(words: str) -> None:
            os.write(write, words.encode())
            os.close(write)

        yield given


def test_a_pipe_gets_the_whole_conversation(call: Call, pipe: Pipe, project: Path) -> None:
    pipe("Ada\n")
    said = call("chat", "hall")
    assert said == (0, "Who are you?\n> Ada\nHello Ada, no tags\n", "")
    assert not (project / ".cuebook").exists(), "nothing is kept"


def test_a_pipe_that_ends_too_early_is_fine(call: Call, pipe: Pipe) -> None:
    pipe("")
    assert call("chat", "hall") == (0, "Who are you?\n", "")


def test_a_closed_stdin_is_an_empty_one(project: Path) -> None:
    program = "exec " + shlex.join([sys.executable, "-c", "from bot.cli import main; main()", "chat", "hall"])
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    said = subprocess.run(
        ["/bin/sh", "-c", f"{program} <&-"],
        cwd=project,
        env=environ,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (said.returncode, said.stdout, said.stderr) == (0, b"Who are you?\n", b"")


def test_trace_says_which_steps_and_why(call: Call, pipe: Pipe) -> None:
    pipe("Ada\n")
    said = call("chat", "hall", "--trace")
    assert said.out == "Who are you?\n> Ada\nHello Ada, no tags\n"
    assert said.err.splitlines() == [
        "  → ask_name           Who are you?",
        "  = ask_name waits for an answer",
        "  → runbook-1          greet",
        "  = runbook-1 waits for the run; name=Ada",
        "  Greet somebody: succeeded",
        '    ✓ if-1               name "Ada" is "Nobody" → no',
        "    ■ somebody           success: Hello $name, ${tags:-no tags}",
        "  → bye                $RUNBOOKRESULT",
        "  = the chat has ended; name=Ada",
    ]


def test_who_talks_can_be_chosen(call: Call, pipe: Pipe, project: Path) -> None:
    (project / "profiles/who.yaml").write_text(
        "kind: chat-profile\nid: who\naudience: anyone\n"
        "flow: [{end: '${CHAT_AUDIENCE}, ${CHAT_USER_EMAIL:-no address}'}]\n"
    )
    pipe("")
    assert call("chat", "who").out == "anonymous, no address\n"
    assert call("chat", "who", "--as", "ada@example.com").out == "authenticated, ada@example.com\n"
    assert call("chat", "who", "--as", "ada@example.com", "--agent").out == "agents, ada@example.com\n"


def test_a_database_that_is_named_keeps_the_chat(
    call: Call, pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe("Ada\n")
    assert call("chat", "hall", "--database", "sqlite://kept.db").code == 0
    monkeypatch.setenv("DATABASE_URL", "sqlite://kept.db")
    [kept] = call("chats", "--json").json
    assert (kept["profile"], kept["platform"], kept["status"]) == ("hall", "terminal", "ended")


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (("nowhere",), 2, "nowhere"),
        (("hall", "--as", "ada"), 2, "no address"),
        (("hall", "--linger", "soon"), 2, "not a duration"),
        (("hall", "--project", "missing"), 2, "not a folder"),
    ],
)
def test_what_is_wrong_is_said(call: Call, words: tuple[str, ...], code: int, error: str) -> None:
    said = call("chat", *words)
    assert (said.code, said.out) == (code, "")
    assert error in said.err


# --- a terminal ------------------------------------------------------------------------


class Desk:
    """`cuebook chat hall` on a terminal of its own."""

    def __init__(self, folder: Path) -> None:
        self._ours, self._theirs = pty.openpty()
        self.screen = b""
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from bot.cli import main; main()", "chat", "hall"],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TERM": "xterm", "PYTHONUTF8": "1"},
            stdin=self._theirs, stdout=self._theirs, stderr=self._theirs, start_new_session=True,
        )  # fmt: skip
        os.set_blocking(self._ours, False)

    def types(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def sees(self, text: str) -> None:
        """Until it has been written."""
        deadline = time.monotonic() + PATIENCE
        while text.encode() not in self.screen:
            assert time.monotonic() < deadline, self.screen
            try:
                self.screen += os.read(self._ours, 4096)
            except BlockingIOError:
                time.sleep(0.01)

    def ended(self) -> int:
        return self.process.wait(PATIENCE)

    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self._theirs)[3] & termios.ECHO)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)
        os.close(self._theirs)


@pytest.fixture
def desk(project: Path) -> Iterator[Desk]:
    one = Desk(project)
    yield one
    one.close()


def test_at_the_keys_words_can_be_mended_and_ctrl_d_leaves(desk: Desk) -> None:
    desk.sees("Who are you?")
    desk.sees("> ")
    assert not desk.echoes()
    desk.types("Adda\x7f\x7fa")
    desk.sees("Ada")
    desk.types("\x15\x04")
    assert desk.ended() == 0
    assert desk.echoes(), "the terminal is as it was"


def test_ctrl_c_is_an_interruption(desk: Desk) -> None:
    desk.sees("Who are you?")
    desk.process.send_signal(signal.SIGINT)
    assert desk.ended() == 130
    assert desk.echoes(), "the terminal is as it was"
