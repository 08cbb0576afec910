"""`chat_message`, the action *Add Live Chat Message*: S21-S29."""

from __future__ import annotations

from typing import Any

from flows.effects import Call, Effect, Finish, Log, Note
from flows.events import CallAnswered
from tests.flows.machine.play import Play, runbook


def notes(effects: list[Effect]) -> list[str]:
    return [effect.text for effect in effects if isinstance(effect, Note)]


def test_a_message_is_posted_and_the_run_goes_on() -> None:
    play = Play(
        runbook({"chat_message": "Looking up $login …"}, {"id": "find", "call": "a.b"}, {"end": "success"}),
        login="j.doe",
    )
    assert play.start() == [
        Note(id="chat-message-1.1", text="Looking up j.doe …"),
        Call(id="find.2", connector="a", method="b"),
    ]


def test_a_text_is_filled_when_the_step_runs_not_when_the_run_starts() -> None:
    """S28."""
    steps: list[dict[str, Any]] = [
        {"chat_message": "before: ${state:-nothing}"},
        {"id": "c", "call": "a.b", "save": {"state": "body"}},
        {"chat_message": "after: $state"},
        {"end": "success"},
    ]
    play = Play(runbook(*steps))
    assert notes(play.start()) == ["before: nothing"]
    assert notes(play.feed(CallAnswered(id="c.2", ok=True, answer={"body": "locked"}))) == ["after: locked"]


def test_an_empty_message_is_not_posted_and_an_unresolved_one_is_logged() -> None:
    play = Play(runbook({"chat_message": "$gone"}, {"end": "success"}))
    assert play.start() == [
        Log(id="chat-message-1.1.log", message="no value for gone: shown as empty text"),
        Finish(id="end-1.2.end", outcome="success"),
    ]


def test_a_value_cannot_change_the_message_around_it() -> None:
    """S25: what a value contains is text."""
    hostile = '", "chat_id": "c2" ${chat.id} \n $login'
    play = Play(runbook({"chat_message": 'Hello "$x"'}, {"end": "success"}), x=hostile, login="no")
    assert notes(play.start()) == [f'Hello "{hostile}"']


def test_reached_three_times_in_a_loop_it_posts_three_times() -> None:
    """S29."""
    play = Play(
        runbook({"for_each": "$xs", "as": "x", "steps": [{"chat_message": "at $x"}]}, {"end": "success"}),
        xs=["a", "b", "c"],
    )
    effects = play.start()
    assert notes(effects) == ["at a", "at b", "at c"]
    assert len({effect.id for effect in effects}) == len(effects)


def test_fifty_messages_keep_their_order() -> None:
    """S22."""
    play = Play(runbook(*({"chat_message": f"message {n}"} for n in range(50)), {"end": "success"}))
    assert notes(play.start()) == [f"message {n}" for n in range(50)]
