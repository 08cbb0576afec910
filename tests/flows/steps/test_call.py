"""`call`: H71, D10, D9, polling, and what is kept of an answer."""

from __future__ import annotations

from typing import Any

import pytest

from flows.effects import Call, Finish, Log, Note, Timer
from flows.events import CallAnswered, Said, Started, TimeCame
from flows.machine import advance
from flows.state import Awaiting, State
from tests.flows.machine.play import Play, runbook

FIND = {
    "id": "find",
    "call": "directory.get_user",
    "with": {"login": "$login", "deep": [{"at": "chat $CHAT_ID"}]},
    "save": {"locked": "body.locked", "status": "status", "gone": "body.a.b"},
}
DONE = {"id": "done", "end": "success", "result": "locked=$locked"}
BAD = {"id": "bad", "end": "failure", "result": "Unlock failed: $ERROR"}
ANSWER = {"status": 200, "body": {"locked": True, "list": [1]}, "headers": {}}


def called(*steps: dict[str, Any]) -> Play:
    play = Play(runbook(*steps), login="j.doe")
    args = {"login": "j.doe", "deep": [{"at": "chat c1"}]}
    assert play.start() == [Call(id="find.1", connector="directory", method="get_user", args=args)]
    assert play.state.awaiting == Awaiting(id="find.1", kind="call")
    return play


def test_a_success_goes_on_and_keeps_what_save_names() -> None:
    play = called(FIND, DONE)
    assert play.feed(CallAnswered(id="find.1", ok=True, answer=ANSWER)) == [
        Finish(id="done.2.end", outcome="success", message="locked=true")
    ]
    assert play.state.variables == {"login": "j.doe", "locked": True, "status": 200, "gone": None}


def test_a_failure_leaves_by_its_exit_and_says_why() -> None:
    play = called(FIND | {"outcomes": {"failure": "bad"}}, DONE, BAD)
    assert play.feed(CallAnswered(id="find.1", ok=False, error="404 Not Found", answer={"status": 404})) == [
        Finish(id="bad.2.end", outcome="failure", message="Unlock failed: 404 Not Found")
    ]
    assert play.state.results["steps"]["find"] == {"outcome": "failure", "status": 404}
    assert play.state.variables["locked"] is None


def test_a_failure_without_an_exit_ends_the_run_as_failed() -> None:
    play = called(FIND, DONE)
    assert play.feed(CallAnswered(id="find.1", ok=False, error="no answer within 30s")) == [
        Finish(id="find.1.end", outcome="failure", message="Runbook failed: step find: no answer within 30s")
    ]


def test_a_success_may_lead_elsewhere() -> None:
    play = called(FIND | {"outcomes": {"success": "done"}}, BAD, DONE)
    play.feed(CallAnswered(id="find.1", ok=True, answer=ANSWER))
    assert play.path == ("done",)


def test_an_unresolved_variable_takes_the_failure_exit_and_nothing_is_called() -> None:
    play = Play(runbook(FIND | {"outcomes": {"failure": "bad"}}, DONE, BAD))
    assert play.start() == [
        Finish(id="bad.2.end", outcome="failure", message="Unlock failed: no value for ${login}")
    ]


def test_what_has_a_value_of_nothing_is_sent_as_nothing() -> None:
    play = Play(runbook(FIND, DONE), login=None)
    [call] = play.start()
    assert isinstance(call, Call)
    assert call.args["login"] is None


def test_timeout_and_repeatable_go_along() -> None:
    play = Play(runbook({"id": "c", "call": "a.b", "timeout": "5s", "repeatable": True}, DONE))
    assert play.start() == [Call(id="c.1", connector="a", method="b", timeout=5.0, repeatable=True)]


@pytest.mark.parametrize(
    "event",
    [
        CallAnswered(id="find.2", ok=True, answer=ANSWER),
        CallAnswered(id="find", ok=True, answer=ANSWER),
        TimeCame(id="find.1"),
        TimeCame(id="find.1.wait"),
        Said(text="find.1"),
        Started(),
    ],
)
def test_a_call_hears_nothing_but_its_answer(event: Any) -> None:
    called(FIND, DONE).ignores(event)


def test_a_doubled_answer_changes_nothing() -> None:
    play = called(FIND, {"id": "again", "call": "a.b"}, DONE)
    answer = CallAnswered(id="find.1", ok=True, answer=ANSWER)
    play.feed(answer)
    play.ignores(answer)


def test_the_body_is_kept_only_where_a_text_asks_for_it() -> None:
    asked = called(FIND, {"id": "done", "end": "success", "result": "${find.result.list.0} ${find.status}"})
    assert asked.feed(CallAnswered(id="find.1", ok=True, answer=ANSWER)) == [
        Finish(id="done.2.end", outcome="success", message="1 200")
    ]
    unasked = called(FIND, DONE)
    unasked.feed(CallAnswered(id="find.1", ok=True, answer=ANSWER))
    assert unasked.state.results["steps"]["find"] == {"outcome": "success", "status": 200}


@pytest.mark.parametrize(
    "reader",
    [
        {"if": {"find.result.locked": {"is": True}}, "then": "done"},
        {"if": {"login": {"is": "${find.result}"}}, "then": "done"},
        {"set": {"a": {"deep": ["${find.result}"]}}},
        {"call": "a.b", "with": {"x": "${find.result}"}},
        {"for_each": "${find.result.list}", "as": "i", "steps": [{"pause": "1s"}]},
        {"for_each": "$login", "as": "i", "steps": [{"chat_message": "${find.result}"}]},
        {"call": "a.b", "repeat": {"until": {"find.result": {"empty": True}}, "every": "1s", "at_most": 2}},
    ],
)
def test_whoever_reads_a_body_has_it(reader: dict[str, Any]) -> None:
    play = called(FIND, reader, DONE)
    play.feed(CallAnswered(id="find.1", ok=True, answer=ANSWER))
    assert play.state.results["steps"]["find"]["result"] == ANSWER["body"]


# --- polling -----------------------------------------------------------------------------

POLL = {
    "id": "poll",
    "call": "deploy.status",
    "save": {"state": "body.state"},
    "repeat": {"until": {"state": {"one_of": ["done", "error"]}}, "every": "1m", "at_most": 3},
    "outcomes": {"failure": "bad"},
}


def status(id: str, state: str) -> CallAnswered:
    return CallAnswered(id=id, ok=True, answer={"status": 200, "body": {"state": state}})


def test_polling_asks_again_after_a_while_until_it_holds() -> None:
    play = Play(runbook(POLL, {"id": "done", "end": "success", "result": "$state"}, BAD))
    assert play.start() == [Call(id="poll.1", connector="deploy", method="status")]
    assert play.feed(status("poll.1", "busy")) == [Timer(id="poll.1.wait", after=60.0)]
    assert play.waits_for == "time poll.1.wait"
    play.ignores(status("poll.1", "done"))  # doubled, and late
    assert play.time("poll.1.wait") == [Call(id="poll.1.1", connector="deploy", method="status")]
    play.ignores(TimeCame(id="poll.1.wait"))
    play.ignores(status("poll.1", "done"))
    assert play.feed(status("poll.1.1", "busy")) == [Timer(id="poll.1.1.wait", after=60.0)]
    play.ignores(TimeCame(id="poll.1.wait"))
    assert play.time("poll.1.1.wait") == [Call(id="poll.1.2", connector="deploy", method="status")]
    assert play.feed(status("poll.1.2", "done")) == [
        Finish(id="done.2.end", outcome="success", message="done")
    ]


def test_polling_gives_up_after_its_tries() -> None:
    play = Play(runbook(POLL, DONE, BAD))
    play.start()
    for id in ("poll.1", "poll.1.1"):
        play.feed(status(id, "busy"))
        play.time(f"{id}.wait")
    assert play.feed(status("poll.1.2", "busy")) == [
        Finish(id="bad.2.end", outcome="failure", message="Unlock failed: still not so after 3 tries")
    ]
    assert play.state.results["steps"]["poll"]["outcome"] == "failure"


def test_a_failed_call_ends_the_polling() -> None:
    play = Play(runbook(POLL, DONE, BAD))
    play.start()
    assert play.feed(CallAnswered(id="poll.1", ok=False, error="503"))[0] == Finish(
        id="bad.2.end", outcome="failure", message="Unlock failed: 503"
    )


# --- chat.add_message (D9, DECISIONS 9) --------------------------------------------------


def long_form(**given: Any) -> dict[str, Any]:
    body = {"chat_id": "${chat.id}", "text": "Looking up $login …"} | given
    return {"id": "tell", "call": "chat.add_message", "with": body, "outcomes": {"failure": "bad"}}


def test_the_long_form_posts_into_the_own_chat_and_goes_on() -> None:
    play = Play(runbook(long_form(), {"end": "success"}, BAD), login="j.doe")
    assert play.start() == [
        Note(id="tell.1", text="Looking up j.doe …"),
        Finish(id="end-1.2.end", outcome="success"),
    ]


@pytest.mark.parametrize("chat_id", ["c2", "", None, ["c1"], "$CHAT_USER_ID"])
def test_the_long_form_writes_into_no_other_chat(chat_id: Any) -> None:
    play = Play(runbook(long_form(chat_id=chat_id), {"end": "success"}, BAD), login="j.doe")
    why = "Unlock failed: a runbook may only write into the chat that started it"
    assert play.start() == [Finish(id="bad.2.end", outcome="failure", message=why)]


def test_an_input_cannot_pass_for_the_own_chat() -> None:
    play = Play(runbook(long_form(chat_id="c2"), {"end": "success"}, BAD), login="j.doe", chat={"id": "c2"})
    play.start()
    assert play.path == ("tell", "bad")


@pytest.mark.parametrize(("text", "posted"), [("$n", ["7"]), ("  ", []), ("<$login>", ["<j.doe>"])])
def test_the_long_form_posts_any_plain_value(text: str, posted: list[str]) -> None:
    play = Play(runbook(long_form(text=text), {"end": "success"}, BAD), login="j.doe", n=7)
    assert [effect.text for effect in play.start() if isinstance(effect, Note)] == posted
    assert play.path == ("tell", "end-1")


@pytest.mark.parametrize(
    ("text", "why"),
    [({"a": 1}, "`text` must be a text"), (None, "`text` must be a text"), ("$gone", "no value for ${gone}")],
)
def test_the_long_form_fails_on_what_is_no_text(text: Any, why: str) -> None:
    play = Play(runbook(long_form(text=text), {"end": "success"}, BAD), login="j.doe")
    assert play.start() == [Finish(id="bad.2.end", outcome="failure", message=f"Unlock failed: {why}")]


def test_without_a_chat_nothing_is_posted_and_the_step_succeeds() -> None:
    flow = runbook(long_form(), {"end": "success"}, BAD)
    turn = advance(flow, State(variables={"login": "j.doe"}), Started())
    assert turn.effects == (
        Log(id="tell.1.log", message="no chat: nothing was posted"),
        Finish(id="end-1.2.end", outcome="success"),
    )
