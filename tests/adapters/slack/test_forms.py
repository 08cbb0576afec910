"""Forms as modals, and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.forms import chooser, errors, load_form, modal, read_values, run_form
from adapters.slack.heard import Submitted
from adapters.slack.pointers import Pointers
from adapters.slack.translate import hear
from bot.reception import Offer
from flows.effects import Choice, FormField
from tests.adapters.slack.hostile import HOSTILE, SHORT
from tests.adapters.slack.samples import OURS, use, view
from tests.adapters.slack.strict import check_view

POINTERS = Pointers(b"k" * 32)
FIELDS = (
    FormField(name="who", label="Who?", hint="A name"),
    FormField(
        name="kind", label="Kind", options=(Choice(label="A", value="a" * 400), Choice(label="B", value="b"))
    ),
    FormField(name="day", label="Day", type="date"),
    FormField(name="sure", label="Sure?", type="boolean"),
    FormField(name="count", label="How many", type="integer"),
    FormField(name="share", label="Share", type="number"),
    FormField(name="password", label="Password", secret=True),
)


def elements(made: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {block["block_id"]: block["element"] for block in made["blocks"] if block["type"] == "input"}


def test_each_type_has_its_element() -> None:
    made = modal("Please", FIELDS, "POINTER")
    check_view(made)
    assert {name: one["type"] for name, one in elements(made).items()} == {
        "who": "plain_text_input", "kind": "static_select", "day": "datepicker", "sure": "radio_buttons",
        "count": "number_input", "share": "number_input", "password": "plain_text_input",
    }  # fmt: skip
    assert (made["callback_id"], made["private_metadata"]) == ("cb:form", "POINTER")
    assert [elements(made)[name]["is_decimal_allowed"] for name in ("count", "share")] == [False, True]
    assert not any("dispatch_action" in block for block in made["blocks"])


def test_a_secret_says_what_becomes_of_it() -> None:
    """Slack has no field for passwords."""
    made = modal("", FIELDS, "P", given={"password": "hunter2", "who": "ada"})
    hints = {block["block_id"]: block.get("hint", {}).get("text", "") for block in made["blocks"]}
    assert "neither in the conversation" in hints["password"]
    assert hints["who"] == "A name"
    assert "hunter2" not in str(made)
    assert elements(made)["who"]["initial_value"] == "ada"


def test_what_is_given_stands_in_the_fields() -> None:
    given_values = {"kind": "b", "day": "2026-01-31", "sure": False, "count": 3, "share": 0.5, "who": 3}
    found = elements(modal("", FIELDS, "P", given=given_values))
    assert found["kind"]["initial_option"]["text"]["text"] == "B"
    assert found["day"]["initial_date"] == "2026-01-31"
    assert found["sure"]["initial_option"]["value"] == "false"
    assert (found["count"]["initial_value"], found["share"]["initial_value"]) == ("3", "0.5")
    assert "initial_value" not in found["who"]
    odd = {"kind": "c", "day": "20260131", "sure": "yes", "count": True, "share": [], "who": ""}
    assert not [
        name
        for one in elements(modal("", FIELDS, "P", given=odd)).values()
        for name in one
        if "initial" in name
    ]


def test_what_was_entered_comes_back_in_the_forms_words() -> None:
    made = modal("", FIELDS, "P")
    entered = {
        "who": {"cb:value": {"type": "plain_text_input", "value": "Ada & <b>"}},
        "kind": {"cb:value": {"selected_option": elements(made)["kind"]["options"][0]}},
        "day": {"cb:value": {"type": "datepicker", "selected_date": "2026-01-31"}},
        "sure": {"cb:value": {"selected_option": {"value": "false"}}},
        "count": {"cb:value": {"type": "number_input", "value": "3"}},
        "share": {"cb:value": {"type": "number_input", "value": None}},
        "other": {"cb:value": {"type": "plain_text_input", "value": "x"}},
    }
    heard = hear(use("view_submission", view=view(state={"values": entered})), OURS)
    assert isinstance(heard, Submitted)
    assert read_values(heard.values, FIELDS) == {
        "who": "Ada & <b>", "kind": "a" * 400, "day": "2026-01-31", "sure": False, "count": "3"
    }  # fmt: skip


@pytest.mark.parametrize("value", ["2", "\u0661", "-1", "999999999999", "²", "x", "", ["0"], True])
def test_an_entry_that_is_not_in_the_list_is_none(value: Any) -> None:
    assert read_values({"kind": value}, FIELDS) == {}


@pytest.mark.parametrize("value", ["yes", "", ["true"]])
def test_a_boolean_is_one_of_two(value: Any) -> None:
    assert read_values({"sure": value}, FIELDS) == ({"sure": ["true"]} if isinstance(value, list) else {})


def test_errors_stand_below_fields_that_exist() -> None:
    """Slack refuses errors for a block that the view does not have."""
    wrong = {"who": "too <short>", "gone": "not allowed"}
    assert errors(wrong, FIELDS) == {"who": "too &lt;short&gt; gone: not allowed"}
    assert errors({"gone": "no"}, FIELDS) == {"who": "gone: no"}
    assert errors({"gone": "no"}, ()) == {}
    assert len(errors({"who": "x" * 3_000}, FIELDS)["who"]) <= 2_000


def test_a_runbook_asks_before_it_starts() -> None:
    offer = Offer(
        kind="runbook", id="reset-password", name="Reset a password of somebody", description="Do <it>"
    )
    made = run_form(offer, FIELDS, "POINTER")
    check_view(made)
    assert (made["callback_id"], made["title"]["text"]) == ("cb:run", "Reset a password of som…")
    check_view(run_form(Offer(kind="runbook", id="r", name=""), (), "POINTER"))


def test_a_chooser_groups_what_there_is() -> None:
    offers = [Offer(kind="profile", id="a", name="A"), Offer(kind="runbook", id="b", name="B")]
    made = chooser(offers, lambda offer: POINTERS.start(offer.kind, offer.id), "PRIVATE", "On this message?")
    check_view(made)
    groups = elements(made)["offer"]["option_groups"]
    assert [group["label"]["text"] for group in groups] == ["Chats", "Runbooks"]
    assert POINTERS.read(groups[1]["options"][0]["value"]) == ("start", "runbook", "b")
    many = [Offer(kind="runbook", id=f"r{n}", name="x" * 99) for n in range(250)]
    check_view(chooser(many, lambda offer: offer.id))
    nothing = chooser([], lambda offer: "")
    check_view(nothing)
    assert "submit" not in nothing


def test_a_form_of_too_many_fields_is_bounded() -> None:
    many = [FormField(name=f"f{n}", label="L") for n in range(300)]
    made = modal("x" * 40_000, many, "P")
    check_view(made)
    assert "more fields are asked for afterwards" in str(made["blocks"][-1])
    check_view(
        modal(
            "",
            [
                FormField(
                    name="k", label="", options=tuple(Choice(label="", value=str(n)) for n in range(300))
                )
            ],
            "P",
        )
    )


@given(
    st.lists(
        st.builds(FormField, name=st.just("f"), label=SHORT, hint=SHORT, secret=st.booleans()), max_size=1
    ),
    SHORT,
)
def test_any_form_is_within_slacks_limits(fields: list[FormField], text: str) -> None:
    check_view(modal(text, fields, "P", title=text, given={"f": text}))
    check_view(
        chooser([Offer(kind="profile", id="p", name=text, description=text)], lambda offer: "P", text=text)
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_no_form_is_markup(text: str) -> None:
    fields = [FormField(name="f", label=text, hint=text, options=(Choice(label=text, value=text),))]
    check_view(modal(text, fields, "P", title=text))


def test_no_form_is_no_fields() -> None:
    assert load_form("") == ()
    assert load_form('[{"name": "a", "label": "A"}]') == (FormField(name="a", label="A"),)
