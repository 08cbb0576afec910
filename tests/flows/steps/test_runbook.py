"""`runbook:`, the action *Execute a Runbook*, in chats and in runbooks: S1, S7-S13, S32-S34,
S40, S48, D2, D3, D7, D13, N1, N2."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from flows.effects import Finish, Say, StartRun, Timer
from flows.events import CallAnswered, Event, RunAccepted, RunEnded, RunRefused, Said, TimeCame
from flows.state import Awaiting, Meanwhile
from tests.flows.machine.play import Play, chat, runbook, texts

UNLOCK = {
    "id": "unlock",
    "runbook": "unlock-account",
    "with": {"login": "$CHAT_USER_ID"},
    "outcomes": {"success": "good", "failure": "bad"},
}
GOOD, BAD = {"id": "good", "end": "good: $RUNBOOKRESULT"}, {"id": "bad", "end": "bad: $RUNBOOKRESULT"}
START = StartRun(id="unlock.1", runbook="unlock-account", inputs={"login": "u1"})


def started(*more: dict[str, Any], **given: Any) -> Play:
    play = Play(chat(UNLOCK | given, GOOD, BAD, *more))
    [start] = play.start()
    assert isinstance(start, StartRun)
    assert play.waits_for == "start unlock.1"
    return play


def parked(*more: dict[str, Any], quiet: float = 0.0, **given: Any) -> Play:
    play = started(*more, **given)
    play.accept(quiet=quiet)
    assert play.state.awaiting == Awaiting(id="unlock.1", kind="run", run="r7")
    return play


# --- waiting -----------------------------------------------------------------------------


def test_entering_the_step_starts_one_run() -> None:
    """S1."""
    assert Play(chat(UNLOCK, GOOD, BAD)).start() == [START]


def test_walking_into_the_step_again_starts_a_second_run() -> None:
    """S1."""
    play = Play(chat({"ask": "?"}, UNLOCK | {"outcomes": {"success": "ask-1", "failure": "bad"}}, BAD))
    play.start()
    ids = []
    for run in ("r1", "r2"):
        [start] = play.say("go")
        ids.append(start.id)
        play.accept(run)
        play.end_run(start.id, run=run)
    assert ids == ["unlock.2", "unlock.4"]


@pytest.mark.parametrize(("outcome", "said"), [("success", "good: It is."), ("failure", "bad: It is.")])
def test_the_outcome_of_the_run_decides_where_the_chat_goes(outcome: str, said: str) -> None:
    """S11, S12, S40, S41."""
    play = parked()
    assert texts(play.end_run("unlock.1", "It is.", outcome, runbook="unlock-account")) == [said]
    assert play.state.results["last"] == {"outcome": outcome, "message": "It is.", "code": ""}


def test_an_empty_result_is_empty_and_not_the_one_before() -> None:
    """S34."""
    again = {"id": "good", "say": "[$RUNBOOKRESULT]", "next": "unlock"}
    play = Play(chat(UNLOCK, again, BAD))
    play.start()
    play.accept("r1")
    assert texts(play.end_run("unlock.1", "first", run="r1")) == ["[first]"]
    play.accept("r2")
    assert texts(play.end_run("unlock.3", "", run="r2")) == ["[]"]


def test_what_a_run_brought_is_there_by_runbook_and_by_step() -> None:
    said = (
        "${results.unlock-account.code} ${results.unlock-account.data.n} ${unlock.result} ${unlock.outcome}"
    )
    play = Play(chat(UNLOCK, {"id": "good", "end": said}, BAD))
    play.start()
    play.accept()
    effects = play.end_run("unlock.1", "Done.", runbook="unlock-account", code="ok", data={"n": 3})
    assert texts(effects) == ["ok 3 Done. success"]


def test_a_parked_chat_hears_only_the_end_of_its_own_run() -> None:
    """S13, D13."""
    play = parked()
    for event in (
        RunEnded(id="unlock.2", run="r7", runbook="unlock-account", outcome="success"),
        RunEnded(id="unlock.1", run="r8", runbook="unlock-account", outcome="success", announce="no"),
        RunAccepted(id="unlock.1", run="r7", wait=True),
        RunAccepted(id="unlock.1", run="r9", wait=False),
        RunRefused(id="unlock.1", runbook="unlock-account", reason="Runbook failed: no"),
        CallAnswered(id="unlock.1", ok=True),
        TimeCame(id="unlock.1"),
        TimeCame(id="unlock.1.patience"),
        TimeCame(id="unlock.1.quiet"),
    ):
        play.ignores(event)


def test_an_end_is_heard_once() -> None:
    play = Play(
        chat(UNLOCK | {"outcomes": {"success": "next", "failure": "bad"}}, {"id": "next", "ask": "?"}, BAD)
    )
    play.start()
    play.accept()
    end = RunEnded(id="unlock.1", run="r7", runbook="unlock-account", outcome="success", announce="again!")
    play.feed(end)
    play.ignores(end)


def test_an_end_before_the_start_was_accepted_is_not_heard() -> None:
    play = started()
    play.ignores(RunEnded(id="unlock.1", run="r7", runbook="unlock-account", outcome="success"))


# --- refused (D7) ------------------------------------------------------------------------


def test_a_run_that_could_not_be_started_is_a_failure_that_says_why() -> None:
    play = started()
    reason = "Runbook failed: `unlock-account` is disabled"
    effects = play.feed(RunRefused(id="unlock.1", runbook="unlock-account", reason=reason))
    assert effects == [Say(id="bad.2", text=f"bad: {reason}"), Finish(id="bad.2.end", outcome="success")]
    assert play.state.results["last"] == {"outcome": "failure", "message": reason, "code": "refused"}
    assert play.state.results["runs"]["unlock-account"]["code"] == "refused"
    assert play.state.background == ()


def test_an_input_without_a_value_takes_the_failure_exit_and_nothing_starts() -> None:
    """D10."""
    play = Play(chat(UNLOCK | {"with": {"login": "$login", "a": ["${b.c}"]}}, GOOD, BAD))
    reason = "Runbook failed: no value for ${login}, ${b.c}"
    assert texts(play.start()) == [f"bad: {reason}"]
    assert play.state.results["last"] == {"outcome": "failure", "message": reason, "code": "refused"}


# --- in the background (D2, DECISIONS 3, 4) ----------------------------------------------


@pytest.mark.parametrize(("outcomes", "path"), [({"started": "off"}, ("off",)), ({}, ("good",))])
def test_an_accepted_background_run_goes_on_at_once(outcomes: dict[str, str], path: tuple[str, ...]) -> None:
    outcomes = {"success": "good", "failure": "bad"} | outcomes
    play = started({"id": "off", "end": "started [$RUNBOOKRESULT]"}, mode="async", outcomes=outcomes)
    play.accept(wait=False)
    assert play.path == path
    assert play.state.background == ("r7",)


def test_the_mode_goes_along() -> None:
    assert Play(chat(UNLOCK | {"mode": "async"}, GOOD, BAD)).start() == [
        StartRun(id="unlock.1", runbook="unlock-account", inputs={"login": "u1"}, mode="async")
    ]


@pytest.mark.parametrize(
    ("given", "after", "at"), [({"in": "2h"}, 7200.0, None), ({"at": "22:00"}, None, "22:00")]
)
def test_a_later_start_is_never_waited_for(
    given: dict[str, str], after: float | None, at: str | None
) -> None:
    inputs = {"login": "u1"}
    assert Play(chat(UNLOCK | given, GOOD, BAD)).start() == [
        StartRun(id="unlock.1", runbook="unlock-account", inputs=inputs, mode="async", after=after, at=at)
    ]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"at": "22:00", "in": "2h"}, "exclude each other"),
        ({"at": "22:00", "mode": "wait"}, "cannot be waited for"),
        ({"at": "24:00"}, "pattern"),
        ({"wait_up_to": "1s"}, "needs the outcome `still_running`"),
        ({"wait_up_to": "1s", "mode": "async"}, "goes with a run that is waited for"),
        ({"outcomes": {"success": "good", "failure": "bad", "still_running": "good"}}, "needs `wait_up_to`"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        chat(UNLOCK | given, GOOD, BAD)


# --- patience and silence (N1, N2) -------------------------------------------------------

PATIENT: dict[str, Any] = {
    "outcomes": {"success": "good", "failure": "bad", "still_running": "later"},
    "wait_up_to": "30s",
}
LATER = {"id": "later", "say": "It goes on.", "next": "q"}
QUESTION = {"id": "q", "ask": "Anything else?"}


def test_both_timers_are_set_when_the_run_is_accepted() -> None:
    play = started(LATER, QUESTION, **PATIENT)
    assert play.accept(quiet=20.0) == [
        Timer(id="unlock.1.quiet", after=20.0),
        Timer(id="unlock.1.patience", after=30.0),
    ]
    assert play.state.meanwhile == Meanwhile(timers=("unlock.1.quiet", "unlock.1.patience"), quiet=20.0)


def test_without_silence_or_patience_there_are_no_timers() -> None:
    assert started().accept() == []


def test_a_long_run_leaves_by_still_running_and_ends_in_the_background() -> None:
    play = parked(LATER, QUESTION, **PATIENT)
    assert texts(play.time("unlock.1.patience")) == ["It goes on.", "Anything else?"]
    assert list(play.state.background) == ["r7"]
    effects = play.end_run("unlock.1", "Done.", runbook="unlock-account", announce="It has finished.")
    assert effects == [Say(id="run.r7.end", text="It has finished.")]
    assert play.waits_for == "answer q.3"
    assert play.state.results["last"]["message"] == "Done."
    assert list(play.state.background) == []


def test_patience_rings_once() -> None:
    play = parked(LATER, QUESTION, **PATIENT)
    play.time("unlock.1.patience")
    play.ignores(TimeCame(id="unlock.1.patience"))


def test_the_timers_of_a_run_that_has_ended_are_stale() -> None:
    play = parked({"id": "next", "ask": "?"}, quiet=20.0, outcomes={"success": "next", "failure": "bad"})
    play.end_run("unlock.1", "Done.")
    play.ignores(TimeCame(id="unlock.1.quiet", quiet=99))
    play.ignores(TimeCame(id="unlock.1.patience"))


def test_after_a_silence_the_chat_says_a_word_once_an_interval() -> None:
    play = parked(quiet=20.0)
    assert play.time("unlock.1.quiet", quiet=20.0) == [
        Say(id="unlock.1.still-1", text="Still working on it …"),
        Timer(id="unlock.1.quiet-1", after=20.0),
    ]
    play.ignores(TimeCame(id="unlock.1.quiet", quiet=40.0))  # doubled
    assert play.time("unlock.1.quiet-1", quiet=20.0) == [
        Say(id="unlock.1.still-2", text="Still working on it …"),
        Timer(id="unlock.1.quiet-2", after=20.0),
    ]


def test_the_authors_own_messages_put_the_word_off() -> None:
    play = parked(quiet=20.0)
    assert play.time("unlock.1.quiet", quiet=5.0) == [Timer(id="unlock.1.quiet-1", after=15.0)]
    assert texts(play.time("unlock.1.quiet-1", quiet=20.0)) == ["Still working on it …"]


@pytest.mark.parametrize(("quiet", "after", "says"), [(19.96, 20.0, 1), (19.9, 0.1, 0), (-50.0, 20.0, 0)])
def test_an_alarm_that_rings_early_or_a_clock_that_jumps_does_no_harm(
    quiet: float, after: float, says: int
) -> None:
    play = parked(quiet=20.0)
    *said, timer = play.time("unlock.1.quiet", quiet=quiet)
    assert isinstance(timer, Timer)
    assert (len(said), round(timer.after, 6)) == (says, after)


def test_what_is_awaited_stays_the_same_while_a_silence_is_broken() -> None:
    """Whoever keeps timers may drop them when `awaiting` changes: patience must survive."""
    play = parked(LATER, QUESTION, quiet=20.0, **PATIENT)
    before = play.state.awaiting
    play.time("unlock.1.quiet", quiet=20.0)
    play.say("hello?")
    assert play.state.awaiting == before
    assert texts(play.time("unlock.1.patience")) == ["It goes on.", "Anything else?"]


# --- runbooks in runbooks ----------------------------------------------------------------

CHILD = {
    "id": "child",
    "runbook": "other",
    "with": {"x": "$x"},
    "outcomes": {"success": "good", "failure": "bad"},
}
RUN_GOOD = {"id": "good", "end": "success", "result": "$RUNBOOKRESULT ${results.other.data} ${child.outcome}"}
RUN_BAD = {"id": "bad", "end": "failure", "result": "$RUNBOOKRESULT"}


def nested(**given: Any) -> Play:
    play = Play(runbook(CHILD | given, RUN_GOOD, RUN_BAD), x=1)
    [start] = play.start()
    assert isinstance(start, StartRun)
    assert (start.id, start.inputs) == ("child.1", {"x": 1})
    return play


@pytest.mark.parametrize(
    ("outcome", "end"),
    [
        ("success", Finish(id="good.2.end", outcome="success", message="Done. [1] success")),
        ("failure", Finish(id="bad.2.end", outcome="failure", message="Done.")),
    ],
)
def test_a_run_waits_for_a_nested_run(outcome: str, end: Finish) -> None:
    play = nested()
    assert play.accept() == []
    assert play.waits_for == "run child.1"
    assert play.end_run("child.1", "Done.", outcome, runbook="other", data=[1]) == [end]


EVERYTHING_ELSE: list[Event] = [
    Said(text="cancel"),
    Said(text="x", prompt="child.1", value="x"),
    TimeCame(id="child.1"),
    TimeCame(id="child.1.quiet", quiet=99.0),
    TimeCame(id="child.1.patience"),
    CallAnswered(id="child.1", ok=True),
    RunAccepted(id="child.1", run="r7", wait=False),
    RunRefused(id="child.1", runbook="other", reason="no"),
    RunEnded(id="child.1", run="r8", runbook="other", outcome="success", announce="no"),
    RunEnded(id="child.2", run="r7", runbook="other", outcome="success", announce="no"),
]


@pytest.mark.parametrize("event", EVERYTHING_ELSE)
def test_a_run_that_waits_for_a_nested_run_hears_nothing_else(event: Event) -> None:
    play = nested()
    play.accept()
    play.ignores(event)


def test_a_nested_background_run_is_started_and_not_heard_of_again() -> None:
    play = Play(
        runbook(
            CHILD | {"mode": "async", "outcomes": {"success": "good", "failure": "bad", "started": "p"}},
            {"id": "p", "pause": "1s"},
            RUN_GOOD,
            RUN_BAD,
        ),
        x=1,
    )
    [start] = play.start()
    assert isinstance(start, StartRun)
    assert start.mode == "async"
    assert play.accept(wait=False) == [Timer(id="p.2", after=1.0)]
    assert play.state.background == ()
    play.ignores(RunEnded(id="child.1", run="r7", runbook="other", outcome="success", announce="no"))


def test_a_nested_run_that_could_not_be_started_is_a_failure() -> None:
    play = nested()
    reason = "Runbook failed: runbooks may start runbooks 5 levels deep."
    assert play.feed(RunRefused(id="child.1", runbook="other", reason=reason)) == [
        Finish(id="bad.2.end", outcome="failure", message=reason)
    ]


def test_patience_is_for_chats() -> None:
    with pytest.raises(ValidationError, match="wait_up_to"):
        runbook(CHILD | {"wait_up_to": "1s"}, RUN_GOOD, RUN_BAD)
