"""Conversation tests: what passes, and how what fails is told."""

from __future__ import annotations

import asyncio
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from bot.testing import project_of
from bot.testing.coverage import Coverage
from bot.testing.playing import play
from bot.testing.verdicts import Verdict
from flows.loading.structure import build
from flows.project import Project
from flows.source import Source
from flows.testfile import LoadedTest, TestFile
from tests.runtime.flows import DESK


def loaded(cases: str) -> LoadedTest:
    text = "kind: test\nprofile: desk\ncases:\n" + indent(dedent(cases), "  ")
    source = Source("tests/desk.yaml", text)
    document, problems = build(source, TestFile)
    assert document is not None, problems
    return LoadedTest("tests/desk.yaml", document, source)


async def verdict(cases: str, project: Project | None = None) -> Verdict:
    test = await asyncio.to_thread(loaded, cases)
    if project is None:
        project = await asyncio.to_thread(project_of, DESK)
    return await play(test, 0, project)


GOOD = """
- name: it works
  connectors: {directory.find: {}, directory.unlock: {}}
  talk:
    - bot: Which login?
    - user: jd
    - note: Looking up jd.
    - note: {contains: UNLOCKING}
    - bot: {matches: "is unlocked[.]$"}
    - bot: Anything else?
    - press: "No"
    - bot: Bye.
  expect:
    runs: [{runbook: unlock, outcome: success, result: jd is unlocked., inputs: {login: jd}}]
    variables: {RUNBOOKRESULT: jd is unlocked., login: jd}
    ended: true
"""


async def test_a_conversation_that_goes_as_it_should_passes() -> None:
    result = await verdict(GOOD)
    assert result.passed, result.failure
    assert (result.path, result.line, result.name, result.notes) == ("tests/desk.yaml", 5, "it works", ())


async def test_it_passes_as_an_exact_one_too() -> None:
    assert (await verdict(GOOD + "  exact: true\n")).passed


async def test_lines_in_between_do_not_harm() -> None:
    result = await verdict(
        """
        - name: only what matters
          connectors: {directory.find: {}, directory.unlock: {}}
          talk:
            - user: jd
            - bot: jd is unlocked.
        """
    )
    assert result.passed, result.failure


async def wrong(talk: str, more: str = "") -> tuple[int, str, str, tuple[str, ...], str]:
    """Line in the talk, message, expected, heard, hint."""
    stubs = "  connectors: {directory.find: {}, directory.unlock: {delay: 5s}}\n"
    result = await verdict(
        "- name: it goes wrong\n" + stubs + "  talk:\n" + indent(dedent(talk), "    ") + more
    )
    failure = result.failure
    assert failure is not None
    return failure.line - 7, failure.message, failure.expected, failure.heard, failure.hint


async def test_a_line_that_was_not_said_is_shown_with_what_was() -> None:
    assert await wrong("- user: jd\n- bot: Which one?\n") == (
        1,
        "this was not said",
        "bot   Which one?",
        ("note  Looking up jd.", "note  Unlocking it."),
        "unlock is still at work, at its step unlock: let time pass by `- wait: …`",
    )


async def test_lines_come_in_the_order_of_the_talk() -> None:
    result = await wrong("- user: jd\n- wait: 5s\n- bot: Anything else?\n- bot: jd is unlocked.\n")
    assert result == (3, "this was not said", "bot   jd is unlocked.", (), "it was said earlier")


async def test_what_came_before_the_person_spoke_does_not_count_after() -> None:
    line, message, *_, hint = await wrong("- user: jd\n- bot: Which login?\n")
    assert (line, message, hint) == (1, "this was not said", "it was said earlier")


async def test_a_note_is_no_line_of_the_bots() -> None:
    result = await wrong("- user: jd\n- bot: Looking up jd.\n")
    assert result[4] == "a run posted it: write `note:`"
    result = await wrong("- note: Which login?\n")
    assert result[4] == "the bot said it: write `bot:`"


async def test_a_button_that_is_not_there_names_those_that_are() -> None:
    result = await wrong("- user: jd\n- wait: 5s\n- press: Maybe\n")
    assert (result[0], result[1]) == (2, "there is no button 'Maybe'; there are: Yes, No")


async def test_words_after_the_end_are_a_failure() -> None:
    result = await wrong("- user: jd\n- wait: 5s\n- press: 'No'\n- user: hello?\n")
    assert (result[0], result[1]) == (3, "This chat has ended. Please start a new one.")


EXACT = "exact: true\n"


@pytest.mark.parametrize(
    ("talk", "line", "message", "heard"),
    [
        ("- bot: Which login?\n- user: jd\n- note: Looking up jd.\n", 2, "more was said, and the case is `exact`",
         ("note  Unlocking it.",)),
        ("- user: jd\n", 0, "more was said, and the case is `exact`", ("bot   Which login?",)),
        ("- bot: Which login?\n- user: jd\n- note: Looking.\n- wait: 5s\n- press: 'No'\n", 2,
         "another line came here", ("note  Looking up jd.",)),
        ("- bot: Which login?\n- bot: And which system?\n", 1, "this was not said", ()),
    ],
)  # fmt: skip
async def test_an_exact_case_has_these_lines_and_no_others(
    talk: str, line: int, message: str, heard: tuple[str, ...]
) -> None:
    result = await wrong(talk, "  exact: true\n")
    assert (result[0], result[1], result[3]) == (line, message, heard)


TALK = "- user: jd\n- wait: 5s\n"


@pytest.mark.parametrize(
    ("expect", "line", "message"),
    [
        ("ended: true", 3, "the chat is still open, at its step more"),
        ("runs: []", 3, "there were 1 runs, not 0"),
        ("runs: [{runbook: other}]", 3, "this run was of unlock"),
        ("runs: [{runbook: unlock, outcome: failure}]", 3, "its outcome was success"),
        (
            "runs: [{runbook: unlock, result: {contains: failed}}]",
            3,
            "its result message was: jd is unlocked.",
        ),
        ("runs: [{runbook: unlock, inputs: {login: x}}]", 3, "its input login was 'jd'"),
        ("runs: [{runbook: unlock}, {runbook: unlock}]", 3, "there were 1 runs, not 2"),
        ("variables: {login: x}", 3, "login has another value"),
        ("variables: {nothing: x}", 3, "nothing has no value"),
    ],
)
async def test_what_must_be_so_at_the_end(expect: str, line: int, message: str) -> None:
    result = await wrong(TALK, f"  expect:\n    {expect}\n")
    assert (result[0], result[1]) == (line, message)


async def test_stubs_that_are_missing_or_unused_are_named() -> None:
    result = await verdict(
        """
        - name: stubs
          connectors: {directory.unlock: {}}
          talk:
            - user: jd
            - bot: {contains: the test has no stub for directory.find}
        """
    )
    assert result.passed
    assert result.notes == (
        "directory.find was called and has no stub here",
        "the stub directory.unlock was not used",
    )


async def test_who_talks_is_as_the_case_says() -> None:
    project = await asyncio.to_thread(
        project_of,
        "kind: chat-profile\nid: desk\naudience: [authenticated]\nflow:\n  - ask: Hello $CHAT_USER_NAME.",
    )
    talk = "  talk: [{bot: Hello Robin.}]"
    case = "- {name: known, as: {name: Robin, audience: authenticated}, "
    good = await verdict(case + "talk: [{bot: Hello Robin.}]}\n", project)
    assert good.passed, talk
    bad = await verdict("- name: a stranger\n  talk: [{bot: Hello.}]\n", project)
    assert bad.failure is not None
    assert bad.failure.message == "desk is not open to you."


async def test_stubs_answer_in_order_with_headers_errors_and_delays() -> None:
    result = await verdict(
        """
        - name: one after the other
          connectors:
            directory.find: [{status: 404}, {error: no answer within 30 s}, {delay: 10s}]
            directory.unlock: {status: 204}
          talk:
            - user: a
            - bot: "failed: 404 Not Found"
            - press: "Yes"
            - user: b
            - bot: "failed: no answer within 30 s"
            - press: "Yes"
            - user: c
            - wait: 10s
            - bot: c is unlocked.
        """
    )
    assert result.passed, result.failure


async def test_coverage_names_what_was_never_walked() -> None:
    watched = Coverage(await asyncio.to_thread(project_of, DESK))
    assert (await verdict(GOOD, watched.project)).passed
    desk, unlock = watched.flows()
    assert (desk.kind, desk.id, desk.entered, desk.steps, desk.taken, desk.exits) == (
        "chat-profile", "desk", 5, 5, 4, 6,
    )  # fmt: skip
    assert desk.missed == {"unlock": ("failure",), "more": ("option Yes",)}
    assert (unlock.entered, unlock.steps) == (5, 6)
    assert unlock.unvisited == ("unknown",)
    assert unlock.missed == {"find": ("failure",)}


async def test_coverage_adds_up_over_cases() -> None:
    watched = Coverage(await asyncio.to_thread(project_of, DESK))
    failing: Any = """
        - name: unknown
          connectors: {directory.find: {status: 404}}
          talk: [{user: x}, {press: "Yes"}]
    """
    await verdict(GOOD, watched.project)
    await verdict(failing, watched.project)
    assert [flow.missed for flow in watched.flows()] == [{}, {}]


async def test_hundreds_of_cases_play_in_a_second(tmp_path: Path) -> None:
    import time

    test = await asyncio.to_thread(loaded, GOOD)
    project = await asyncio.to_thread(project_of, DESK)
    await play(test, 0, project)
    began = time.perf_counter()
    for _ in range(50):
        assert (await play(test, 0, project)).passed
    assert time.perf_counter() - began < 2.0


FORM = """
kind: chat-profile
id: desk
variables: {asset: {label: Asset, matches: 'LAP-[0-9]+'}, pin: {secret: true}}
flow:
  - id: both
    ask: Tell me.
    fields: [asset, pin]
  - id: last
    ask: Your PIN?
    save: pin
  - id: bye
    end: Bye $asset.
"""


@pytest.mark.parametrize("exact", ["true", "false"])
async def test_a_form_is_filled_in_and_secrets_are_written_as_they_are(exact: str) -> None:
    project = await asyncio.to_thread(project_of, FORM)
    result = await verdict(
        f"""
        - name: a form
          exact: {exact}
          talk:
            - bot: Tell me.
            - bot: Asset?
            - fill: {{asset: LAP-1, pin: one two}}
            - bot: Your PIN?
            - user: three four
            - bot: Bye LAP-1.
          expect: {{variables: {{asset: LAP-1, pin: •••}}, ended: true}}
        """,
        project,
    )
    assert result.passed, result.failure


async def test_a_form_where_none_is_open_is_told() -> None:
    result = await wrong("- fill: {login: jd}")
    assert result[:2] == (0, "no form is open")
