"""The commands for authors: init, validate, graph, schema. Data on stdout, the rest on stderr."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import commands
from flows.errors import CuebookError, ProjectInvalid, UnknownDefinition

BROKEN = "kind: chat-profile\nid: it-helpdesk\nflow:\n- say: Hi, $NOBODY\n  next: nwhere\n"
ADVICE = "kind: chat-profile\nid: it-helpdesk\nflow:\n- say: Hi\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def desk(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    assert cuebook("init", "desk").exit_code == 0
    monkeypatch.chdir(here / "desk")
    return here / "desk"


def cuebook(*arguments: str) -> Result:
    result = CliRunner().invoke(commands(), list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


# --- init ----------------------------------------------------------------------------------


def test_init_makes_a_project_that_is_fine_and_says_what_is_next(here: Path) -> None:
    result = cuebook("init", "desk")
    assert result.exit_code == 0
    assert result.stdout == f"{here / 'desk'}\n"
    assert "cd desk" in result.stderr
    assert "cuebook chat it-helpdesk" in result.stderr
    assert sorted(path.name for path in (here / "desk").iterdir()) == [
        ".gitignore", ".schema", ".vscode", "Procfile", "connectors", "cuebook.toml", "profiles", "runbooks", "tests",
    ]  # fmt: skip
    assert (
        here / "desk/Procfile"
    ).read_text() == "release: cuebook migrate\nweb: cuebook serve\nworker: cuebook worker\n"
    assert ".cuebook/" in (here / "desk/.gitignore").read_text()
    named = json.loads((here / "desk/.vscode/settings.json").read_text())["yaml.schemas"]
    assert all((here / "desk" / name).is_file() for name in named)
    assert cuebook("validate", "desk", "--strict").exit_code == 0


def test_init_works_in_the_folder_one_is_in_beside_other_things(here: Path) -> None:
    (here / "README.md").write_text("mine")
    result = cuebook("init")
    assert result.exit_code == 0
    assert "cd " not in result.stderr
    assert (here / "README.md").read_text() == "mine"


def test_init_overwrites_nothing(desk: Path) -> None:
    (desk / "cuebook.toml").write_text("# mine\n")
    result = cuebook("init")
    assert result.exit_code == 2
    assert "nothing is overwritten" in result.stderr
    assert "cuebook init my-desk" in result.stderr
    assert (desk / "cuebook.toml").read_text() == "# mine\n"
    (desk / "file").write_text("")
    assert cuebook("init", "file").exit_code == 2


def test_init_knows_its_examples(here: Path) -> None:
    result = cuebook("init", "desk", "--example", "it-hepldesk")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "did you mean `it-helpdesk`?" in result.stderr
    assert not (here / "desk").exists()


# --- validate ------------------------------------------------------------------------------


def test_validate_prints_findings_as_people_read_them(desk: Path) -> None:
    (desk / "profiles/it-helpdesk.yaml").write_text(BROKEN)
    result = cuebook("validate")
    assert result.exit_code == 3
    assert (
        result.stdout
        == """\
profiles/it-helpdesk.yaml:4:12: E105 there is no variable `NOBODY`, set it before; a plain dollar sign is $$
    4 | - say: Hi, $NOBODY
      |            ^
profiles/it-helpdesk.yaml:5:9: E103 there is no step `nwhere`, name the step you mean with `id:`
    5 |   next: nwhere
      |         ^
"""
    )
    assert result.stderr == "desk: 2 errors\n"


def test_warnings_alone_are_fine_unless_strict(desk: Path) -> None:
    (desk / "profiles/it-helpdesk.yaml").write_text(ADVICE)
    result = cuebook("validate")
    assert (result.exit_code, result.stderr) == (0, "desk: 1 warning\n")
    assert "W212" in result.stdout
    assert cuebook("validate", "--strict").exit_code == 3


def test_a_good_project_is_silent_on_stdout(desk: Path) -> None:
    result = cuebook("validate")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "desk: nothing to complain about\n")


def test_validate_speaks_json_and_the_forges_language(desk: Path) -> None:
    (desk / "profiles/it-helpdesk.yaml").write_text(BROKEN)
    assert json.loads(cuebook("validate", "--format", "json").stdout)[1] == {
        "code": "E103", "severity": "error", "path": "profiles/it-helpdesk.yaml", "line": 5, "col": 9,
        "message": "there is no step `nwhere`", "hint": "name the step you mean with `id:`",
        "excerpt": "  next: nwhere\n",
    }  # fmt: skip
    (desk / "profiles/it-helpdesk.yaml").write_text(BROKEN.replace("nwhere", "now_100%"))
    place = "file=profiles/it-helpdesk.yaml,line=5,col=9,title=E112"
    hint = "write lower-case letters, digits, - and _, beginning with a letter"
    told = cuebook("validate", "-f", "github").stdout
    assert told == f"::error {place}::`now_100%25` is not a name, {hint}\n"


def test_validate_tells_only_what_is_asked_for(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (desk / "profiles/it-helpdesk.yaml").write_text(BROKEN)
    (desk / "tests/orders.yaml").write_text("kind: test\n")
    assert cuebook("validate", "runbooks").exit_code == 0
    only = cuebook("validate", "tests", "--format", "json")
    assert {problem["path"] for problem in json.loads(only.stdout)} == {"tests/orders.yaml"}
    monkeypatch.chdir(desk.parent)
    assert cuebook("validate", "desk/profiles/it-helpdesk.yaml").stderr == "desk: 2 errors\n"
    assert cuebook("validate", "desk/nothing.yaml").exit_code == 2


def test_validate_without_a_project_says_what_to_do(here: Path) -> None:
    with pytest.raises(CuebookError, match="cuebook init"):
        cuebook("validate")


# --- graph and schema ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "begin"),
    [
        ("tree", "Unlock an account (unlock-account)\n"),
        ("mermaid", "flowchart TD\n"),
        ("dot", 'digraph "unlock-account"'),
        ("json", "{\n"),
    ],
)
def test_graph_draws_a_flow_in_each_form(form: str, begin: str, desk: Path) -> None:
    result = cuebook("graph", "unlock-account", "--format", form)
    assert result.exit_code == 0
    assert result.stdout.startswith(begin)


def test_graph_of_what_is_not_there_names_the_nearest(desk: Path) -> None:
    with pytest.raises(UnknownDefinition, match="did you mean `unlock-account`"):
        cuebook("graph", "unlock-acount")
    (desk / "profiles/it-helpdesk.yaml").write_text(BROKEN)
    with pytest.raises(ProjectInvalid):
        cuebook("graph", "unlock-account")


def test_schema_writes_the_schemas_with_the_projects_names(desk: Path) -> None:
    for path in (desk / ".schema").iterdir():
        path.unlink()
    result = cuebook("schema")
    assert result.stdout.split() == [
        ".schema/chat-profile.json", ".schema/runbook.json", ".schema/connector.json", ".schema/webhook.json",
        ".schema/test.json",
    ]  # fmt: skip
    assert "unlock-account" in (desk / ".schema/chat-profile.json").read_text()
    (desk / "profiles/it-helpdesk.yaml").write_text(BROKEN)
    assert "cuebook validate" in cuebook("schema", str(desk)).stderr
    assert "unlock-account" not in (desk / ".schema/chat-profile.json").read_text()
