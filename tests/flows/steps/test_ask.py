"""`ask`: DECISIONS 10, 11; S-less facts H22, H24 of the vendor's product."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from flows.effects import Choice, Finish, Log, Say, Timer
from flows.events import CallAnswered, TimeCame
from flows.state import Awaiting, Ended
from tests.flows.machine.play import Play, chat, texts

CHOICES = (Choice(label="Unlock", value="Unlock"), Choice(label="Rebuild it", value="rb"))
MENU = {
    "id": "menu",
    "ask": "What, $CHAT_USER_NAME?",
    "options": [{"label": "Unlock", "next": "one"}, {"label": "Rebuild it", "value": "rb", "next": "two"}],
    "save": "wish",
}
ONE, TWO = {"id": "one", "end": "one $wish"}, {"id": "two", "end": "two $wish"}
QUESTION = Say(id="menu.1", text="What, Ann?", prompt="menu.1", choices=CHOICES)


def asked() -> Play:
    play = Play(chat(MENU, ONE, TWO))
    assert play.start() == [QUESTION]
    assert play.state.awaiting == Awaiting(id="menu.1", kind="answer")
    return play


@pytest.mark.parametrize("answer", ["Rebuild it", " rebuild IT ", "rb", "RB", "2"])
def test_label_value_and_number_are_all_accepted(answer: str) -> None:
    play = asked()
    assert play.say(answer) == [Say(id="two.2", text="two rb"), Finish(id="two.2.end", outcome="success")]
    assert play.state.variables == {"wish": "rb"}


@pytest.mark.parametrize("value", ["rb", "Rebuild it"])
def test_a_press_is_accepted(value: str) -> None:
    play = asked()
    assert texts(play.press("menu.1", value)) == ["two rb"]


@pytest.mark.parametrize(
    "answer", ["", "3", "0", "-1", "\uff12", "\u0662", "rebuild", "R\u200bB", "r\u042c", "unlock me"]
)
def test_what_matches_no_option_is_asked_again(answer: str) -> None:
    play = asked()
    again = Say(id="menu.1.1", text="What, Ann?", prompt="menu.1", choices=CHOICES)
    assert play.say(answer) == [Say(id="menu.1.retry-1", text="Please choose one of the options."), again]
    assert (play.state.tries, play.state.variables) == (1, {})
    assert play.waits_for == "answer menu.1"
    assert texts(play.say("Unlock")) == ["one Unlock"]


def test_a_press_is_never_a_number() -> None:
    play = asked()
    assert texts(play.press("menu.1", "2"))[0] == "Please choose one of the options."


def test_an_options_own_spelling_wins_over_a_number() -> None:
    flow = chat(
        {
            "ask": "How many?",
            "options": [{"label": "two", "value": "2"}, {"label": "one", "value": "1"}],
            "save": "n",
        },
        {"end": "$n"},
    )
    for answer, kept in (("1", "1"), ("2", "2"), ("one", "1")):
        play = Play(flow)
        play.start()
        assert texts(play.say(answer)) == [kept]


def test_options_may_be_a_mapping_or_labels() -> None:
    mapped = chat(
        {"ask": "?", "options": {"A": "a", "B": "b"}}, {"id": "a", "end": "a"}, {"id": "b", "end": "b"}
    )
    play = Play(mapped)
    play.start()
    assert texts(play.say("b")) == ["b"]
    listed = Play(
        chat({"ask": "?", "options": ["A", "B"], "save": "x", "next": "e"}, {"id": "e", "end": "$x"})
    )
    listed.start()
    assert texts(listed.say("b")) == ["B"]


def test_two_options_may_not_answer_to_the_same_word() -> None:
    with pytest.raises(ValidationError, match="two options answer to `yes`"):
        chat({"ask": "?", "options": ["Yes", "yes"]})


def test_an_options_value_takes_the_type_of_its_variable() -> None:
    flow = chat(
        {
            "ask": "?",
            "options": [{"label": "few", "value": "3"}, {"label": "odd", "value": "x"}],
            "save": "n",
        },
        {"end": ""},
        variables={"n": {"type": "integer"}},
    )
    for answer, kept in (("few", 3), ("odd", "x")):
        play = Play(flow)
        play.start()
        play.say(answer)
        assert play.state.variables == {"n": kept}


def test_free_text_is_kept_in_its_type_and_what_does_not_fit_is_asked_again() -> None:
    flow = chat(
        {"id": "age", "ask": "How old?", "save": "age"},
        {"end": "$age"},
        variables={"age": {"type": "integer", "min": 18}},
    )
    play = Play(flow)
    play.start()
    assert play.say("many") == [
        Say(id="age.1.retry-1", text="Sorry, it must be a whole number."),
        Say(id="age.1.1", text="How old?", prompt="age.1"),
    ]
    assert texts(play.say("17")) == ["Sorry, it must be at least 18.", "How old?"]
    assert texts(play.say("")) == ["Sorry, it must be a whole number.", "How old?"]
    assert texts(play.say(" 18 ")) == ["18"]
    assert play.state.variables == {"age": 18}


def test_an_empty_message_is_no_answer() -> None:
    play = Play(chat({"ask": "Name?", "save": "n"}, {"end": "$n"}))
    play.start()
    assert texts(play.say("  \n ")) == ["Sorry, it must not be empty.", "Name?"]
    assert texts(play.say("x" * 8_001))[0] == "Sorry, it must be shorter than 8000 characters."
    assert texts(play.say("Bo")) == ["Bo"]


def test_the_authors_words_are_said_before_the_question_comes_again() -> None:
    play = Play(
        chat(
            {
                "id": "q",
                "ask": "Which $gone?",
                "options": ["a"],
                "retry": {"say": "No, $CHAT_USER_NAME$gone."},
            }
        )
    )
    play.start()
    assert play.say("b") == [
        Log(id="q.1.log-1", message="no value for gone: shown as empty text"),
        Say(id="q.1.retry-1", text="No, Ann."),
        Say(id="q.1.1", text="Which ?", prompt="q.1", choices=(Choice(label="a", value="a"),)),
    ]


def test_retries_run_out_and_lead_to_exhausted() -> None:
    play = Play(
        chat(
            {"ask": "?", "options": ["a"], "retry": {"times": 2}, "outcomes": {"exhausted": "out"}},
            {"end": "fine"},
            {"id": "out", "end": "given up"},
        )
    )
    play.start()
    assert texts(play.say("x")) == ["Please choose one of the options.", "?"]
    assert texts(play.say("x")) == ["Please choose one of the options.", "?"]
    assert texts(play.say("x")) == ["given up"]


def test_without_the_exit_exhausted_the_chat_says_why_it_ends() -> None:
    play = Play(chat({"id": "q", "ask": "?", "options": ["a"], "retry": {"times": 0}}, {"end": "fine"}))
    play.start()
    why = "I could not understand the answers, so I am closing this chat."
    assert play.say("x") == [Say(id="q.1.close", text=why), Finish(id="q.1.end", outcome="success")]
    assert play.state.ended == Ended(step="q", outcome="success", message=why)


def test_a_timeout_leaves_by_its_exit() -> None:
    play = Play(
        chat(
            {"id": "q", "ask": "?", "timeout": "10m", "outcomes": {"timeout": "late"}},
            {"end": "fine"},
            {"id": "late", "end": "Too late."},
        )
    )
    assert play.start() == [Say(id="q.1", text="?", prompt="q.1"), Timer(id="q.1.timeout", after=600.0)]
    play.ignores(TimeCame(id="q.1"))
    play.ignores(TimeCame(id="q.2.timeout"))
    assert texts(play.time("q.1.timeout")) == ["Too late."]


def test_a_retry_does_not_begin_the_timeout_again() -> None:
    play = Play(chat({"id": "q", "ask": "?", "options": ["a"], "timeout": "10m"}))
    play.start()
    assert not [effect for effect in play.say("b") if isinstance(effect, Timer)]
    assert texts(play.time("q.1.timeout")) == ["This chat was closed because nobody answered."]


def test_the_timer_of_an_answered_question_is_stale() -> None:
    play = Play(chat({"id": "q", "ask": "?", "timeout": "10m"}, {"id": "r", "ask": "And?", "timeout": "1m"}))
    play.start()
    play.say("a")
    play.ignores(TimeCame(id="q.1.timeout"))
    assert texts(play.time("r.2.timeout")) == ["This chat was closed because nobody answered."]


def test_a_question_without_timeout_listens_to_the_sweep_of_forgotten_chats() -> None:
    play = Play(chat({"id": "q", "ask": "?"}))
    assert play.start() == [Say(id="q.1", text="?", prompt="q.1")]
    assert texts(play.time("q.1.timeout")) == ["This chat was closed because nobody answered."]


def test_a_question_hears_nothing_else() -> None:
    play = asked()
    play.ignores(CallAnswered(id="menu.1", ok=True))
    play.ignores(TimeCame(id="menu.1"))


def test_a_question_that_comes_out_empty_is_still_seen() -> None:
    play = Play(chat({"id": "q", "ask": "${RUNBOOKRESULT}"}))
    assert play.start() == [Say(id="q.1", text="?", prompt="q.1")]
