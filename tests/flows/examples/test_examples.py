"""The example project is what authors begin with: nothing about it may be wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flows.loader import load_project, load_tests
from flows.testfile import UserPresses
from tests.flows.marked import findings, places
from tests.repo import tree

EXAMPLES = sorted(path.parent for path in (tree.ROOT / "flows/examples").glob("*/cuebook.toml"))


@pytest.fixture(params=EXAMPLES, ids=lambda path: path.name)
def example(request: pytest.FixtureRequest) -> Path:
    path = request.param
    assert isinstance(path, Path)
    return path


def test_there_is_an_example() -> None:
    assert [path.name for path in EXAMPLES] == ["it-helpdesk"]


def test_no_rule_has_anything_to_say_about_it(example: Path) -> None:
    assert places(findings(example)) == []


def test_every_runbook_is_started_somewhere_and_every_method_called(example: Path) -> None:
    project = load_project(example)
    texts = "".join(path.read_text() for path in example.rglob("*.yaml"))
    for id in project.runbooks:
        assert re.search(rf"runbook: {id}\b", texts), id
    for id, connector in project.connectors.items():
        for method in connector.document.methods:
            assert f"call: {id}.{method}" in texts, method


def test_its_tests_start_every_runbook_with_each_outcome(example: Path) -> None:
    project = load_project(example)
    seen = {
        (run.runbook, run.outcome)
        for loaded in load_tests(example, project)
        for case in loaded.document.cases
        for run in case.expect.runs or ()
    }
    assert {runbook for runbook, _ in seen} <= set(project.runbooks)
    assert ("unlock-account", "success") in seen
    assert ("unlock-account", "failure") in seen
    assert ("rebuild-laptop", "success") in seen


def test_its_tests_press_buttons_that_there_are(example: Path) -> None:
    project = load_project(example)
    labels = {
        option.label
        for profile in project.profiles.values()
        for step in profile.document.flow
        for option in getattr(step, "options", ())
    }
    for loaded in load_tests(example, project):
        for case in loaded.document.cases:
            for item in case.talk:
                if isinstance(item, UserPresses):
                    assert item.press in labels


def test_strangers_may_start_what_the_demo_shows_them(example: Path) -> None:
    for runbook in load_project(example).runbooks.values():
        assert "anonymous" in runbook.document.audience


def test_every_file_names_the_schema_of_its_kind(example: Path) -> None:
    for path in example.rglob("*.yaml"):
        text = path.read_text("utf-8")
        kind = re.search(r"^kind: (\S+)$", text, re.MULTILINE)
        assert kind is not None
        assert text.splitlines()[0] == f"# yaml-language-server: $schema=../.schema/{kind[1]}.json"
