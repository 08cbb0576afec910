"""`pause`: DECISIONS 22."""

from __future__ import annotations

import pytest

from flows.effects import Finish, Timer
from flows.events import CallAnswered, Event, RunEnded, Said, TimeCame
from tests.flows.machine.play import Play, runbook


def paused() -> Play:
    play = Play(runbook({"id": "p", "pause": "1m30s"}, {"end": "success"}))
    assert play.start() == [Timer(id="p.1", after=90.0)]
    assert play.waits_for == "time p.1"
    return play


def test_a_pause_ends_when_its_time_comes() -> None:
    play = paused()
    assert play.time("p.1") == [Finish(id="end-1.2.end", outcome="success")]


@pytest.mark.parametrize(
    "event",
    [
        TimeCame(id="p.2"),
        TimeCame(id="p"),
        CallAnswered(id="p.1", ok=True),
        RunEnded(id="p.1", run="r1", runbook="x", outcome="success"),
        Said(text="go on"),
    ],
)
def test_a_pause_hears_nothing_else(event: Event) -> None:
    paused().ignores(event)


def test_each_visit_has_a_timer_of_its_own() -> None:
    play = Play(runbook({"id": "p", "pause": "1s"}, {"id": "q", "pause": "1s", "next": "p"}))
    play.start()
    assert play.time("p.1") == [Timer(id="q.2", after=1.0)]
    assert play.time("q.2") == [Timer(id="p.3", after=1.0)]
    play.ignores(TimeCame(id="p.1"))
