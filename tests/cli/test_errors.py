"""What goes wrong is one line and an exit code."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from bot.cli import commands, main
from tests.cli.conftest import Call, Program

ONCE = pytest.mark.proof


def test_without_a_command_it_says_what_there_is(call: Call) -> None:
    said = call()
    assert said.code == 2
    assert said.err.startswith("Usage: cuebook")


def test_it_knows_its_version(call: Call) -> None:
    assert call("--version") == (0, "cuebook 0.1.0\n", "")


def test_a_misspelt_command_is_a_mistake_in_its_use(call: Call) -> None:
    said = call("srve")
    assert said.code == 2
    assert "Did you mean 'serve'?" in said.err


def test_a_folder_without_a_project_is_a_mistake_in_its_use(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("serve") == (
        2, "", f"error: there is no project in {tmp_path} or above it: begin one with `cuebook init`\n"
    )  # fmt: skip


def test_a_project_is_found_from_the_folders_below_it(
    call: Call, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project / "runbooks")
    assert call("run", "greet", "-i", "name=Ada").code == 0


def test_a_project_with_errors_shows_them_all(call: Call, project: Path) -> None:
    for name in ("greet", "order"):
        path = project / "runbooks" / f"{name}.yaml"
        path.write_text(path.read_text("utf-8").replace("steps:", "stepps:"), "utf-8")
    said = call("serve")
    assert (said.code, said.out) == (3, "")
    assert said.err.count("did you mean `steps`?") == 2
    assert said.err.endswith("errors in the project\n")
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[server]\nprot = 1\n", "cuebook.toml, [server]: there is no setting `prot`, did you mean `port`?"),
        ("[sever]\nport = 1\n", "cuebook.toml: nothing reads [sever], did you mean [server]?"),
        ('server = "x"\n', "cuebook.toml: `server` is a table, written [server]"),
        (
            '[server]\nsecret_key = "x"\n',
            "`secret_key` is a secret: set CUEBOOK_SECRET_KEY instead of writing it in a file",
        ),
    ],
)
def test_a_bad_setting_is_a_mistake_in_its_use(call: Call, project: Path, text: str, message: str) -> None:
    (project / "cuebook.toml").write_text(text, "utf-8")
    assert call("migrate") == (2, "", f"error: {message}\n")


def test_a_database_that_cannot_be_opened_is_unreachable(
    call: Call, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite://{project}/cuebook.toml")
    (project / "cuebook.toml").write_text("# no database, but long enough to look at\n" * 100, "utf-8")
    said = call("migrate")
    assert said.code == 4
    assert said.err.startswith(f"error: {project}/cuebook.toml cannot be read as a database")


def test_a_fault_of_ours_is_admitted_without_a_traceback(
    call: Call, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("over\x1b[31m")

    monkeypatch.setattr("bot.cli.opening.load_settings", broken)
    said = call("migrate")
    assert (said.code, said.out) == (1, "")
    assert said.err.splitlines() == [
        "error: this is a fault of Cuebook's: ZeroDivisionError: over·[31m",
        "Set CUEBOOK_DEBUG=1 to see where it happened.",
    ]
    monkeypatch.setenv("CUEBOOK_DEBUG", "1")
    assert "Traceback (most recent call last)" in call("migrate").err


def test_every_command_has_help(call: Call) -> None:
    names = [
        command.name or getattr(command.callback, "__name__", "")
        for command in commands().registered_commands
    ]
    for name in [*names, "runs", "chats"]:
        assert call(name, "--help").code == 0


@pytest.mark.proof
def test_help_is_there_at_once(tmp_path: Path) -> None:
    def took() -> float:
        began = time.monotonic()
        with Program(("--help",), tmp_path, {}) as program:
            assert program.ended() == 0
        return time.monotonic() - began

    assert min(took() for _ in range(3)) < 0.3


@pytest.mark.proof
def test_nothing_heavy_is_imported_for_help(tmp_path: Path) -> None:
    heavy = "aiohttp tortoise apscheduler pydantic slack_bolt uvloop rich"
    code = (
        f"import sys, bot.cli as c; c.commands(); print(*[m for m in '{heavy}'.split() if m in sys.modules])"
    )
    import subprocess

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=20
    )
    assert done.stdout.strip() == ""


def test_main_is_the_entry_point() -> None:
    from importlib.metadata import entry_points

    (entry,) = entry_points(group="console_scripts", name="cuebook")
    assert entry.load() is main


@pytest.mark.proof
def test_a_terminal_that_knows_few_letters_is_no_fault(project: Path) -> None:
    narrow = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    with Program(("run", "greet", "-i", "name=Ada"), project, narrow) as program:
        assert program.ended() == 0
        assert "? if-1" in program.err
