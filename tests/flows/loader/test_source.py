"""What a YAML file says, and where: values as JSON would read them, places as editors count."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.problems import render
from flows.source import Source


def value(text: str | bytes) -> Any:
    source = Source("x.yaml", text)
    assert source.problems == []
    return source.value()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("NO", "NO"), ("no", "no"), ("yes", "yes"), ("on", "on"), ("y", "y"),
        ("0777", "0777"), ("01234", "01234"), ("0o17", "0o17"), ("0x1F", "0x1F"), ("1_000", "1_000"),
        ("12:30", "12:30"), ("12:30:00", "12:30:00"), ("2026-12-24", "2026-12-24"),
        ("2026-12-24T18:00:00Z", "2026-12-24T18:00:00Z"), ("1.10", "1.10"), ("1e5", "1e5"), (".5", ".5"),
        ("+1", "+1"), ("-0", "-0"), (".nan", ".nan"), (".inf", ".inf"), ("12345678901234567890", "12345678901234567890"),
        ("1", 1), ("-12", -12), ("0", 0), ("1.5", 1.5), ("-0.25", -0.25), ("999999999999999", 999999999999999),
        ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
        ("'1'", "1"), ('"true"', "true"), ("'~'", "~"), ('"a\\tb"', "a\tb"), ("Grüße 🎉", "Grüße 🎉"), ('"\\U0001F600"', "😀"),
        ("http://x.example:80/a#b", "http://x.example:80/a#b"), ("a # comment", "a"), ("[a, {b: c}]", ["a", {"b": "c"}]),
    ],
)  # fmt: skip
def test_a_plain_scalar_is_a_number_or_truth_value_only_as_json_spells_it(written: str, read: Any) -> None:
    found = value(f"key: {written}\n")["key"]
    assert (type(found), found) == (type(read), read)


def test_blocks_keep_their_lines_and_folded_ones_join_them() -> None:
    assert value("a: |\n  x\n   y\nb: >-\n  x\n  y\n") == {"a": "x\n y\n", "b": "x y"}


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_changes_nothing(mark: bytes) -> None:
    source = Source("x.yaml", mark + "a: ä\nb: c\n".encode())
    assert source.value() == {"a": "ä", "b": "c"}
    assert source.place(source.offset(("a",), key=True)) == (1, 1)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_places_do_not_depend_on_line_ends(end: str) -> None:
    source = Source("x.yaml", end.join(["a: 1", "steps:", "  - b: {c: d}", ""]))
    assert source.place(source.offset(("steps", 0, "b", "c"))) == (3, 12)
    assert source.line(3).strip() == "- b: {c: d}"


def test_other_line_separators_are_no_lines_for_an_editor() -> None:
    source = Source("x.yaml", "a: 'x\u2028y\x85z'\nb: c\n")
    assert source.place(source.offset(("b",))) == (2, 4)


def test_keys_and_values_know_their_places() -> None:
    source = Source("x.yaml", "flow:\n  - id: a\n    say: >\n      Hi $x,\n      $x and ${x}\n  - end:\n")
    assert source.place(source.offset(("flow", 0))) == (2, 5)
    assert source.place(source.offset(("flow", 0, "say"), key=True)) == (3, 5)
    assert source.place(source.offset(("flow", 0, "say"))) == (3, 10)
    assert source.place(source.offset_in(("flow", 0, "say"), "$x")) == (4, 10)
    assert source.place(source.offset_in(("flow", 0, "say"), "$x", 1)) == (5, 7)
    assert source.place(source.offset_in(("flow", 0, "say"), "${x")) == (5, 14)
    assert source.place(source.offset(("flow", 1, "end"))) == (6, 5), "an empty value is shown at its key"
    assert source.place(source.offset(("flow", 0, "nope", "x"))) == (2, 5), "the deepest place that there is"


def test_an_alias_is_the_value_of_its_anchor() -> None:
    source = Source("x.yaml", "a: &one {b: c}\nd: [*one, *one]\n")
    assert source.value() == {"a": {"b": "c"}, "d": [{"b": "c"}, {"b": "c"}]}
    assert source.place(source.offset(("d", 1, "b"))) == (1, 13)


def test_all_findings_that_do_not_stop_the_reading_come_at_once() -> None:
    source = Source("x.yaml", "a: 1\na: 2\n5: x\ntrue: y\n? [b]\n: z\n<<: {c: d}\ne: !custom f\n'<<': fine\n")
    assert [render(problem) for problem in source.problems] == [
        "x.yaml:2:1: E004 the key `a` is here twice, first in line 1\n    2 | a: 2\n      | ^",
        'x.yaml:3:1: E002 the key `5` is not a text, write "5" in quotes\n    3 | 5: x\n      | ^',
        'x.yaml:4:1: E002 the key `true` is not a text, write "true" in quotes\n    4 | true: y\n      | ^',
        "x.yaml:5:3: E002 a key is a text, this one is a list or a mapping\n    5 | ? [b]\n      |   ^",
        "x.yaml:7:1: E002 merge keys (`<<`) are not read, write the keys out\n    7 | <<: {c: d}\n      | ^",
        "x.yaml:8:4: E002 the tag `!custom` is not read, take it out; a text that begins with ! needs quotes\n    8 | e: !custom f\n      |    ^",
    ]
    assert source.value() == {"a": 1, "e": "f", "<<": "fine"}


def test_a_finding_in_a_long_line_shows_the_part_around_it() -> None:
    source = Source("x.yaml", "a: {" + ", ".join(f"k{number}: v" for number in range(50)) + ", bad: [}")
    shown = render(source.problems[0]).splitlines()
    assert len(shown[1]) < 130
    assert shown[1][shown[2].index("^")] == "}"


def test_what_is_shown_cannot_move_the_terminals_cursor_or_turn_the_writing_round() -> None:
    source = Source("x.yaml", "a\u202eb: 1\n\ta: \u200b@\n")
    assert source.problems
    assert not set(render(source.problems[0])) & {"\u202e", "\u200b", "\t", "\x1b"}


def test_the_caret_stands_under_wide_and_combining_characters() -> None:
    source = Source("x.yaml", "{日本: 1, e\u0301: @}")
    head, line, caret = render(source.problems[0]).splitlines()
    assert head.startswith("x.yaml:1:13:")
    assert line == "    1 | {日本: 1, e\u0301: @}"
    assert caret == "      | " + " " * len("{jpjp: 1, e: ") + "^", "two cells each, and none for the accent"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**14), 10**14) | st.text(st.sampled_from("abc :-#'\"{}[]\n\täß€🎉,&*!|>%@~0123.")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="ascii", categories=["L"]), min_size=1), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(
    st.dictionaries(st.text("abcdefgh", min_size=1), json_values, min_size=1, max_size=5),
    st.sampled_from([None, 2]),
)
def test_json_is_yaml_and_is_read_as_json(wanted: dict[str, Any], indent: int | None) -> None:
    assert value(json.dumps(wanted, ensure_ascii=False, indent=indent)) == wanted


@given(st.binary(max_size=300))
def test_any_bytes_end_in_values_or_findings(raw: bytes) -> None:
    source = Source("x.yaml", raw)
    assert (source.root is None) <= bool(source.problems)
    for problem in source.problems:
        assert problem.line >= 1
        assert problem.col >= 1
        render(problem)


@given(st.text(st.sampled_from("ab:-#?&*!|>'\"%@`{}[],\n \t~<.0\\"), max_size=120))
def test_any_yaml_like_text_ends_in_values_or_findings(text: str) -> None:
    source = Source("x.yaml", text)
    assert (source.root is None) <= bool(source.problems)
    for problem in source.problems:
        assert problem.excerpt == source.line(problem.line)
        assert problem.col <= len(problem.excerpt) + 1
