"""The editor's schemas: they take every good file, refuse what is wrong, and name what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from flows.loader import load_project
from flows.schema import FILES, schemas
from flows.source import Source
from tests.flows.checker.cases import CASES, GOOD
from tests.flows.marked import unmarked
from tests.repo import tree

EXAMPLE = tree.ROOT / "flows/examples/it-helpdesk"
PLAIN = schemas()
WITH_IDS = schemas(load_project(EXAMPLE))
KINDS = {
    "profiles": "chat-profile",
    "runbooks": "runbook",
    "connectors": "connector",
    "webhooks": "webhook",
    "tests": "test",
}
SEEN_BY_EDITORS = {"E101", "E102", "E109", "E113"}
"""Structure. The rest takes the whole project, or a look into a text."""


def kind(path: str) -> str:
    """The kind of file in a folder."""
    return KINDS[path.partition("/")[0]]


def wrong(schema: dict[str, Any], text: str) -> list[str]:
    """What an editor would underline: the paths in the file."""
    source = Source("x.yaml", text)
    assert source.problems == []
    validator = jsonschema.Draft202012Validator(schema)
    return [error.json_path for error in validator.iter_errors(source.value())]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("made", [PLAIN, WITH_IDS], ids=["plain", "with ids"])
def test_a_schema_is_a_schema(name: str, made: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(made[name])
    assert made[name]["title"] == f"Cuebook {name}"


@pytest.mark.parametrize(
    "path", sorted(EXAMPLE.glob("*/*.yaml")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
@pytest.mark.parametrize("made", [PLAIN, WITH_IDS], ids=["plain", "with ids"])
def test_every_file_of_the_example_is_fine(path: Path, made: dict[str, Any]) -> None:
    assert wrong(made[KINDS[path.parent.name]], path.read_text("utf-8")) == []


GOOD_FILES = [
    (case.name, path, text)
    for case in CASES
    if not any("⟦E" in text for text in case.files.values())
    for path, text in case.files.items()
] + [("the good project", path, text) for path, text in GOOD.items()]


@pytest.mark.parametrize(
    ("path", "text"),
    [(path, text) for _, path, text in GOOD_FILES],
    ids=[f"{name} {path}" for name, path, _ in GOOD_FILES],
)
def test_what_the_loader_takes_the_editor_takes(path: str, text: str) -> None:
    assert wrong(PLAIN[kind(path)], unmarked(text)[0]) == []


STRUCTURE = [
    case
    for case in CASES
    if case.code in SEEN_BY_EDITORS and any("⟦E" in text for text in case.files.values())
]


@pytest.mark.parametrize("case", STRUCTURE, ids=lambda case: f"{case.code} {case.name}")
def test_what_breaks_the_structure_is_underlined(case: Any) -> None:
    ((path, text),) = case.files.items()
    assert wrong(PLAIN[kind(path)], unmarked(text)[0])


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("profiles/it-helpdesk.yaml", "audience: anyone", "audience: everyone"),
        ("profiles/it-helpdesk.yaml", "retry: {times: 2,", "retry: {tries: 2,"),
        ("profiles/it-helpdesk.yaml", "outcomes: {exhausted: menu}", "outcomes: {exhaused: menu}"),
        ("runbooks/rebuild-laptop.yaml", "every: 5s", "every: 5 seconds"),
        ("runbooks/rebuild-laptop.yaml", "method: asynchronous", "method: async"),
        ("runbooks/unlock-account.yaml", "required: true", "required: maybe"),
        ("connectors/helpdesk.yaml", "get: /users/{login}", "gett: /users/{login}"),
        ("tests/unlock.yaml", "exact: true", "exacty: true"),
    ],
)
def test_a_broken_copy_of_the_example_is_underlined(path: str, old: str, new: str) -> None:
    text = (EXAMPLE / path).read_text("utf-8")
    assert old in text
    assert wrong(PLAIN[kind(path)], text.replace(old, new, 1))


def test_the_projects_own_names_are_offered() -> None:
    def offered(schema: dict[str, Any]) -> list[str]:
        return schema["anyOf"][0]["enum"]  # type: ignore[no-any-return]

    steps = WITH_IDS["chat-profile"]["$defs"]
    assert offered(steps["ChatRunbookStep"]["properties"]["runbook"]) == [
        "order-status",
        "rebuild-laptop",
        "unlock-account",
    ]
    assert "helpdesk.get_user" in offered(WITH_IDS["runbook"]["$defs"]["CallStep"]["properties"]["call"])
    assert "chat.add_message" in offered(WITH_IDS["runbook"]["$defs"]["CallStep"]["properties"]["call"])
    assert offered(WITH_IDS["test"]["properties"]["profile"]) == ["it-helpdesk"]
    assert (
        WITH_IDS["chat-profile"]["$defs"]["IfStep"]["properties"]["if"]["properties"]["RUNBOOKRESULT"][
            "title"
        ]
        == "Runbook Result message"
    )


def test_a_name_that_came_since_is_not_underlined() -> None:
    text = (
        (EXAMPLE / "profiles/it-helpdesk.yaml")
        .read_text("utf-8")
        .replace("runbook: unlock-account", "runbook: brand-new")
    )
    assert wrong(WITH_IDS["chat-profile"], text) == []


def test_kinds_of_steps_have_their_titles_and_snippets_that_fit() -> None:
    assert PLAIN["runbook"]["$defs"]["ChatMessageStep"]["title"] == "Add Live Chat Message"
    assert PLAIN["chat-profile"]["$defs"]["ChatRunbookStep"]["title"] == "Execute a Runbook"
    for kind, top in (("chat-profile", "flow"), ("runbook", "steps")):
        bodies = [
            snippet["body"]
            for definition in PLAIN[kind]["$defs"].values()
            for snippet in definition.get("defaultSnippets", ())
        ]
        assert bodies
        for body in bodies:
            document = {"kind": kind, "id": "x", top: [_filled(body)]}
            assert list(jsonschema.Draft202012Validator(PLAIN[kind]).iter_errors(document)) == [], body


def _filled(body: Any) -> Any:
    """A snippet as it is once its places are filled."""
    if isinstance(body, dict):
        return {
            re.sub(r"^\$\d$", "a", key): "a.b" if key == "call" and inner == "$2" else _filled(inner)
            for key, inner in body.items()
        }
    if isinstance(body, list):
        return [_filled(inner) for inner in body]
    return re.sub(r"^\$\d$", "a", body).replace("\\$", "$") if isinstance(body, str) else body


def test_descriptions_are_for_authors() -> None:
    told = re.findall(r"'description': (['\"])(.*?)\1", str(PLAIN))
    assert len(told) > 100
    for _, words in told:
        assert not re.search(r"DECISIONS|\((?:promise|safety) |\([SHDN]\d", words), words
        assert "\n" not in words
