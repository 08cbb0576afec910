"""What typed lines mean, and how a transcript reads."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.terminal.translate import SHOWN, Question, meaning, picture, question, remark, shown
from bot.ports import Progress, ProgressStep
from bot.rows import Message
from flows.effects import Choice
from flows.events import Said

ASKED = Question("menu.1", (Choice(label="Unlock", value="unlock"), Choice(label="2", value="two")))
LINE = Message(
    chat="c", seq=1, id="m", sender="bot", kind="message", text="", prompt="", choices="[]", run="",
    created_at=0,
)  # fmt: skip


def rows(text: str, **more: Any) -> list[str]:
    """A line of the transcript as plain rows."""
    return [row.plain for row in shown(msgspec.structs.replace(LINE, text=text, **more))]


@pytest.mark.parametrize(
    ("typed", "chosen"),
    [("1", "unlock"), (" UNLOCK ", "unlock"), ("unlock", "unlock"), ("two", "two"), ("2", "two")],
)
def test_a_label_a_value_and_a_number_press_a_choice(typed: str, chosen: str) -> None:
    said = meaning(typed, ASKED)
    assert said is not None
    assert (said.prompt, said.value) == ("menu.1", chosen)


@pytest.mark.parametrize("typed", ["3", "0", "-1", "01", "²", "\u0661", "unlock it"])
def test_what_is_no_choice_is_words(typed: str) -> None:
    assert meaning(typed, ASKED) == Said(text=typed)


def test_a_number_that_is_a_label_is_that_label() -> None:
    asked = Question("q", (Choice(label="2", value="two"), Choice(label="1", value="one")))
    assert meaning("1", asked) == Said(text="1", prompt="q", value="one")


def test_without_a_question_everything_is_words() -> None:
    assert meaning("1", None) == Said(text="1")


@pytest.mark.parametrize("typed", ["", "  ", "\0", "\t"])
def test_nothing_says_nothing(typed: str) -> None:
    assert meaning(typed, ASKED) is None


def test_who_speaks_can_be_seen() -> None:
    choices = '[{"label": "Yes", "value": "y"}, {"label": "No", "value": "n"}]'
    assert rows("Sure?", choices=choices) == ["Sure?", "  1. Yes", "  2. No"]
    assert rows("yes", sender="user") == ["> yes"]
    assert rows("Looking …", kind="note") == ["  | Looking …"]
    assert rows("Hello", sender="agent") == ["(agent) Hello"]
    assert rows("") == []
    assert [row.plain for row in remark("No.\nNever.")] == ["! No.", "! Never."]


def test_each_row_of_a_text_is_marked() -> None:
    assert rows("one\r\ntwo\nthree", kind="note") == ["  | one", "  | two", "  | three"]


@given(st.text(), st.sampled_from(["user", "bot", "agent"]), st.text())
def test_no_text_of_others_moves_the_cursor(text: str, sender: str, label: str) -> None:
    choices = msgspec.json.encode(
        [{"label": label.encode("utf-8", "replace").decode(), "value": "x"}]
    ).decode()
    for row in rows(text, sender=sender, choices=choices):
        assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in row)
        assert not set(row) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029")


def test_markup_is_text() -> None:
    assert rows("[red]no[/red] :smile:") == ["[red]no[/red] :smile:"]


def test_the_picture_of_a_run_shows_its_last_steps_with_titles() -> None:
    done = [ProgressStep(id=f"s{n}", kind="call", title=f"Step {n}", status="done") for n in range(SHOWN + 1)]
    quiet = ProgressStep(id="if-1", kind="if", title="", status="done")
    now = ProgressStep(id="find", kind="call", title="", status="working")
    run = Progress(
        run="r", runbook="unlock", title="Unlock\x1b", rev=1, state="running", steps=(*done, quiet, now)
    )
    assert [row.plain for row in picture(run)] == [
        "  Unlock·  (2 steps before)",
        *(f"    ✓ Step {n}" for n in range(2, SHOWN + 1)),
        "    … find",
    ]


def test_a_question_is_read_from_its_line() -> None:
    asked = msgspec.structs.replace(LINE, prompt="menu.1", choices='[{"label": "Yes", "value": "y"}]')
    assert question(asked) == Question("menu.1", (Choice(label="Yes", value="y"),))
