"""No flow walks for ever without waiting (D5), and none holds up the others."""

from __future__ import annotations

from typing import Any

import pytest

from flows.effects import Finish, Note, Say, StartRun, Timer
from flows.errors import FlowStuck
from flows.events import RunAccepted, RunEnded, RunRefused, Said, Started, TimeCame
from flows.machine import MAX_HOPS, advance
from tests.flows.machine.play import Play, chat, runbook, texts


def test_a_cycle_that_never_waits_is_stuck_and_changes_nothing() -> None:
    flow = chat(
        {"id": "q", "ask": "?", "options": ["round", "out"], "save": "a"},
        {"if": {"a": {"is": "out"}}, "then": "bye"},
        {"id": "x", "say": "x"},
        {"id": "y", "say": "y", "next": "x"},
        {"id": "bye", "end": "Bye."},
    )
    play = Play(flow)
    play.start()
    before = play.state
    with pytest.raises(
        FlowStuck, match=rf"helpdesk: {MAX_HOPS + 5} steps in a row without waiting, .* `[xy]`"
    ):
        advance(flow, play.state, Said(text="round"))
    assert play.state == before
    assert texts(play.say("out")) == ["Bye."]


def test_a_cycle_from_the_very_start_is_stuck() -> None:
    flow = runbook({"id": "x", "set": {"a": 1}, "next": "x"})
    with pytest.raises(FlowStuck) as caught:
        advance(flow, Play(flow).state, Started())
    assert (caught.value.flow, caught.value.step) == ("unlock", "x")


def test_a_long_straight_flow_is_no_cycle() -> None:
    play = Play(runbook(*({"chat_message": f"{n}"} for n in range(499)), {"end": "success"}))
    assert len(play.start()) == 500


@pytest.mark.parametrize("answer", ["refused", "background", "ended"])
def test_runs_started_in_a_circle_stop_although_each_is_an_event(answer: str) -> None:
    """Without a person's words in between, verdicts and ends of runs do not begin the count anew."""
    circle = {"id": "r", "runbook": "x", "outcomes": {"success": "r", "failure": "r"}}
    flow = chat({"id": "q", "ask": "?"}, circle)
    play = Play(flow)
    play.start()
    play.say("go")

    def verdict(number: int) -> None:
        id = play.awaited
        if answer == "refused":
            play.feed(RunRefused(id=id, runbook="x", reason="Runbook failed: no"))
        elif answer == "background":
            play.feed(RunAccepted(id=id, run=f"r{number}", wait=False))
        else:
            play.feed(RunAccepted(id=id, run=f"r{number}", wait=True))
            play.feed(RunEnded(id=id, run=f"r{number}", runbook="x", outcome="failure"))

    for number in range(1, flow.most_hops):
        verdict(number)
    with pytest.raises(FlowStuck):
        verdict(0)
    assert play.state.hops == flow.most_hops


def test_refused_nested_runs_in_a_circle_stop() -> None:
    flow = runbook({"id": "r", "runbook": "x", "outcomes": {"success": "r", "failure": "r"}})
    play = Play(flow)
    play.start()
    for _ in range(1, flow.most_hops):
        play.feed(RunRefused(id=play.awaited, runbook="x", reason="Runbook failed: no"))
    with pytest.raises(FlowStuck):
        play.feed(RunRefused(id=play.awaited, runbook="x", reason="Runbook failed: no"))


def test_a_run_that_waits_again_and_again_is_no_cycle() -> None:
    play = Play(runbook({"id": "p", "pause": "1s", "next": "p"}))
    play.start()
    for _ in range(MAX_HOPS * 2):
        assert play.time(play.awaited)


def test_a_loop_over_a_long_list_gives_way_and_finishes() -> None:
    check = {"if": {"x": {"is": 999}}, "then": "note"}
    steps: list[dict[str, Any]] = [
        {
            "id": "each",
            "for_each": "$xs",
            "as": "x",
            "steps": [check, {"set": {"y": "$x"}, "next": "note"}, {"id": "note", "chat_message": "$x"}],
        },
        {"end": "success"},
    ]
    play = Play(runbook(*steps), xs=list(range(1_000)))
    effects, laps = play.start(), 0
    while play.state.awaiting is not None:
        *_, lap = effects
        assert isinstance(lap, Timer)
        assert (lap.after, play.waits_for) == (0.0, f"time {lap.id}")
        play.ignores(TimeCame(id="each.1.lap"))
        laps += 1
        effects = [*effects[:-1], *play.time(lap.id)]
    assert [effect.text for effect in effects if isinstance(effect, Note)] == [str(n) for n in range(1_000)]
    assert isinstance(effects[-1], Finish)
    assert 30 < laps < 60


def test_effect_ids_of_a_long_loop_are_unique() -> None:
    play = Play(
        runbook({"for_each": "$xs", "as": "x", "steps": [{"chat_message": "$x"}]}, {"end": "success"}),
        xs=[0] * 500,
    )
    ids = [effect.id for effect in play.start()]
    while play.state.awaiting:
        ids += [effect.id for effect in play.time(play.awaited)]
    assert len(ids) == len(set(ids)) > 500


def test_a_person_begins_the_count_anew() -> None:
    play = Play(chat({"id": "q", "ask": "?"}, {"say": "ok", "next": "q"}))
    play.start()
    for _ in range(MAX_HOPS * 2):
        assert [type(effect) for effect in play.say("x")] == [Say, Say]


def test_an_aside_does_not() -> None:
    play = Play(chat({"id": "r", "runbook": "x", "outcomes": {"success": "r", "failure": "r"}}))
    [start] = play.start()
    assert isinstance(start, StartRun)
    play.accept()
    play.say("help")
    play.say("hello?")
    assert play.state.hops == 1


def test_a_chat_whose_failure_leads_nowhere_closes_and_says_why() -> None:
    """The checker wants the exit (E107); the machine ends all the same."""
    play = Play(chat({"id": "r", "runbook": "x"}))
    play.start()
    reason = "Runbook failed: no such runbook"
    assert play.feed(RunRefused(id="r.1", runbook="x", reason=reason)) == [
        Say(id="r.1.close", text=reason),
        Finish(id="r.1.end", outcome="success"),
    ]
