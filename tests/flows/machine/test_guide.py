"""The guide's own sentences, through the machine alone: figures 6 and 7, S39-S46."""

from __future__ import annotations

import pytest

from flows.effects import Effect, Finish, Say, StartRun
from tests.flows.machine.play import Play, chat, texts

FIGURE_7 = (
    {"id": "step_1", "ask": "Which login?", "save": "login"},
    {
        "id": "update",
        "runbook": "update-entity",
        "with": {"login": "$login"},
        "outcomes": {"success": "show", "failure": "show"},
    },
    {"id": "show", "say": "Result: $RUNBOOKRESULT."},
    {"id": "check", "if": {"RUNBOOKRESULT": {"contains": "failed"}}, "then": "step_1", "else": "done"},
    {"id": "done", "end": "Thank you."},
)


def asked_and_run(play: Play, visit: int, message: str) -> list[Effect]:
    assert play.say("j.doe") == [
        StartRun(id=f"update.{visit}", runbook="update-entity", inputs={"login": "j.doe"})
    ]
    play.accept(f"r{visit}")
    return play.end_run(f"update.{visit}", message, run=f"r{visit}", runbook="update-entity")


@pytest.mark.parametrize("message", ["Update failed: no access", "It FAILED", "failed"])
def test_a_result_with_failed_leads_back_to_step_1_and_asks_again(message: str) -> None:
    """S45, D4; the outcome of the run was success, the text decides."""
    play = Play(chat(*FIGURE_7))
    play.start()
    assert asked_and_run(play, 2, message) == [
        Say(id="show.3", text=f"Result: {message}."),
        Say(id="step_1.5", text="Which login?", prompt="step_1.5"),
    ]
    assert play.path == ("show", "check", "step_1")
    assert texts(asked_and_run(play, 6, "All done")) == ["Result: All done.", "Thank you."]


@pytest.mark.parametrize("message", ["All done", ""])
def test_a_result_without_it_goes_on(message: str) -> None:
    """S46: an empty message too."""
    play = Play(chat(*FIGURE_7))
    play.start()
    assert asked_and_run(play, 2, message) == [
        Say(id="show.3", text=f"Result: {message}."),
        Say(id="done.5", text="Thank you."),
        Finish(id="done.5.end", outcome="success"),
    ]


def test_the_circle_may_be_walked_for_ever_because_a_person_answers_each_time() -> None:
    play = Play(chat(*FIGURE_7))
    play.start()
    for _ in range(300):
        assert texts(asked_and_run(play, play.state.visits + 1, "failed"))[-1] == "Which login?"


def test_before_any_run_the_result_is_empty_text() -> None:
    """S39, S40: the literal never reaches the person, and no log line either."""
    play = Play(chat({"say": "Result: $RUNBOOKRESULT. ${last.outcome}${last.code}$ERROR"}, {"end": ""}))
    assert play.start()[0] == Say(id="say-1.1", text="Result: .")


def test_same_outcome_and_different_messages_lead_to_different_steps() -> None:
    """S43."""
    flow = chat(
        {"id": "r", "runbook": "x", "outcomes": {"success": "c", "failure": "c"}},
        {"id": "c", "if": {"RUNBOOKRESULT": {"starts_with": "queue"}}, "then": "a", "else": "b"},
        {"id": "a", "end": "a"},
        {"id": "b", "end": "b"},
    )
    for message, said in (("Queued.", "a"), ("Done.", "b")):
        play = Play(flow)
        play.start()
        play.accept()
        assert texts(play.end_run("r.1", message, runbook="x")) == [said]


def test_two_chats_never_see_each_others_results() -> None:
    """S16, S40."""
    flow = chat(*FIGURE_7)
    one, two = Play(flow), Play(flow)
    one.start()
    two.start()
    asked_and_run(one, 2, "mine failed")
    assert texts(asked_and_run(two, 2, "yours")) == ["Result: yours.", "Thank you."]
