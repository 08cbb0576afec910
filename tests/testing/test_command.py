"""`cuebook test`, as it is typed."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

import flows.examples
from bot.cli import commands
from flows.errors import ProjectInvalid

HELPDESK = Path(flows.examples.__file__).parent / "it-helpdesk"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the example, to break."""
    return Path(shutil.copytree(HELPDESK, tmp_path / "project"))


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The command sets up the log of a whole program, which the next tests would inherit."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    monkeypatch.setattr("bot.logs.set_up", lambda *_: None)
    yield
    structlog.configure(**before)


def run(project: Path, *options: str) -> tuple[int, str]:
    done = CliRunner().invoke(commands(), ["test", "--project", str(project), *options])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout


def test_the_example_passes(project: Path) -> None:
    code, said = run(project)
    assert code == 0
    assert said.splitlines()[:2] == ["tests/orders.yaml", "  ok   an order says where it is"]
    assert said.splitlines()[-1].startswith("12 passed in ")
    assert "FAIL" not in said


def test_a_failure_says_where_and_what(project: Path) -> None:
    runbook = project / "runbooks" / "unlock-account.yaml"
    runbook.write_text(
        runbook.read_text("utf-8").replace("is unlocked. You can", "is open. You can"), "utf-8"
    )
    code, said = run(project, "-k", "a locked account is unlocked")
    assert code == 1
    assert said.splitlines()[:5] == [
        "tests/unlock.yaml",
        "  FAIL a locked account is unlocked",
        "       tests/unlock.yaml:18:9: another line came here",
        "         expected  bot   Account j.doe is unlocked. You can sign in again.",
        "         heard     bot   Account j.doe is open. You can sign in again.",
    ]
    assert "0 passed, 1 failed" in said


def test_only_what_was_asked_for_is_played(project: Path) -> None:
    assert "1 passed" in run(project, "-k", "NO WIPES")[1]
    assert "4 passed" in run(project, "-k", "rebuild.yaml")[1]
    assert run(project, "-k", "nothing of that name")[0] == 2


def test_coverage_names_the_exits_that_were_never_taken(project: Path) -> None:
    _, said = run(project, "--coverage")
    assert "never taken: ask_login -> exhausted" in said
    assert "never entered: rebuild_refused" in said


def test_a_program_reads_the_same_as_json(project: Path) -> None:
    code, said = run(project, "--json")
    record = json.loads(said)
    assert (code, record["passed"], record["failed"], len(record["cases"])) == (0, 12, 0, 12)
    assert [flow["id"] for flow in record["coverage"]] == [
        "it-helpdesk", "order-status", "rebuild-laptop", "unlock-account",
    ]  # fmt: skip
    assert {case["passed"] for case in record["cases"]} == {True}


@pytest.mark.parametrize("place", ["profiles/it-helpdesk.yaml", "tests/unlock.yaml"])
def test_a_bad_project_is_not_played(project: Path, place: str) -> None:
    (project / place).write_text("kind: nothing\n", "utf-8")
    with pytest.raises(ProjectInvalid):
        run(project)


def test_a_project_without_tests_says_so(project: Path) -> None:
    shutil.rmtree(project / "tests")
    code, said = run(project)
    assert (code, said.splitlines()[-1].split(" in ")[0]) == (0, "0 passed")


def test_the_time_zone_of_the_project_holds(project: Path) -> None:
    (project / "cuebook.toml").write_text('[server]\nzone = "Asia/Tokyo"\n', "utf-8")
    assert run(project)[0] == 0
