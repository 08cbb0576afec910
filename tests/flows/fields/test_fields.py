"""What people give: typed, and refused in words for them (H21, H22, H88)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from flows.fields import BadValue, Input, Variable, read_inputs
from flows.patterns import MAX_MATCHED
from flows.values import Json


@pytest.mark.parametrize(
    ("type_", "value", "read"),
    [
        ("text", " a b ", "a b"),
        ("text", 7, "7"),
        ("text", True, "true"),
        ("integer", " -7 ", -7),
        ("integer", "+0012", 12),
        ("integer", 7.0, 7),
        ("integer", 2**53 - 1, 2**53 - 1),
        ("number", "1.50", 1.5),
        ("number", ".5", 0.5),
        ("number", "-3", -3.0),
        ("number", 1e-20, 1e-20),
        ("boolean", "YES", True),
        ("boolean", 1, True),
        ("boolean", "0", False),
        ("boolean", False, False),
        ("date", "2026-11-23", "2026-11-23"),
        ("date", "20261123", "2026-11-23"),
        ("list", ["a"], ["a"]),
        ("object", {"a": 1}, {"a": 1}),
    ],
)
def test_a_value_is_read_in_its_type(type_: Any, value: Json, read: Json) -> None:
    found = Variable(type=type_).read(value)
    assert (found, type(found)) == (read, type(read))


@pytest.mark.parametrize(
    ("type_", "value", "why"),
    [
        ("text", "  ", "it must not be empty"),
        ("text", None, "it must not be empty"),
        ("text", ["a"], "it must not be empty"),
        ("text", "x" * 8_001, "it must be shorter than 8000 characters"),
        ("integer", "1.5", "it must be a whole number"),
        ("integer", 1.5, "it must be a whole number"),
        ("integer", "", "it must be a whole number"),
        ("integer", "1_000", "it must be a whole number"),
        ("integer", "١٢", "it must be a whole number"),
        ("integer", True, "it must be a whole number"),
        ("integer", 2**53, "it must be a whole number"),
        ("integer", "9" * 5_000, "it must be a whole number"),
        ("integer", float("inf"), "it must be a whole number"),
        ("number", "1,5", "it must be a number"),
        ("number", "nan", "it must be a number"),
        ("number", float("nan"), "it must be a number"),
        ("number", "1e400", "it must be a number"),
        ("number", 10**15, "it must be a number"),
        ("number", [], "it must be a number"),
        ("boolean", "maybe", "answer yes or no"),
        ("date", "23.11.2026", "write a date like 2026-11-23"),
        ("date", "2026-02-30", "write a date like 2026-11-23"),
        ("list", "a", "it must be a list"),
        ("object", [], "it must be an object"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(type_: Any, value: Json, why: str) -> None:
    with pytest.raises(BadValue) as caught:
        Variable(type=type_).read(value)
    assert str(caught.value) == why


def test_a_pattern_matches_the_whole_text() -> None:
    login = Variable(matches="[a-z]+|[0-9]+")
    assert login.read("abc") == "abc"
    for wrong in ("abc1", "1abc", "abc\nx", "x" * MAX_MATCHED + "!"):
        with pytest.raises(BadValue, match="does not have the right form"):
            login.read(wrong)


def test_a_text_that_is_longer_than_a_pattern_looks_at_does_not_match() -> None:
    anything = Variable(matches="x+")
    assert anything.read("x" * MAX_MATCHED)
    with pytest.raises(BadValue):
        anything.read("x" * (MAX_MATCHED + 1))


def test_a_choice_takes_the_authors_spelling_and_keeps_its_type() -> None:
    assert Variable(one_of=["Small", "Large"]).read("small") == "Small"
    assert Variable(type="integer", one_of=["1", "2"]).read("2") == 2
    with pytest.raises(BadValue, match="choose one of: Small, Large"):
        Variable(one_of=["Small", "Large"]).read("medium")


@pytest.mark.parametrize(("value", "why"), [(1, "at least 2"), (4, "at most 3")])
def test_numbers_have_bounds(value: int, why: str) -> None:
    field = Variable(type="integer", min=2, max=3)
    assert (field.read(2), field.read(3)) == (2, 3)
    with pytest.raises(BadValue, match=f"it must be {why}"):
        field.read(value)


@pytest.mark.parametrize(
    ("given_", "why"),
    [
        ({"matches": "("}, "is not a pattern"),
        ({"matches": "a)(b"}, "is not a pattern"),
        ({"matches": "x", "type": "integer"}, "goes with type text"),
        ({"min": 1}, "go with type integer or number"),
        ({"one_of": []}, "at least 1 item"),
        ({"typ": "text"}, "Extra inputs"),
    ],
)
def test_a_broken_field_is_refused_at_load(given_: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Variable.model_validate(given_)


def test_a_default_must_fit() -> None:
    assert Input.model_validate({"type": "integer", "default": "3"}).default == "3"
    with pytest.raises(ValidationError, match="the default does not fit: it must be a whole number"):
        Input.model_validate({"type": "integer", "default": "many"})


# --- inputs of a run (E111 at run time, H88) ---------------------------------------------

DECLARED = {
    "login": Input(required=True, matches="[a-z.]+", label="Login"),
    "days": Input(type="integer", default=3),
    "note": Input(),
}


def test_inputs_are_read_and_completed() -> None:
    assert read_inputs(DECLARED, {"login": "j.doe", "days": "5"}) == {
        "login": "j.doe",
        "days": 5,
        "note": None,
    }
    assert read_inputs(DECLARED, {"login": "a", "days": None, "note": ""})["days"] == 3


@pytest.mark.parametrize(
    ("given_", "why"),
    [
        ({}, "`Login` is missing"),
        ({"login": ""}, "`Login` is missing"),
        ({"login": "J"}, "`Login`: `J` does not have the right form"),
        ({"login": "a", "days": "x"}, "`days`: it must be a whole number"),
        ({"login": "a", "more": 1}, "there is no input `more`"),
    ],
)
def test_inputs_that_do_not_fit_name_the_first(given_: dict[str, Json], why: str) -> None:
    with pytest.raises(BadValue) as caught:
        read_inputs(DECLARED, given_)
    assert str(caught.value) == why


def test_a_default_may_be_empty_text() -> None:
    assert read_inputs({"n": Input(default="")}, {}) == {"n": ""}


def test_a_default_is_read_in_its_type() -> None:
    assert read_inputs({"n": Input(type="integer", default="3")}, {}) == {"n": 3}


any_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(
    type_=st.sampled_from(["text", "integer", "number", "boolean", "date", "list", "object"]), value=any_value
)
def test_any_value_is_read_or_refused_and_reading_is_stable(type_: Any, value: Json) -> None:
    field = Variable(type=type_)
    try:
        read = field.read(value)
    except BadValue:
        return
    assert field.read(read) == read
