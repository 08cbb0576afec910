"""The command line called in this process, and as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Self

import pytest
import structlog

from bot.cli import main

ROOT = Path(__file__).parents[2]
PATIENCE = 15.0  # seconds until something that should happen counts as missing

RUNBOOKS = {
    "greet": """\
kind: runbook
id: greet
name: Greet somebody
audience: anyone
inputs:
  name: {label: Your name, required: true, matches: '[A-Za-z]{1,20}'}
  times: {type: integer}
  tags: {type: list}
steps:
  - if: {name: {is: Nobody}}
    then: nobody
    else: somebody
  - id: somebody
    end: success
    result: Hello $name, ${tags:-no tags}
  - id: nobody
    end: failure
    result: There is nobody to greet
""",
    "order": """\
kind: runbook
id: order
audience: agents
inputs:
  item: {required: true}
steps:
  - pause: 30s
  - call: shop.buy
    with: {item: $item}
    save: {number: body.number}
  - runbook: greet
    with: {name: Shop}
    outcomes: {success: ordered, failure: ordered}
  - id: ordered
    end: success
    result: Ordered $item as ${number}
""",
}
PROFILE = """\
kind: chat-profile
id: hall
name: The hall
flow:
  - id: ask_name
    ask: Who are you?
    save: name
  - runbook: greet
    with: {name: $name}
    outcomes: {success: bye, failure: bye}
  - id: bye
    end: $RUNBOOKRESULT
variables:
  name: {label: Name}
"""
CONNECTOR = """\
kind: connector
id: shop
base_url: ${env.SHOP_URL}
auth: {type: bearer, token: "${secret.SHOP_TOKEN}"}
methods:
  buy: {post: /orders, json: {item: $item}}
"""


@pytest.fixture(scope="session")
def project_files() -> dict[str, str]:
    """A small project, by path."""
    return {
        "profiles/hall.yaml": PROFILE,
        "connectors/shop.yaml": CONNECTOR,
        "cuebook.toml": "",
        **{f"runbooks/{id}.yaml": text for id, text in RUNBOOKS.items()},
    }


def lay_out(folder: Path, files: dict[str, str]) -> Path:
    """Write a project."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


@pytest.fixture
def project(tmp_path: Path, project_files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small project, which is also where we stand."""
    folder = lay_out(tmp_path / "desk", project_files)
    monkeypatch.chdir(folder)
    return folder


class Said(NamedTuple):
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it wrote on stdout."""
        return json.loads(self.out)


Call = Callable[..., Said]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """`call("run", "greet")`: the command in this process, on asyncio's own loop."""
    monkeypatch.setattr("bot.logs.set_up", lambda *_: None)  # it would outlive the test
    monkeypatch.setattr("bot.cli.shared._fastest", lambda: None)

    def called(*words: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["cuebook", *words])
        capsys.readouterr()
        with structlog.testing.capture_logs(), pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Said(int(ended.value.code or 0), said.out, said.err)

    return called


class Program:
    """`cuebook …` as a process; its words go to files, so that nothing ever blocks."""

    def __init__(self, words: tuple[str, ...], cwd: Path, env: dict[str, str]) -> None:
        self._out, self._err = cwd / f"out-{id(self)}", cwd / f"err-{id(self)}"
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
        with self._out.open("w") as out, self._err.open("w") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-c", "from bot.cli import main; main()", *words],
                cwd=cwd,
                env=kept | {"HOME": str(cwd), "PYTHONPATH": str(ROOT)} | env,
                stdout=out,
                stderr=err,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)

    @property
    def out(self) -> str:
        return self._out.read_text("utf-8")

    @property
    def err(self) -> str:
        return self._err.read_text("utf-8")

    def until(self, holds: Callable[[], Any], *, within: float = PATIENCE) -> Any:
        """Wait for something true; the process may not end before."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if found := holds():
                return found
            if self.process.poll() is not None and not (found := holds()):
                break
            time.sleep(0.02)
        raise AssertionError(f"it did not happen (exit {self.process.poll()})\n{self.out}\n{self.err}")

    def address(self) -> str:
        """Of a server with --json."""
        self.until(lambda: "\n" in self.out)
        address: str = json.loads(self.out)["address"]
        return address

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ended(self, within: float = PATIENCE) -> int:
        """The exit code."""
        return self.process.wait(within)


@pytest.fixture(scope="module")
def program() -> Iterator[Callable[..., Program]]:
    """Starts programs that do not outlive the module."""
    running: list[Program] = []

    def start(*words: str, cwd: Path, **env: str) -> Program:
        running.append(Program(words, cwd, env))
        return running[-1]

    yield start
    for one in running:
        one.__exit__()
