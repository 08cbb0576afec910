"""Texts with variables, and structures of them: one pass, values are data, bounded."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.template import MAX_TEXT, MAX_TREE, MAX_VALUE_DEPTH, NODE, Template, Tree, Unresolved, fill
from flows.values import Json
from flows.variables import Scope


def filled(source: str, **variables: Json) -> tuple[str, list[str]]:
    missing: list[str] = []
    text = Template(source).text(Scope(variables, {}, {"chat": {"id": "c1"}}), missing)
    return text, missing


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("plain", "plain"),
        ("", ""),
        ("$a", "A"),
        ("$a.b", "A.b"),
        ("${a}b$a", "AbA"),
        ("${d.x.1}", "two"),
        ("$CHAT_ID", "c1"),
        ("${chat.id}", "c1"),
        ("costs $5 or $$5", "costs $5 or $5"),
        ("$$a $${a}", "$a ${a}"),
        ("100%$", "100%$"),
        ("$ä", "$ä"),
        ("${a:-no}", "A"),
        ("${gone:-no}", "no"),
        ("${gone:-}", ""),
        ("${gone:-a: b-c?}", "a: b-c?"),
        ("${none:-no}", "no"),
        ("${blank:-no}", "no"),
        ("${zero:-no}", "0"),
        ("${a:?tell me}", "A"),
        ("${price:-$5}", "$5"),
        ("$t $f $none$n $h", "true false 1.5 3"),
        ("$d", '{"x": ["one", "two"]}'),
        ("${a-b}", "dash"),
    ],
)
def test_a_text_is_filled(source: str, text: str) -> None:
    values = {
        "a": "A", "d": {"x": ["one", "two"]}, "none": None, "blank": "", "zero": 0, "t": True, "f": False,
        "n": 1.5, "h": 3.0, "a-b": "dash",
    }  # fmt: skip
    assert filled(source, **values) == (text, [])


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ("$x", ["x"]),
        ("${x.y} $z $x", ["x.y", "z", "x"]),
        ("${x:?tell me first}", ["x (tell me first)"]),
        ("${blank:?tell me first}", ["blank (tell me first)"]),
        ("${x:?}", ["x"]),
        ("$none$blank", []),
    ],
)
def test_what_has_no_value_is_empty_and_named(source: str, missing: list[str]) -> None:
    text, named = filled(source, none=None, blank="")
    assert (text.strip(), named) == ("", missing)


@pytest.mark.parametrize(
    "source",
    ["${", "${}", "${ a}", "${a", "${a b}", "${a..b}", "${a:}", "${a:+b}", "${a!r}", "${__import__('os')}", "${1a}",
     "${a[0]}", "${a()}", "${a|b}", "${{ a }}"],
)  # fmt: skip
def test_what_is_no_variable_is_refused_at_load(source: str) -> None:
    with pytest.raises(ValueError, match="is not a variable: write"):
        Template(source)


@pytest.mark.parametrize("source", ["${a:-$b}", "${a:-${b}}", "${a:?ask $b}"])
def test_a_default_is_plain_text(source: str) -> None:
    with pytest.raises(ValueError, match="is plain text"):
        Template(source)


HOSTILE = [
    "$a", "${a}", "$$", "${chat.id}", "$CHAT_ID", "${gone:-x}", "${", "{{7*7}}", "${{7*7}}", "#{7*7}", "<%= 7 %>",
    "<<chat^id>>", "{a}", "{0}", "%s", "%(a)s", "\\", "`id`", "$(id)", "__class__", "\x00", "\u202e", '","b":"',
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_is_never_read_again(value: str) -> None:
    """Threat 42."""
    assert filled("<$v> ${v}", v=value, a="LEAK") == (f"<{value}> {value}", [])
    tree = Tree({"k": "$v", "l": ["<${v}>"]})
    assert tree.fill(Scope({"v": value, "a": "LEAK"}, {}, {}), []) == {"k": value, "l": [f"<{value}>"]}


@given(st.text())
def test_any_text_passes_through_untouched(value: str) -> None:
    assert filled("[$v]", v=value) == (f"[{value}]", [])


@given(st.text(max_size=60))
def test_any_source_is_a_template_or_refused(source: str) -> None:
    with suppress(ValueError):
        template = Template(source)
        assert template == Template(source)
        template.text(Scope({}, {}, {}), [])


@given(value=st.text())
def test_a_value_cannot_change_the_structure_around_it(value: str) -> None:
    """S25: filled after parsing, so quotes and line breaks stay inside their text."""
    tree = Tree({"chat_id": "${chat.id}", "text": "Hello $v"})
    found = tree.fill(Scope({"v": value}, {}, {"chat": {"id": 7}}), [])
    assert json.loads(json.dumps(found)) == {"chat_id": 7, "text": f"Hello {value}"}


@pytest.mark.parametrize("value", [1, 1.5, True, None, "x", ["a"], {"b": 1}])
def test_one_variable_and_nothing_else_keeps_its_type(value: Json) -> None:
    scope = Scope({"v": value}, {}, {})
    assert Template("$v").value(scope, []) == value
    assert isinstance(Template("$v ").value(scope, []), str)
    assert Tree({"a": ["$v"]}).fill(scope, []) == {"a": [value]}


def test_keys_and_plain_values_stay_as_they_are() -> None:
    assert Tree({"$k": 1, "n": None, "f": 1.5, "l": []}).fill(Scope({"k": "x"}, {}, {}), []) == {
        "$k": 1,
        "n": None,
        "f": 1.5,
        "l": [],
    }


def test_a_body_must_be_complete() -> None:
    """D10."""
    with pytest.raises(Unresolved) as caught:
        fill({"a": Tree("$x"), "b": Tree(["${y.z:?say it}", "$ok"])}, Scope({"ok": 1}, {}, {}))
    assert str(caught.value) == "no value for ${x}, ${y.z} (say it)"
    assert caught.value.paths == ("x", "y.z (say it)")


# --- sizes (threat 44) -------------------------------------------------------------------


@pytest.mark.parametrize(("over", "named"), [(0, []), (1, ["v (too large)"])])
def test_a_filled_text_has_a_limit(over: int, named: list[str]) -> None:
    text, missing = filled("<$v>", v="x" * (MAX_TEXT - 2 + over))
    assert (missing, len(text)) == (named, MAX_TEXT)


def test_naming_a_long_value_often_eats_no_memory() -> None:
    text, missing = filled("$v" * 8_000, v="x" * 100_000)
    assert (len(text), missing) == (200_000, ["v (too large)"])


@pytest.mark.parametrize(("over", "named"), [(0, []), (1, ["b (too large)"])])
def test_a_filled_structure_has_a_limit(over: int, named: list[str]) -> None:
    missing: list[str] = []
    half = "x" * (MAX_TREE // 2 - NODE)
    found = Tree({"a": "$a", "b": "$b"}).fill(Scope({"a": half, "b": half + "x" * over}, {}, {}), missing)
    assert missing == named
    assert found == {"a": half, "b": None if over else half}


def test_doubling_a_structure_comes_to_an_end() -> None:
    tree, value, missing = Tree({"l": "$v", "r": "$v"}), "seed", list[str]()
    for _ in range(60):
        value = tree.fill(Scope({"v": value}, {}, {}), missing)
    assert "v (too large)" in missing
    assert len(json.dumps(value)) < 3 * MAX_TREE


def test_a_value_is_nested_so_deep_and_no_deeper() -> None:
    value: Any = "leaf"
    for _ in range(MAX_VALUE_DEPTH):
        value = [value]
    missing: list[str] = []
    assert Tree("$v").fill(Scope({"v": value}, {}, {}), missing) == value
    assert Tree("$v").fill(Scope({"v": [value]}, {}, {}), missing) is None
    assert missing == ["v (too large)"]


def test_a_source_is_nested_so_deep_and_no_deeper() -> None:
    source: Any = "leaf"
    for _ in range(32):
        source = [source]
    Tree(source)
    with pytest.raises(ValueError, match="nested deeper than 32"):
        Tree([source])


def test_a_limit_reaches_the_failure_exit_of_a_call() -> None:
    with pytest.raises(Unresolved, match=r"no value for \$\{v\} \(too large\)"):
        fill({"a": Tree("$v$v")}, Scope({"v": "x" * MAX_TEXT}, {}, {}))


# --- what checkers read ------------------------------------------------------------------


def test_references_know_their_place_and_their_default() -> None:
    refs = Template("a $b ${c.d:-e} ${f:?g}").refs
    assert [(ref.path, ref.default, ref.at, ref.demand) for ref in refs] == [
        ("b", None, 2, None),
        ("c.d", "e", 5, None),
        ("f", None, 15, "g"),
    ]


def test_a_tree_names_its_texts_in_order() -> None:
    assert [text.source for text in Tree({"a": ["$b", {"c": "d"}], "e": 1}).templates] == ["$b", "d"]


def test_equal_sources_are_equal() -> None:
    assert Template("$a") == Template("$a") != Template("$b")
    assert hash(Tree({"a": 1})) == hash(Tree({"a": 1}))
    assert Tree({"a": 1}) == Tree({"a": 1}) != Tree({"a": 2})
    assert repr(Template("$a")) == "Template('$a')"
