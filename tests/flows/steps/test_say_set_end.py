"""`say`, `set` and the chat's `end`; DECISIONS 8."""

from __future__ import annotations

from flows.effects import Finish, Log, Say
from flows.events import Started
from flows.state import Ended
from tests.flows.machine.play import Play, chat, runbook


def test_a_chat_says_its_lines_and_ends() -> None:
    play = Play(chat({"say": "Hi $CHAT_USER_NAME."}, {"id": "bye", "end": "Bye."}))
    assert play.start() == [
        Say(id="say-1.1", text="Hi Ann."),
        Say(id="bye.2", text="Bye."),
        Finish(id="bye.2.end", outcome="success"),
    ]
    assert play.path == ("say-1", "bye")
    assert play.state.ended == Ended(step="bye", outcome="success", message="Bye.")
    assert play.state.awaiting is None


def test_a_second_start_changes_nothing() -> None:
    asks = Play(chat({"ask": "Well?"}))
    asks.start()
    asks.ignores(Started())
    over = Play(chat({"end": "Bye."}))
    over.start()
    over.ignores(Started())


def test_an_unresolved_variable_is_empty_text_and_a_log_line() -> None:
    play = Play(chat({"say": "It is ${find.result}, $nobody!"}, {"end": ""}))
    assert play.start() == [
        Log(id="say-1.1.log", message="no value for find.result, nobody: shown as empty text"),
        Say(id="say-1.1", text="It is , !"),
        Finish(id="end-1.2.end", outcome="success"),
    ]


def test_an_empty_message_is_not_sent() -> None:
    play = Play(chat({"say": "  ${RUNBOOKRESULT}  "}, {"end": " "}))
    assert play.start() == [Finish(id="end-1.2.end", outcome="success")]


def test_set_keeps_types_of_lone_variables_and_fills_texts() -> None:
    play = Play(
        runbook(
            {"set": {"copy": "$given", "text": "<$given>", "deep": {"list": ["$given", 1, None, True]}}},
            {"end": "success", "result": "$copy $text ${deep.list.0}", "data": "$deep"},
        ),
        given=3,
    )
    assert play.start() == [
        Finish(id="end-1.2.end", outcome="success", message="3 <3> 3", data={"list": [3, 1, None, True]})
    ]
    assert play.state.variables == {
        "given": 3,
        "copy": 3,
        "text": "<3>",
        "deep": {"list": [3, 1, None, True]},
    }


def test_set_sees_the_values_of_before() -> None:
    play = Play(runbook({"set": {"a": "$b", "b": "$a"}}, {"end": "success"}), a=1, b=2)
    play.start()
    assert play.state.variables == {"a": 2, "b": 1}


def test_set_of_what_has_no_value_is_nothing_and_a_log_line() -> None:
    play = Play(runbook({"set": {"a": "$gone"}}, {"end": "success"}))
    assert play.start()[0] == Log(id="set-1.1.log", message="no value for gone: shown as empty text")
    assert play.state.variables == {"a": None}


def test_a_value_is_never_read_as_a_template() -> None:
    hostile = "$RUNBOOKRESULT ${chat.id} $$ ${x:-y} {{7*7}} <<chat^id>>"
    play = Play(chat({"ask": "?", "save": "a"}, {"set": {"b": "$a"}}, {"say": "$b"}, {"end": "[${b}]"}))
    play.start()
    assert play.say(hostile)[:2] == [Say(id="say-1.3", text=hostile), Say(id="end-1.4", text=f"[{hostile}]")]


def test_next_leads_elsewhere() -> None:
    play = Play(chat({"say": "one", "next": "three"}, {"say": "two"}, {"id": "three", "end": "three"}))
    play.start()
    assert play.path == ("say-1", "three")


def test_a_chat_may_fall_off_the_end() -> None:
    play = Play(chat({"say": "That is all."}))
    assert play.start() == [
        Say(id="say-1.1", text="That is all."),
        Finish(id="say-1.1.end", outcome="success"),
    ]
    assert play.state.ended == Ended(step="say-1", outcome="success")


def test_a_run_that_falls_off_the_end_has_failed() -> None:
    play = Play(runbook({"set": {"a": 1}}))
    message = "Runbook failed: step set-1: it ended without an End step"
    assert play.start() == [Finish(id="set-1.1.end", outcome="failure", message=message)]
    assert play.state.ended == Ended(step="set-1", outcome="failure", message=message)


def test_a_run_ends_with_outcome_message_code_and_data() -> None:
    play = Play(runbook({"end": "failure", "result": "No $a.", "code": "none", "data": {"n": "$n"}}), n=1)
    assert play.start() == [
        Log(id="end-1.1.log", message="no value for a: shown as empty text"),
        Finish(id="end-1.1.end", outcome="failure", message="No .", code="none", data={"n": 1}),
    ]


def test_no_step_after_an_end_is_walked() -> None:
    play = Play(runbook({"end": "success"}, {"id": "after", "chat_message": "never"}))
    play.start()
    assert play.path == ("end-1",)


def test_a_step_without_an_id_is_named_by_its_kind_and_number() -> None:
    flow = chat({"say": "a"}, {"id": "b", "say": "b"}, {"say": "c"}, {"end": ""})
    assert list(flow.nodes) == ["say-1", "b", "say-2", "end-1"]
