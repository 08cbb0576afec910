"""`for_each` and `repeat`: H81, nesting, jumps, and lists that change while they are walked."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

from flows.effects import Call, Effect, Finish, Note, Timer
from flows.events import CallAnswered, TimeCame
from flows.state import Frame
from tests.flows.machine.play import Play, runbook

END = {"id": "end", "end": "success"}


def notes(effects: list[Effect]) -> list[str]:
    return [effect.text for effect in effects if isinstance(effect, Note)]


def each(source: str, name: str, *steps: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"for_each": source, "as": name, "steps": list(steps)} | rest


# --- for_each ----------------------------------------------------------------------------


def test_each_element_is_walked_once_in_order() -> None:
    play = Play(runbook(each("$xs", "x", {"chat_message": "at $x"}, id="loop"), END), xs=[1, {"a": 2}, None])
    assert play.start() == [
        Note(id="chat-message-1.2", text="at 1"),
        Note(id="chat-message-1.4", text='at {"a": 2}'),
        Note(id="chat-message-1.6", text="at"),
        Finish(id="end.8.end", outcome="success"),
    ]
    assert play.path == ("loop", *("chat-message-1", "loop") * 3, "end")
    assert play.state.frames == ()


def test_loops_nest_and_the_variable_keeps_the_last_element() -> None:
    play = Play(
        runbook(
            each("$rows", "row", {"chat_message": "row"}, each("$row", "x", {"chat_message": "$x"})),
            {"chat_message": "last $x of $row"},
            END,
        ),
        rows=[["a", "b"], [], ["c"]],
    )
    assert notes(play.start()) == ["row", "a", "b", "row", "row", "c", 'last c of ["c"]']


def test_loops_wait_inside() -> None:
    flow = runbook(each("$xs", "x", {"id": "c", "call": "a.b", "with": {"x": "$x"}}, id="loop"), END)
    play = Play(flow, xs=["p", "q"])
    assert play.start() == [Call(id="c.2", connector="a", method="b", args={"x": "p"})]
    assert play.state.frames == (Frame(step="loop", index=0, source="xs"),)
    assert play.feed(CallAnswered(id="c.2", ok=True)) == [
        Call(id="c.4", connector="a", method="b", args={"x": "q"})
    ]
    assert play.state.frames == (Frame(step="loop", index=1, source="xs"),)
    assert play.feed(CallAnswered(id="c.4", ok=True)) == [Finish(id="end.6.end", outcome="success")]


@pytest.mark.parametrize("outcomes", [{}, {"empty": "none"}])
def test_an_empty_list_leaves_by_its_exit_or_goes_on(outcomes: dict[str, str]) -> None:
    loop = each("$xs", "x", {"chat_message": "never"}, outcomes=outcomes)
    play = Play(runbook(loop, END, {"id": "none", "end": "success"}), xs=[])
    play.start()
    assert play.path[1] == outcomes.get("empty", "end")
    assert "x" not in play.state.variables


@pytest.mark.parametrize("xs", ["abc", {"a": 1}, 3, None, True])
def test_what_is_no_list_is_a_failure(xs: Any) -> None:
    bad = {"id": "bad", "end": "failure", "result": "$ERROR"}
    play = Play(runbook(each("$xs", "x", END, outcomes={"failure": "bad"}), bad), xs=xs)
    assert play.start() == [Finish(id="bad.2.end", outcome="failure", message="`$xs` is not a list")]


def test_a_list_is_one_variable_and_nothing_around_it() -> None:
    play = Play(runbook(each("$xs ", "x", {"chat_message": "never"}), END), xs=[1])
    assert play.start() == [
        Finish(
            id="for-each-1.1.end",
            outcome="failure",
            message="Runbook failed: step for-each-1: `$xs ` is not a list",
        )
    ]


@pytest.mark.parametrize(("many", "ends"), [(10_000, ""), (10_001, "more than 10000 elements")])
def test_a_list_has_a_limit(many: int, ends: str) -> None:
    play = Play(runbook(each("$xs", "x", {"pause": "1s"}), END), xs=[0] * many)
    play.start()
    message = play.state.ended.message if play.state.ended else ""
    assert message.endswith(ends)
    assert (play.state.awaiting is None) is bool(ends)


def test_the_elements_are_those_of_the_beginning_even_if_the_variable_is_replaced() -> None:
    play = Play(
        runbook(each("$xs", "x", {"set": {"xs": ["new"]}}, {"pause": "1s"}, {"chat_message": "$x"}), END),
        xs=["a", "b", "c"],
    )
    seen = notes(play.start())
    while play.state.awaiting:
        assert play.state.frames[0].items == ["a", "b", "c"]
        seen += notes(play.time(play.awaited))
    assert seen == ["a", "b", "c"]


def test_a_loop_may_use_the_name_of_its_own_list() -> None:
    play = Play(runbook(each("$x", "x", {"chat_message": "$x"}), END), x=["a", "b"])
    assert notes(play.start()) == ["a", "b"]


def test_an_inner_loop_may_use_the_name_of_the_outer_element() -> None:
    play = Play(
        runbook(each("$rows", "x", each("$x", "x", {"chat_message": "$x"})), END), rows=[["a", "b"], ["c"]]
    )
    assert notes(play.start()) == ["a", "b", "c"]


def test_a_list_from_an_answer_survives_the_next_answer() -> None:
    play = Play(
        runbook(
            {"id": "c", "call": "a.b"},
            each("${c.result.items}", "i", {"chat_message": "$i"}, {"id": "d", "call": "a.d"}),
            {"end": "success", "result": "${d.result}"},
        )
    )
    play.start()
    seen = notes(play.feed(CallAnswered(id="c.1", ok=True, answer={"body": {"items": [1, 2]}})))
    assert play.waits_for == "call d.4"
    seen += notes(play.feed(CallAnswered(id="d.4", ok=True, answer={"body": {"items": [9]}})))
    assert seen == ["1", "2"]


def test_a_long_list_is_in_the_state_once() -> None:
    xs = [f"account-{n}" for n in range(10_000)]
    play = Play(runbook(each("$xs", "x", {"pause": "1s"}), END), xs=xs)
    before = len(msgspec.json.encode(play.state))
    play.start()
    assert len(msgspec.json.encode(play.state)) < before + 500


def test_a_jump_out_of_a_loop_leaves_it() -> None:
    flow = runbook(
        each(
            "$rows",
            "row",
            each("$row", "x", {"chat_message": "$x"}, {"if": {"x": {"is": "stop"}}, "then": "out"}),
        ),
        {"chat_message": "all"},
        {"id": "out", "pause": "1s"},
        END,
    )
    play = Play(flow, rows=[["a", "stop", "b"], ["c"]])
    assert notes(play.start()) == ["a", "stop"]
    assert (play.state.step, play.state.frames) == ("out", ())


def test_a_jump_to_the_outer_body_leaves_only_the_inner_loop() -> None:
    flow = runbook(
        each(
            "$rows",
            "row",
            each("$row", "x", {"if": {"x": {"is": "skip"}}, "then": "tail"}, {"chat_message": "$x"}),
            {"id": "tail", "chat_message": "row done"},
        ),
        END,
    )
    play = Play(flow, rows=[["a", "skip", "b"], ["c"]])
    assert notes(play.start()) == ["a", "row done", "c", "row done"]


def test_a_jump_to_the_loop_itself_begins_it_again() -> None:
    flow = runbook(
        each("$xs", "x", {"pause": "1s"}, {"if": {"x": {"is": "b"}}, "then": "loop"}, id="loop"), END
    )
    play = Play(flow, xs=["a", "b"])
    play.start()
    walked = []
    for _ in range(6):
        walked.append(play.state.variables["x"])
        play.time(play.awaited)
    assert walked == ["a", "b"] * 3
    assert len(play.state.frames) == 1


def test_a_jump_into_a_loop_walks_it_once() -> None:
    flow = runbook(
        {"set": {"a": 1}, "next": "inside"},
        each("$xs", "x", {"id": "inside", "chat_message": "in"}),
        {"chat_message": "after"},
        END,
    )
    play = Play(flow, xs=["a", "b"])
    assert notes(play.start()) == ["in", "after"]
    assert play.path == ("set-1", "inside", "for-each-1", "chat-message-1", "end")


def test_an_end_inside_a_loop_ends_the_run() -> None:
    play = Play(runbook(each("$xs", "x", {"end": "failure", "result": "at $x"})), xs=["a", "b"])
    assert play.start() == [Finish(id="end-1.2.end", outcome="failure", message="at a")]
    assert play.state.frames == ()


def test_a_failure_inside_a_loop_ends_the_run() -> None:
    play = Play(runbook(each("$xs", "x", {"id": "c", "call": "a.b"}), END), xs=[1, 2])
    play.start()
    assert play.feed(CallAnswered(id="c.2", ok=False, error="500")) == [
        Finish(id="c.2.end", outcome="failure", message="Runbook failed: step c: 500")
    ]
    assert (play.state.frames, play.state.awaiting) == ((), None)


def test_a_run_that_ends_in_a_loop_without_an_end_step_has_failed() -> None:
    play = Play(runbook(each("$xs", "x", {"chat_message": "$x"})), xs=["a"])
    assert play.start()[-1] == Finish(
        id="for-each-1.3.end",
        outcome="failure",
        message="Runbook failed: step for-each-1: it ended without an End step",
    )


# --- repeat ------------------------------------------------------------------------------


def repeat(*steps: dict[str, Any], **rest: Any) -> dict[str, Any]:
    rows = {"until": {"state": {"is": "done"}}, "every": "5s", "at_most": 3}
    return {"id": "rep", "repeat": rows, "steps": list(steps)} | rest


CALL = {"id": "c", "call": "a.b", "save": {"state": "body"}}


def answered(play: Play, state: str) -> list[Effect]:
    return play.feed(CallAnswered(id=play.awaited, ok=True, answer={"body": state}))


def test_repeat_walks_its_steps_until_the_condition_holds_with_a_wait_between() -> None:
    play = Play(runbook(repeat(CALL), END))
    assert play.start() == [Call(id="c.2", connector="a", method="b")]
    assert answered(play, "busy") == [Timer(id="rep.3.wait", after=5.0)]
    assert (play.waits_for, play.state.frames) == ("time rep.3.wait", (Frame(step="rep", index=1),))
    play.ignores(TimeCame(id="rep.1.wait"))
    assert play.time("rep.3.wait") == [Call(id="c.4", connector="a", method="b")]
    assert answered(play, "done") == [Finish(id="end.6.end", outcome="success")]


def test_repeat_gives_up() -> None:
    bad = {"id": "bad", "end": "failure", "result": "$ERROR"}
    play = Play(runbook(repeat(CALL, outcomes={"failure": "bad"}), END, bad))
    play.start()
    for _ in range(2):
        answered(play, "busy")
        play.time(play.awaited)
    assert answered(play, "busy") == [
        Finish(id="bad.8.end", outcome="failure", message="still not so after 3 tries")
    ]


def test_repeat_in_a_for_each_begins_anew_each_time() -> None:
    play = Play(runbook(each("$xs", "x", repeat(CALL)), END), xs=[1, 2])
    play.start()
    seen = []
    for state in ("busy", "busy", "done", "busy", "busy", "done"):
        seen.append([frame.index for frame in play.state.frames])
        answered(play, state)
        if play.state.awaiting and play.state.awaiting.kind == "time":
            play.time(play.awaited)
    assert seen == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]
    assert play.state.ended


def test_repeat_on_a_call_is_not_a_repeat_of_steps() -> None:
    rows = {"until": {"state": {"is": "done"}}, "every": "5s", "at_most": 3}
    play = Play(runbook(CALL | {"repeat": rows}, END))
    play.start()
    assert answered(play, "busy") == [Timer(id="c.1.wait", after=5.0)]


def test_a_loop_has_steps() -> None:
    with pytest.raises(ValidationError, match="at least 1 item"):
        runbook({"for_each": "$xs", "as": "x", "steps": []})
