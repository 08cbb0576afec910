"""`wait_for: callback`: what it waits for, keeps and ignores. Pure."""

from __future__ import annotations

import pytest

from bot.testing import project_of
from flows.effects import Finish, Timer
from flows.events import Called, Event, Started, TimeCame
from flows.flow import Flow
from flows.graph import graph_of, mermaid, tree
from flows.machine import advance
from flows.state import State
from flows.variables import URLS

PROJECT = project_of(
    """
kind: runbook
id: work
timeout: 2h
steps:
  - pause: 1m
  - {id: answer, wait_for: callback, timeout: 1h, save: {yes: body.yes, first: body.list.0}, outcomes: {timeout: late}}
  - {end: success, result: "$yes $first ${answer.body} ${answer.outcome} ${answer.url}"}
  - {id: late, end: failure, result: "$ERROR, ${answer.outcome}"}
"""
)
URL = "https://x.example/callbacks/1"


def flow() -> Flow:
    found = PROJECT.runbooks["work"].flow
    assert found is not None
    return found


def waiting() -> State:
    state = State(context={URLS: {"answer": URL}})
    for event in (Started(), TimeCame(id="pause-1.1")):
        state = advance(flow(), state, event).state
    return state


def test_it_waits_with_a_limit() -> None:
    state = advance(flow(), State(), Started()).state
    turn = advance(flow(), state, TimeCame(id="pause-1.1"))
    assert turn.effects == (Timer(id="answer.2.timeout", after=3600.0),)
    assert turn.state.awaiting is not None
    assert turn.state.awaiting.kind == "callback"


def test_it_goes_on_with_what_was_posted() -> None:
    turn = advance(flow(), waiting(), Called(step="answer", body={"yes": True, "list": ["a"]}))
    (end,) = turn.effects
    assert isinstance(end, Finish)
    assert end.message == f'true a {{"yes": true, "list": ["a"]}} success {URL}'


@pytest.mark.parametrize("body", [None, True, [], "text", {"yes": None}, {"list": {}}])
def test_what_is_not_there_is_nothing(body: object) -> None:
    turn = advance(flow(), waiting(), Called(step="answer", body=body))
    assert turn.state.variables["first"] is None
    assert turn.state.ended is not None


def test_nobody_calls() -> None:
    turn = advance(flow(), waiting(), TimeCame(id="answer.2.timeout"))
    (end,) = turn.effects
    assert isinstance(end, Finish)
    assert end.message == "nobody called back within 1h, timeout"


@pytest.mark.parametrize(
    "event", [Called(step="other"), Called(step="late"), TimeCame(id="answer.2"), TimeCame(id="pause-1.1")]
)
def test_what_it_does_not_wait_for_changes_nothing(event: Event) -> None:
    state = waiting()
    assert advance(flow(), state, event).state is state


def test_a_call_before_it_waits_changes_nothing() -> None:
    state = advance(flow(), State(), Started()).state
    assert advance(flow(), state, Called(step="answer")).state is state


def test_a_picture_shows_it() -> None:
    graph = graph_of(flow())
    assert "answer [wait_for]  callback, up to 1h" in tree(graph)
    assert "timeout" in mermaid(graph)
