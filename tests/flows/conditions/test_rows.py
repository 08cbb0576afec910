"""Condition rows: D4, H91-H94, S44; a missing value is never an error."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.conditions import OPERATORS, Condition
from flows.values import MISSING, Json
from flows.variables import Scope


def scope(**variables: Json) -> Scope:
    return Scope(variables, {}, {})


def holds(condition: Any, **variables: Json) -> bool:
    return Condition(condition).test(scope(**variables)).met


YES, NO = True, False
BIG = 9_007_199_254_740_993  # 2**53 + 1: a float would round it

TABLE: list[tuple[str, Json, Json, bool]] = [
    ("is", "Done", "done", YES),
    ("is", " done", "done", NO),
    ("is", "", "", YES),
    ("is", None, None, YES),
    ("is", None, "", NO),
    ("is", "", None, NO),
    ("is", 7, "7", YES),
    ("is", "007", 7, YES),
    ("is", "7.0", 7, YES),
    ("is", " 7 ", 7, YES),
    ("is", "7", "7.0", NO),
    ("is", "seven", 7, NO),
    ("is", "\u0667", 7, NO),
    ("is", "1_0", 10, NO),
    ("is", True, True, YES),
    ("is", "TRUE", True, YES),
    ("is", 1, True, NO),
    ("is", False, "", NO),
    ("is", BIG, BIG - 1, NO),
    ("is", str(BIG), BIG, YES),
    ("is", str(BIG - 1), BIG, NO),
    ("is", 0.5, ".5", YES),
    ("is", "1e3", 1000, YES),
    ("is", "nan", "nan", YES),
    ("is", [1, "A"], [1, "A"], YES),
    ("is", {"a": 1}, {"a": 1}, YES),
    ("is", ["a"], "a", NO),
    ("is_not", "a", "b", YES),
    ("is_not", "a", "A", NO),
    ("is_not", None, "x", YES),
    ("contains", "It FAILED, sorry", "failed", YES),
    ("contains", "fine", "failed", NO),
    ("contains", "", "failed", NO),
    ("contains", "any", "", YES),
    ("contains", 12345, "234", YES),
    ("contains", True, "ru", YES),
    ("contains", ["A", "b"], "a", YES),
    ("contains", ["ab"], "a", NO),
    ("contains", [], "a", NO),
    ("contains", [1, 2], "2", YES),
    ("contains", {"k": "v"}, "k", YES),
    ("not_contains", "fine", "failed", YES),
    ("not_contains", "failed", "failed", NO),
    ("not_contains", ["xy"], "x", YES),
    ("starts_with", "adm-jo", "ADM-", YES),
    ("starts_with", "jo-adm-", "adm-", NO),
    ("ends_with", "a.PDF", ".pdf", YES),
    ("ends_with", ".pdf.exe", ".pdf", NO),
    ("matches", "ABC-12", "^abc-[0-9]+$", YES),
    ("matches", "xabc-12", "^abc-[0-9]+$", NO),
    ("matches", "a\nb", "^b$", NO),
    ("matches", 42, "^4", YES),
    ("one_of", "Done", ["done", "error"], YES),
    ("one_of", "xy", ["x", "y"], NO),
    ("one_of", 2, ["1", "2"], YES),
    ("one_of", "x", [], NO),
    ("none_of", "xy", ["x", "y"], YES),
    ("none_of", "X", ["x"], NO),
    ("empty", "", True, YES),
    ("empty", None, True, YES),
    ("empty", [], True, YES),
    ("empty", {}, True, YES),
    ("empty", 0, True, NO),
    ("empty", False, True, NO),
    ("empty", " ", True, NO),
    ("empty", "x", False, YES),
    ("empty", [0], False, YES),
    ("empty", "", False, NO),
    ("above", 3, 2, YES),
    ("above", 2, 2, NO),
    ("above", "10", "9", YES),
    ("above", "b", "a", NO),
    ("above", True, 0, NO),
    ("above", "infinity", 0, NO),
    ("above", "1e999", 0, NO),
    ("above", BIG, BIG - 1, YES),
    ("at_least", 2, 2, YES),
    ("at_least", 1.9, 2, NO),
    ("below", "-1", 0, YES),
    ("below", 0, 0, NO),
    ("at_most", 2, 2, YES),
    ("at_most", "2.1", 2, NO),
]


@pytest.mark.parametrize(("operator", "value", "wanted", "met"), TABLE)
def test_an_operator_means_what_its_name_says(operator: str, value: Json, wanted: Json, met: bool) -> None:
    assert holds({"a": {operator: wanted}}, a=value) is met


def test_the_table_has_both_legs_of_every_operator() -> None:
    assert {(row[0], row[3]) for row in TABLE} == {(name, met) for name in OPERATORS for met in (YES, NO)}


POSITIVE = ["is", "contains", "starts_with", "ends_with", "above", "at_least", "below", "at_most"]


@pytest.mark.parametrize("operator", POSITIVE)
@pytest.mark.parametrize("wanted", ["x", "", 0, "$b", "$gone", "${gone}x"])
def test_a_missing_value_is_nothing_of_all_that(operator: str, wanted: Json) -> None:
    assert not holds({"a": {operator: wanted}}, b="")


@pytest.mark.parametrize("operator", POSITIVE)
@pytest.mark.parametrize("value", ["x", "", 0, None, [], [None], True])
def test_comparing_with_what_has_no_value_does_not_hold(operator: str, value: Json) -> None:
    assert not holds({"a": {operator: "$gone"}}, a=value)


@pytest.mark.parametrize(
    ("row", "met"),
    [
        ({"is_not": "x"}, YES),
        ({"not_contains": ""}, YES),
        ({"matches": "x"}, NO),
        ({"one_of": ["x", ""]}, NO),
        ({"none_of": ["x", ""]}, YES),
        ({"empty": True}, YES),
        ({"empty": False}, NO),
        ({"is": None}, YES),
        ({"one_of": ["$gone", "$gone2"]}, NO),
    ],
)
def test_a_missing_value_with_the_other_operators(row: Json, met: bool) -> None:
    assert holds({"a": row}) is met


def test_what_is_left_of_a_list_to_choose_from_counts() -> None:
    assert holds({"a": {"one_of": ["$gone", "$b"]}}, a="x", b="X")
    assert not holds({"a": {"one_of": ["$gone", "$b"]}}, a=None, b="x")


def test_text_ignores_case_unless_told_otherwise() -> None:
    for operator, wanted in (
        ("is", "FAILED"),
        ("contains", "FAIL"),
        ("starts_with", "F"),
        ("ends_with", "D"),
    ):
        assert holds({"a": {operator: wanted}}, a="failed")
        assert not holds({"a": {operator: wanted, "exact": True}}, a="failed")
        assert holds({"a": {operator: wanted, "exact": True}}, a="FAILED")
    assert not holds({"a": {"matches": "^F", "exact": True}}, a="f")
    assert not holds({"a": {"one_of": ["X"], "exact": True}}, a="x")


def test_two_variables_can_be_compared() -> None:
    """H93."""
    assert holds({"a": {"is": "$b"}}, a="X", b="x")
    assert holds({"a": {"above": "$b"}}, a=3, b="2")
    assert not holds({"a": {"above": "$b"}}, a=3, b=4)


def test_rows_and_operators_must_all_hold() -> None:
    condition = {"a": {"starts_with": "x", "ends_with": "z"}, "b": {"is": 1}}
    assert holds(condition, a="xyz", b=1)
    assert not holds(condition, a="xyz", b=2)
    assert not holds(condition, a="xy", b=1)


@pytest.mark.parametrize(("a", "b", "met"), [(1, 1, YES), (1, 0, YES), (0, 1, YES), (0, 0, NO)])
def test_any_all_and_not_nest(a: int, b: int, met: bool) -> None:
    rows: list[Json] = [{"a": {"is": 1}}, {"b": {"is": 1}}]
    assert holds({"any": rows}, a=a, b=b) is met
    assert holds({"not": {"all": [{"not": rows[0]}, {"not": rows[1]}]}}, a=a, b=b) is met
    assert holds({"all": rows}, a=a, b=b) is (a == b == 1)
    assert holds({"not": rows}, a=a, b=b) is not (a == b == 1)


def test_the_sentence_says_what_was_compared() -> None:
    scope = Scope({"a": "x" * 100}, {"last": {"message": "It failed"}}, {})
    assert Condition({"RUNBOOKRESULT": {"contains": "failed"}}).test(scope) == (
        True,
        'Runbook Result message "It failed" contains "failed" → yes',
    )
    condition = Condition({"any": [{"a": {"is": "$b"}}, {"not": {"b": {"empty": True}}}]})
    assert condition.test(scope).because == (
        f'any of (a "{"x" * 79}…" is "" → no; not (b "" is empty "true" → yes))'
    )


def test_a_long_list_is_not_written_out() -> None:
    verdict = Condition({"a": {"contains": 3}}).test(Scope({"a": list(range(10_000))}, {}, {}))
    assert verdict == (True, 'a "10000 elements" contains "3" → yes')


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ({}, "a condition is rows"),
        ([], "a condition is rows"),
        ("a == 1", "a condition is rows"),
        ({"a": "x"}, "`a` wants an operator"),
        ({"a": {}}, "`a` wants an operator"),
        ({"a": {"contain": "x"}}, "`contain` is not an operator, did you mean `contains`"),
        ({"a": {"zzz": "x"}}, "use one of is, is_not"),
        ({"a": {"exact": "yes", "is": 1}}, "`exact` of `a` is true or false"),
        ({"a": {"one_of": "x"}}, "`one_of` wants a list"),
        ({"a": {"empty": "yes"}}, "`empty` is true or false"),
        ({"a": {"matches": 3}}, "a pattern in quotes"),
        ({"a": {"matches": "(?=x)"}}, "is not a pattern"),
        ({"a": {"matches": "("}}, "is not a pattern"),
        ({"any": []}, "`any` has no conditions in it"),
        ({"any": [[]]}, "a condition is rows"),
    ],
)
def test_a_broken_condition_is_refused_at_load(condition: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why.replace("(", r"\(")):
        Condition(condition)


def test_conditions_nest_so_deep_and_no_deeper() -> None:
    condition: Json = {"a": {"is": 1}}
    for _ in range(8):
        condition = {"not": condition}
    assert holds(condition, a=1)
    with pytest.raises(ValueError, match="nested deeper than 8"):
        Condition({"not": condition})


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(x+x+)+y", "(.*)*b", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_no_pattern_takes_long(pattern: str) -> None:
    """Threat 45: RE2 is linear; 4,096 characters are looked at."""
    assert holds({"a": {"matches": pattern}}, a="a" * 100_000 + "!") in (YES, NO)


def test_a_value_is_no_template_on_either_side() -> None:
    assert holds({"a": {"is": "$b"}}, a="$b", b="$b")
    assert not holds({"a": {"is": "$b"}}, a="x", b="$a")


def test_equal_conditions_are_equal() -> None:
    assert Condition({"a": {"is": 1}}) == Condition({"a": {"is": 1}})
    assert hash(Condition({"a": {"is": 1}})) == hash(Condition({"a": {"is": 1}}))
    assert Condition({"a": {"is": 1}}) != Condition({"a": {"is": 2}})


any_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(operator=st.sampled_from(sorted(OPERATORS)), value=any_value, wanted=any_value, exact=st.booleans())
def test_no_value_makes_a_condition_raise(operator: str, value: Json, wanted: Json, exact: bool) -> None:
    given_to = {"one_of": [wanted], "none_of": [wanted], "empty": bool(wanted), "matches": "^a"}.get(
        operator, "$b"
    )
    condition = Condition({"a": {operator: given_to, "exact": exact}})
    for variables in ({"a": value, "b": wanted}, {"b": wanted}, {"a": value}, {}):
        met, because = condition.test(scope(**variables))
        assert met in (True, False)
        assert len(because) < 1_000


@given(value=any_value, wanted=any_value, exact=st.booleans())
def test_each_operator_and_its_opposite_never_agree(value: Json, wanted: Json, exact: bool) -> None:
    for one, other in (("is", "is_not"), ("contains", "not_contains")):
        rows = [Condition({"a": {name: "$b", "exact": exact}}) for name in (one, other)]
        for variables in ({"a": value, "b": wanted}, {"a": value}, {}):
            assert rows[0].test(scope(**variables)).met is not rows[1].test(scope(**variables)).met


def test_missing_is_false_and_says_its_name() -> None:
    assert not MISSING
    assert repr(MISSING) == "MISSING"
