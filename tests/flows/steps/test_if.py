"""`if`: S43-S46."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.flows.machine.play import Play, chat, runbook, texts


@pytest.mark.parametrize(("value", "leads"), [("yes", ["then"]), ("no", ["else"])])
def test_a_condition_leads_one_way_or_the_other(value: str, leads: list[str]) -> None:
    play = Play(
        chat(
            {"ask": "?", "save": "a"},
            {"if": {"a": {"is": "yes"}}, "then": "t", "else": "e"},
            {"id": "t", "end": "then"},
            {"id": "e", "end": "else"},
        )
    )
    play.start()
    assert texts(play.say(value)) == leads


@pytest.mark.parametrize(
    ("way", "value", "path"), [("then", 1, 1), ("then", 2, 0), ("else", 1, 0), ("else", 2, 1)]
)
def test_the_way_that_is_left_out_goes_to_the_next_step(way: str, value: int, path: int) -> None:
    play = Play(
        runbook(
            {"if": {"a": {"is": 1}}, way: "far"},
            {"end": "success", "result": "next"},
            {"id": "far", "end": "success"},
        ),
        a=value,
    )
    play.start()
    assert play.path[1] == ["end-1", "far"][path]


def test_an_if_without_ways_is_refused() -> None:
    with pytest.raises(ValidationError, match="needs `then:`, `else:` or both"):
        runbook({"if": {"a": {"is": 1}}}, {"end": "success"})


def test_the_sentence_about_it_is_kept_for_the_trace() -> None:
    play = Play(runbook({"id": "c", "if": {"a": {"is": 1}}, "then": "e"}, {"id": "e", "end": "success"}), a=1)
    play.start()
    assert play.state.results == {"steps": {"c": {"because": 'a "1" is "1" → yes'}}}
