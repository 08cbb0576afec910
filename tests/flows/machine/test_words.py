"""Words that work everywhere in a chat, late presses, and chatter: DECISIONS 11, D1."""

from __future__ import annotations

from typing import Any

import pytest

from flows.effects import CancelRun, Choice, Log, Say, StartRun
from flows.events import RunEnded, Said
from tests.flows.machine.play import Play, chat, texts

WORKING = "I'm still working on it. You'll hear from me as soon as it is done."
STALE = "That question is no longer open."
NOTHING = "There is nothing running that I could cancel."
RUN = {"id": "run", "runbook": "slow", "outcomes": {"success": "q", "failure": "q"}}
FREE = {"id": "q", "ask": "Name?", "save": "name"}
MENU = {"id": "q", "ask": "What?", "options": ["Help", "Cancel", "Start over", "Go"], "save": "name"}
BYE = {"id": "bye", "end": "Bye $name."}


def asking(question: dict[str, Any] = FREE, **rest: Any) -> Play:
    play = Play(chat(question, BYE, **rest))
    play.start()
    assert play.waits_for == "answer q.1"
    return play


def waiting(**rest: Any) -> Play:
    play = Play(chat(RUN, FREE, BYE, **rest))
    play.start()
    play.accept()
    assert play.waits_for == "run run.1"
    return play


# --- at a question -----------------------------------------------------------------------


@pytest.mark.parametrize("text", ["help", " HELP ", "Help"])
def test_help_at_a_question(text: str) -> None:
    play = asking()
    answer = "You can answer the question above, or say: start over."
    assert play.say(text) == [Say(id="q.1.help-1", text=answer)]
    assert (play.path, play.waits_for, play.state.tries) == ((), "answer q.1", 0)
    assert texts(play.say("Bo")) == ["Bye Bo."]


def test_cancel_at_a_question_says_that_nothing_runs() -> None:
    play = asking()
    assert play.say("cancel") == [Say(id="q.1.cancel-1", text=NOTHING)]
    assert play.say("stop") == [Say(id="q.1.cancel-2", text=NOTHING)]


def test_start_over_begins_anew_with_nothing_collected() -> None:
    play = Play(chat({"id": "a", "ask": "A?", "save": "a"}, {"id": "b", "ask": "B $a?", "save": "b"}))
    play.start()
    play.say("1")
    assert play.state.variables == {"a": "1"}
    assert play.say("start over") == [Say(id="a.3", text="A?", prompt="a.3")]
    assert (play.state.variables, play.waits_for) == ({}, "answer a.3")


def test_start_over_keeps_what_runs_brought() -> None:
    play = Play(
        chat(
            RUN | {"outcomes": {"success": "q", "failure": "q"}},
            {"id": "q", "ask": "[$RUNBOOKRESULT]", "next": "q"},
        )
    )
    play.start()
    play.accept()
    play.end_run("run.1", "old", runbook="slow")
    [start] = play.say("restart")
    assert isinstance(start, StartRun)
    assert play.state.results["last"]["message"] == "old"


def test_words_are_whole_texts() -> None:
    play = asking()
    assert texts(play.say("please help me")) == ["Bye please help me."]


def test_an_option_wins_over_a_global_word() -> None:
    for word in ("help", "cancel", "start over"):
        play = asking(MENU)
        assert texts(play.say(word)) == [f"Bye {word.capitalize()}."]


def test_a_global_word_wins_over_free_text_and_over_a_retry() -> None:
    assert texts(asking(FREE).say("help")) == ["You can answer the question above, or say: start over."]
    menu = asking(MENU | {"options": ["Go"]})
    assert texts(menu.say("help")) == ["You can answer the question above, or say: start over."]
    assert menu.state.tries == 0


def test_a_pressed_choice_is_no_global_word() -> None:
    play = asking(MENU)
    assert texts(play.press("q.1", "Help")) == ["Bye Help."]
    free = asking(FREE)
    assert texts(free.feed(Said(text="help", prompt="q.1"))) == ["Bye help."]


@pytest.mark.parametrize(
    ("word", "text"),
    [("help", "help"), ("cancel", "cancel"), ("cancel", "stop"), ("start_over", "start over")],
)
def test_a_word_that_is_turned_off_is_text(word: str, text: str) -> None:
    play = asking(FREE, words={word: False})
    assert texts(play.say(text)) == [f"Bye {text}."]


def test_words_and_their_texts_are_the_profiles() -> None:
    words = {
        "help": {"words": ["Hilfe"], "say": "Hallo $CHAT_USER_NAME$gone."},
        "start_over": {"words": ["von vorn"], "say": "Noch einmal."},
        "cancel": ["abbrechen"],
    }
    play = asking(FREE, words=words)
    assert play.say("hilfe") == [
        Log(id="q.1.help-1.log", message="no value for gone: shown as empty text"),
        Say(id="q.1.help-1", text="Hallo Ann."),
    ]
    assert play.say("von vorn") == [
        Say(id="q.1.start-over-2", text="Noch einmal."),
        Say(id="q.2", text="Name?", prompt="q.2"),
    ]
    assert texts(play.say("ABBRECHEN")) == [NOTHING]
    assert texts(play.say("cancel")) == ["Bye cancel."]


def test_a_text_of_a_word_that_comes_out_empty_falls_back() -> None:
    play = asking(FREE, words={"help": {"words": ["help"], "say": "$RUNBOOKRESULT"}, "start_over": False})
    assert texts(play.say("help")) == ["Please answer the question above."]


# --- while a run is waited for -----------------------------------------------------------


def test_chatter_during_a_run_is_answered_once_and_changes_nothing_else() -> None:
    play = waiting()
    before = play.state
    assert play.say("are you there?") == [Say(id="run.1.words-1", text=WORKING)]
    assert play.path == ()
    for text in ("hello?", "", "Bo", "$RUNBOOKRESULT", "1"):
        play.ignores(Said(text=text))
    assert (play.state.step, play.state.visits, play.state.awaiting) == (
        before.step,
        before.visits,
        before.awaiting,
    )


def test_chatter_is_never_an_answer_to_a_later_question() -> None:
    """S13: three messages, then exactly one advance."""
    play = waiting()
    for text in ("Bo", "Bo", "Bo"):
        play.say(text)
    assert texts(play.end_run("run.1", "", runbook="slow")) == ["Name?"]
    assert play.state.variables == {}


def test_each_wait_is_told_once() -> None:
    play = Play(chat(RUN | {"outcomes": {"success": "run", "failure": "run"}}))
    play.start()
    for run, step in (("r1", "run.1"), ("r2", "run.2")):
        play.accept(run)
        assert texts(play.say("?")) == [WORKING]
        assert play.say("?") == []
        play.end_run(step, run=run, runbook="slow")


def test_help_during_a_run() -> None:
    assert waiting().say("help") == [
        Say(id="run.1.help-1", text="I'm still working on it. To stop it, say: cancel.")
    ]
    assert texts(waiting(words={"cancel": False}).say("help")) == ["I'm still working on it."]


def test_cancel_during_a_run_asks_the_runtime_and_goes_on_waiting() -> None:
    """DECISIONS 12: the chat moves on by the end of the run, not by the word."""
    play = waiting()
    assert play.say("cancel") == [
        Say(id="run.1.cancel-1", text="I'm asking it to stop …"),
        CancelRun(id="run.1.cancel-1.run", run="r7"),
    ]
    assert play.waits_for == "run run.1"
    assert [type(effect) for effect in play.say("stop")] == [Say, CancelRun]
    end = play.end_run(
        "run.1", "Runbook failed: cancelled by Ann", "failure", runbook="slow", code="cancelled"
    )
    assert texts(end) == ["Name?"]
    assert play.state.results["last"]["code"] == "cancelled"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ({}, "Something is still running. Say “cancel” to stop it first."),
        ({"cancel": ["abbrechen"]}, "Something is still running. Say “abbrechen” to stop it first."),
        ({"cancel": False}, "Something is still running. Please wait until it is done."),
    ],
)
def test_start_over_during_a_run_is_refused(words: dict[str, Any], text: str) -> None:
    play = waiting(words=words)
    assert play.say("start over") == [Say(id="run.1.start-over-1", text=text)]
    assert play.waits_for == "run run.1"


@pytest.mark.parametrize(("word", "text"), [("help", "help"), ("cancel", "stop"), ("start_over", "restart")])
def test_a_word_that_is_turned_off_is_chatter_during_a_run(word: str, text: str) -> None:
    assert texts(waiting(words={word: False}).say(text)) == [WORKING]


# --- late presses ------------------------------------------------------------------------


def test_a_press_of_an_earlier_question_is_answered_politely_and_changes_nothing() -> None:
    """Threat 71: answers are bound to their prompt."""
    play = Play(
        chat(
            {"id": "q", "ask": "1?", "options": ["a", "b"], "save": "one"},
            {"id": "r", "ask": "2?", "options": ["a", "b"], "save": "two"},
            BYE,
        )
    )
    play.start()
    assert play.press("q.1", "a") == [
        Say(
            id="r.2",
            text="2?",
            prompt="r.2",
            choices=(Choice(label="a", value="a"), Choice(label="b", value="b")),
        )
    ]
    assert play.press("q.1", "a") == [Say(id="r.2.stale-1", text=STALE)]
    assert play.press("q.1", "a") == [Say(id="r.2.stale-2", text=STALE)]
    assert (play.waits_for, play.state.variables, play.state.tries) == ("answer r.2", {"one": "a"}, 0)
    assert play.press("r.2", "b")
    assert play.state.variables == {"one": "a", "two": "b"}


@pytest.mark.parametrize("prompt", ["q.2", "bye", "", "q.1.1", "x" * 10_000, "${chat.id}"])
def test_a_press_of_a_question_that_never_was_is_answered_alike(prompt: str) -> None:
    play = asking(MENU)
    assert play.feed(Said(text="Go", prompt=prompt, value="Go")) == [Say(id="q.1.stale-1", text=STALE)]


def test_a_press_during_a_run_is_late() -> None:
    assert waiting().press("q.1", "Go") == [Say(id="run.1.stale-1", text=STALE)]


def test_a_late_press_is_no_global_word() -> None:
    assert texts(waiting().feed(Said(text="cancel", prompt="q.9", value="cancel"))) == [STALE]


# --- a closed chat -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [Said(text="hello"), Said(text="help"), Said(text="start over"), Said(text="a", prompt="q.1", value="a")],
)
def test_a_closed_chat_is_silent_to_persons(said: Said) -> None:
    play = asking()
    play.say("Bo")
    assert play.state.ended
    play.ignores(said)


@pytest.mark.parametrize(
    "said", [Said(text="hello"), Said(text="help"), Said(text="a", prompt="q.1", value="a")]
)
def test_a_chat_that_has_not_begun_is_silent(said: Said) -> None:
    Play(chat(FREE, BYE)).ignores(said)


def test_a_run_of_nobody_is_not_heard() -> None:
    asking().ignores(RunEnded(id="x.1", run="r9", runbook="x", outcome="success", announce="hello"))


# --- the words with which a chat is opened -------------------------------------------------


def opening(play: Play, text: str) -> list[Any]:
    return play.feed(Said(text=text, opening=True))


@pytest.mark.parametrize("text", ["Hello!", "", "cancel", "stop", "9"])
@pytest.mark.parametrize("question", [FREE, MENU | {"options": ["Go"], "retry": {"times": 0}}])
def test_opening_words_that_are_no_answer_move_nothing_and_nothing_is_said(
    text: str, question: dict[str, Any]
) -> None:
    play = asking(question)
    play.ignores(Said(text=text, opening=True))
    assert play.state.tries == 0


def test_opening_words_that_name_an_option_are_the_answer() -> None:
    assert texts(opening(asking(MENU), "go")) == ["Bye Go."]
    assert texts(opening(asking(MENU), "Cancel")) == ["Bye Cancel."]


def test_opening_words_that_mean_help_or_a_new_start_are_heard() -> None:
    assert texts(opening(asking(), "help")) == ["You can answer the question above, or say: start over."]
    assert texts(opening(asking(), "start over")) == ["Name?"]


def test_opening_words_while_a_run_is_waited_for_are_words_like_any() -> None:
    assert texts(opening(waiting(), "Hello!")) == [WORKING]


def test_opening_words_do_not_fill_in_a_form() -> None:
    form = {"id": "q", "ask": "Who?", "fields": ["name"]}
    play = asking(form, variables={"name": {}})
    play.ignores(Said(text="Bo", opening=True))
    assert texts(play.say("Bo")) == ["Bye Bo."]
