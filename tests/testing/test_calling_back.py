"""`callback:` in conversation tests, and a stage's own way to call back."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.testing import Chat, Stage
from bot.testing.playing import play
from flows.loader import load_project, load_tests
from tests.runtime.flows import DIRECTORY, profile, runbook

WORK = """
  - {id: ask, call: directory.find, with: {login: "${answer.url}"}}
  - {id: answer, wait_for: callback, timeout: 30m, save: {approved: body.approved}}
  - {end: success, result: "approved: $approved"}
"""
FLOW = """
  - {id: start, runbook: work, outcomes: {success: over, failure: over}}
  - {id: over, end: "Result: $RUNBOOKRESULT"}
"""
TESTS = """
kind: test
profile: desk
cases:
  - name: it is approved
    connectors: {directory.find: {}}
    talk:
      - callback: {step: answer, body: {approved: true}}
      - bot: "Result: approved: true"
  - name: nobody calls
    connectors: {directory.find: {}}
    talk:
      - wait: 30m
      - bot: {contains: nobody called back within 30m}
  - name: the wrong step
    connectors: {directory.find: {}}
    talk:
      - callback: {step: other}
  - name: twice
    connectors: {directory.find: {}}
    talk:
      - callback: {step: answer}
      - callback: {step: answer}
"""
FILES = {
    "profiles/desk.yaml": profile(FLOW),
    "runbooks/work.yaml": runbook(WORK, "timeout: 2h"),
    "connectors/directory.yaml": DIRECTORY,
    "tests/calls.yaml": TESTS,
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text.strip() + "\n")
    return tmp_path


@pytest.fixture
def played(root: Path) -> tuple[object, object]:
    project = load_project(root)
    return project, load_tests(root, project)[0]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, ""), (1, ""), (2, "no run has a step other that waits for a callback"),
        (3, "Nobody waits for this any more."),
    ],
)  # fmt: skip
async def test_a_case_calls_back(played: tuple[object, object], number: int, said: str) -> None:
    project, test = played
    verdict = await play(test, number, project)  # type: ignore[arg-type]
    assert (verdict.failure.message if verdict.failure else "") == said


async def test_a_stage_calls_back(played: tuple[object, object]) -> None:
    async with await Stage.open(played[0], connectors={"directory.find": {}}) as stage:  # type: ignore[arg-type]
        chat = await Chat.on(stage, "desk")
        await stage.call_back("answer", {"approved": "yes"})
        chat.hears("Result: approved: yes")
