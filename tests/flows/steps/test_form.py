"""`ask` with `fields`: several values by one question, all at once or in words."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from flows.effects import Choice, Finish, FormField, Say, Timer
from flows.events import File, Said
from flows.state import Awaiting
from flows.steps.ask import AskStep
from tests.flows.machine.play import Play, chat, texts

VARIABLES: dict[str, Any] = {
    "asset": {"label": "Asset tag", "matches": "LAP-[0-9]{4}", "description": "It stands under the lid."},
    "kind": {"label": "What kind?", "one_of": ["hardware", "software"]},
    "urgent": {"type": "boolean"},
    "days": {"type": "integer", "min": 1, "label": "Days"},
}
LAPTOP = {"id": "laptop", "ask": "Tell me about the laptop.", "fields": ["asset", "kind", "urgent"]}
BYE = {"id": "bye", "end": "$asset $kind $urgent"}
YES_NO = (Choice(label="Yes", value="yes"), Choice(label="No", value="no"))
FORM = (
    FormField(name="asset", label="Asset tag", hint="It stands under the lid."),
    FormField(
        name="kind",
        label="What kind?",
        options=(Choice(label="hardware", value="hardware"), Choice(label="software", value="software")),
    ),
    FormField(name="urgent", label="urgent", type="boolean", options=YES_NO),
)
GOOD = {"asset": "LAP-0042", "kind": "Hardware", "urgent": "no"}


def asked(step: dict[str, Any] | None = None) -> Play:
    play = Play(chat(step or LAPTOP, BYE, variables=VARIABLES))
    play.start()
    return play


def test_the_question_carries_its_form_and_asks_for_the_first_field_in_words() -> None:
    play = Play(chat(LAPTOP | {"timeout": "5m"}, BYE, variables=VARIABLES))
    assert play.start() == [
        Say(id="laptop.1", text="Tell me about the laptop.", prompt="laptop.1", form=FORM),
        Say(id="laptop.1.0.asset", text="Asset tag?", prompt="laptop.1"),
        Timer(id="laptop.1.timeout", after=300.0),
    ]
    assert play.state.awaiting == Awaiting(id="laptop.1", kind="answer")


def fill(play: Play, **values: Any) -> list[Any]:
    return play.feed(Said(text="a form", prompt="laptop.1", values=values))


def test_a_form_gives_all_values_at_once_in_their_types() -> None:
    play = asked()
    assert fill(play, **GOOD) == [
        Say(id="bye.2", text="LAP-0042 hardware false"),
        Finish(id="bye.2.end", outcome="success"),
    ]
    assert play.state.variables == {"asset": "LAP-0042", "kind": "hardware", "urgent": False}
    assert play.state.filled == {}


def test_words_answer_one_field_after_the_other() -> None:
    play = asked()
    assert play.say("LAP-0042") == [
        Say(id="laptop.1.0.kind", text="What kind? (hardware, software)", prompt="laptop.1")
    ]
    assert (play.state.filled, play.state.variables) == ({"asset": "LAP-0042"}, {})
    assert texts(play.say("SOFTWARE")) == ["urgent? (Yes, No)"]
    assert texts(play.say("y")) == ["LAP-0042 software true"]
    assert play.state.filled == {}


def test_each_field_is_checked_on_its_own_and_what_was_given_stays() -> None:
    play = asked(LAPTOP | {"retry": {"times": 2}})
    play.say("LAP-0042")
    assert play.say("neither") == [
        Say(id="laptop.1.retry-1", text="Sorry, choose one of: hardware, software."),
        Say(id="laptop.1.1.kind", text="What kind? (hardware, software)", prompt="laptop.1"),
    ]
    assert play.say("hardware") == [Say(id="laptop.1.1.urgent", text="urgent? (Yes, No)", prompt="laptop.1")]
    assert play.state.filled == {"asset": "LAP-0042", "kind": "hardware"}
    assert texts(play.say("perhaps")) == ["Sorry, answer yes or no.", "urgent? (Yes, No)"]
    assert texts(play.say("perhaps")) == ["I could not understand the answers, so I am closing this chat."]
    assert play.state.variables == {}


def test_a_form_in_the_middle_fills_all_and_the_words_before_count_where_it_has_nothing() -> None:
    play = asked()
    play.say("LAP-0001")
    assert texts(fill(play, **GOOD)) == ["LAP-0042 hardware false"]
    play = asked()
    play.say("LAP-0001")
    assert texts(fill(play, kind="software", urgent=True)) == ["LAP-0001 software true"]


def test_a_wrong_form_is_told_about_each_field_and_shown_again() -> None:
    play = asked(LAPTOP | {"retry": {"say": "Not yet."}})
    assert fill(play, asset="x", kind="hardware") == [
        Say(
            id="laptop.1.retry-1",
            text="Not yet. Sorry, something does not fit. Asset tag: `x` does not have the right form."
            " urgent: answer yes or no.",
        ),
        Say(id="laptop.1.1", text="Tell me about the laptop.", prompt="laptop.1", form=FORM),
        Say(id="laptop.1.1.asset", text="Asset tag?", prompt="laptop.1"),
    ]
    assert play.state.filled == {"kind": "hardware"}
    assert texts(play.say("LAP-0042")) == ["urgent? (Yes, No)"]


def test_wrong_values_take_back_what_words_had_filled_in() -> None:
    play = asked()
    play.say("LAP-0042")
    fill(play, asset="x", kind="hardware", urgent="no")
    assert texts(play.say("LAP-0043")) == ["LAP-0043 hardware false"]


def test_a_late_form_moves_nothing() -> None:
    play = asked()
    said = Said(text="a form", prompt="menu.7", values=GOOD)
    assert texts(play.feed(said)) == ["That question is no longer open."]
    assert play.state.filled == {}


def test_values_for_a_plain_question_are_no_answer() -> None:
    play = Play(chat({"id": "laptop", "ask": "Which?", "save": "asset"}, BYE))
    play.start()
    assert texts(play.feed(Said(text="", prompt="laptop.1", values={"asset": "x"}))) == [
        "Sorry, it must not be empty.",
        "Which?",
    ]


def test_a_field_may_be_called_like_anything() -> None:
    flow = chat(
        {"id": "q", "ask": "?", "fields": ["timeout", "log"], "timeout": "1m"},
        {"end": "$timeout $log"},
        variables={"timeout": {}, "log": {}},
    )
    play = Play(flow)
    ids = [effect.id for effect in play.start()]
    assert len(ids) == len(set(ids))
    play.say("a")
    assert texts(play.say("b")) == ["a b"]


def test_starting_over_and_help_are_no_answers_and_help_loses_nothing() -> None:
    play = asked()
    play.say("LAP-0042")
    assert texts(play.say("help")) == ["You can answer the question above, or say: start over."]
    assert play.state.filled == {"asset": "LAP-0042"}
    play.say("start over")
    assert play.state.filled == {}


def test_complaints_are_words_for_people_by_field() -> None:
    step = AskStep.model_validate(LAPTOP)
    declared = chat(LAPTOP, BYE, variables=VARIABLES).declared
    assert step.complaints(GOOD, declared) == {}
    assert step.complaints({"asset": "x", "kind": "", "more": 1}, declared) == {
        "asset": "`x` does not have the right form.",
        "kind": "It must not be empty.",
        "urgent": "Answer yes or no.",
    }
    assert AskStep.model_validate({"ask": "?", "save": "asset"}).complaints({}, declared) == {}


@pytest.mark.parametrize("more", [{"options": ["a"]}, {"save": "asset"}, {"fields": ["kind", "kind"]}])
def test_fields_stand_alone_and_each_once(more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AskStep.model_validate(LAPTOP | more)


def test_a_form_has_twenty_fields_and_not_one_more() -> None:
    names = [f"f{number}" for number in range(21)]
    AskStep.model_validate({"ask": "?", "fields": names[:20]})
    with pytest.raises(ValidationError):
        AskStep.model_validate({"ask": "?", "fields": names})


def test_the_files_of_all_answers_to_a_question_are_kept_up_to_twenty() -> None:
    play = Play(
        chat(LAPTOP, {"end": "${laptop.files.19.name} ${laptop.files.20.name:-no more}"}, variables=VARIABLES)
    )
    play.start()
    for number, text in enumerate(("LAP-0042", "nothing", "hardware")):
        files = tuple(File(name=f"{number}-{n}", link="l" * 2001) for n in range(9))
        play.feed(Said(text=text, files=files))
    kept = play.state.results["steps"]["laptop"]["files"]
    assert [file["name"] for file in kept] == [f"{n // 9}-{n % 9}" for n in range(20)]
    assert kept[0] == {"name": "0-0", "link": "", "type": ""}
    assert texts(play.say("yes")) == ["2-1 no more"]


def test_files_that_no_text_reads_are_not_kept() -> None:
    play = asked()
    play.feed(Said(text="LAP-0042", files=(File(name="a"),)))
    assert play.state.results == {}


def test_files_without_a_word_answer_a_plain_question_and_choose_nothing() -> None:
    files = (File(name="a.png"), File(name="b.png"))
    play = Play(chat({"ask": "What?", "save": "it"}, {"end": "$it"}))
    play.start()
    assert texts(play.feed(Said(text=" ", files=files))) == ["a.png, b.png"]
    play = Play(chat({"ask": "What?", "options": ["a.png"], "save": "it"}, {"end": "$it"}))
    play.start()
    assert texts(play.feed(Said(text="", files=files[:1]))) == ["Please choose one of the options.", "What?"]
