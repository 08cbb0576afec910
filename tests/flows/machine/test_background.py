"""Runs that a chat does not wait for: D2, D3, N1, S40, S49, DECISIONS 6, 7, 13."""

from __future__ import annotations

from flows.effects import Finish, Say
from flows.events import RunEnded
from tests.flows.machine.play import Play, chat, texts

REBUILD = {
    "id": "rebuild",
    "runbook": "rebuild-laptop",
    "mode": "async",
    "outcomes": {"started": "q", "success": "q", "failure": "q"},
}
QUESTION = {
    "id": "q",
    "ask": "[$RUNBOOKRESULT] Else?",
    "options": {"again": "rebuild", "ask": "q", "bye": "bye"},
}
BYE = {"id": "bye", "end": "Bye."}


def ended(run: str, message: str, announce: str = "", outcome: str = "success") -> RunEnded:
    return RunEnded(
        id="rebuild.1",
        run=run,
        runbook="rebuild-laptop",
        outcome="success" if outcome == "success" else "failure",
        message=message,
        announce=announce,
    )


def going(*runs: str) -> Play:
    play = Play(chat(REBUILD, QUESTION, BYE))
    play.start()
    for index, run in enumerate(runs):
        if index:
            play.say("again")
        play.accept(run, wait=False)
    assert play.state.background == runs
    return play


def test_a_result_arrives_in_the_same_chat_and_does_not_move_it() -> None:
    play = going("r1")
    before = play.state
    assert play.feed(ended("r1", "Rebuilt.", "The laptop is ready.")) == [
        Say(id="run.r1.end", text="The laptop is ready.")
    ]
    assert play.path == ()
    assert (play.state.step, play.state.awaiting, play.state.visits) == (
        before.step,
        before.awaiting,
        before.visits,
    )
    assert texts(play.say("ask")) == ["[Rebuilt.] Else?"]


def test_nothing_is_announced_where_the_runbook_says_nothing() -> None:
    play = going("r1")
    assert play.feed(ended("r1", "Rebuilt.")) == []
    assert play.state.results["last"]["message"] == "Rebuilt."


def test_the_result_is_that_of_the_run_that_ended_last() -> None:
    """D3, S40: a started but unfinished run does not blank it, and order of ends counts."""
    play = going("r1", "r2")
    assert texts(play.say("ask")) == ["[] Else?"]
    play.feed(ended("r2", "second"))
    assert texts(play.say("ask")) == ["[second] Else?"]
    play.feed(ended("r1", "first"))
    assert texts(play.say("ask")) == ["[first] Else?"]


def test_each_end_counts_once() -> None:
    play = going("r1", "r2")
    play.feed(ended("r1", "first", "done"))
    play.ignores(ended("r1", "forged", "done again"))
    assert play.state.background == ("r2",)


def test_a_background_end_during_a_wait_leaves_the_wait_alone() -> None:
    wait = {"id": "wait", "runbook": "slow", "outcomes": {"success": "q", "failure": "q"}}
    play = Play(
        chat(REBUILD | {"outcomes": {"started": "wait", "success": "q", "failure": "q"}}, wait, QUESTION, BYE)
    )
    play.start()
    play.accept("r1", wait=False)
    play.accept("r2")
    assert texts(play.feed(ended("r1", "background", "Ready."))) == ["Ready."]
    assert play.waits_for == "run wait.2"
    assert texts(play.end_run("wait.2", "waited", run="r2", runbook="slow")) == ["[waited] Else?"]
    assert play.state.results["runs"]["rebuild-laptop"]["message"] == "background"


def test_a_result_still_arrives_after_the_end_of_the_chat() -> None:
    """S49, DECISIONS 13."""
    play = going("r1")
    assert play.say("bye") == [Say(id="bye.3", text="Bye."), Finish(id="bye.3.end", outcome="success")]
    over = play.state.ended
    assert play.feed(ended("r1", "Rebuilt.", "Ready.")) == [Say(id="run.r1.end", text="Ready.")]
    assert play.state.ended == over
    play.ignores(ended("r1", "Rebuilt.", "Ready."))


def test_a_failed_background_run_does_not_take_the_failure_exit() -> None:
    play = going("r1")
    assert texts(play.feed(ended("r1", "It broke.", "It could not be completed.", "failure"))) == [
        "It could not be completed."
    ]
    assert play.waits_for == "answer q.2"
    assert play.state.results["last"]["outcome"] == "failure"


def test_a_result_after_starting_over_still_arrives() -> None:
    play = going("r1")
    play.say("start over")
    play.accept("r2", wait=False)
    assert texts(play.feed(ended("r1", "Rebuilt.", "Ready."))) == ["Ready."]
    assert play.state.background == ("r2",)
