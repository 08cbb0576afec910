"""Hostile files end in a finding of ours, quickly: none hangs, none runs code, none gets in
(threats of flow files: bombs, tags, encodings, sizes)."""

from __future__ import annotations

import pytest

from flows.problems import render
from flows.reading import composing, decoding
from flows.source import MAX_PROBLEMS, Source
from tests.flows.marked import timed

MIB = 1 << 20
SECONDS = 1.0

LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
PYTHON = "a: !!python/object/apply:os.system ['touch never']\n"

HOSTILE: list[tuple[str, str | bytes, str]] = [
    ("billion laughs", LAUGHS, "5:11: E003 more than 20000 values"),
    ("a quadratic bomb", "a: &a [" + "x," * 5000 + "]\nb: [*a, *a, *a, *a]\n", "2:13: E003 more than 20000 values"),
    ("many aliases", "a: &a x\nb: [" + "*a, " * 101 + "]\n", "2:405: E003 more than 100 aliases"),
    ("an alias inside itself", "a: &a [b, *a]\n", "1:11: E002 `*a` contains itself"),
    ("an alias of nothing", "a: *b\n", "1:4: E002 `*b` refers to nothing"),
    ("more than a MiB", "a: " + "x" * (MIB - 2), "1:1: E003 the file is larger than 1 MiB"),
    ("many values", "a:\n" + "- x\n" * 19_999, "19999:3: E003 more than 20000 values"),
    ("many values in one line", "a: [" + "1," * 30_000 + "]", "1:39999: E003 more than 20000 values"),
    ("deep lists", "[" * 100_000, "1:51: E003 nested deeper than 50 levels"),
    ("deep mappings", "{a: " * 100_000, "1:201: E003 nested deeper than 50 levels"),
    ("deep blocks", "- " * 100_000, "1:101: E003 nested deeper than 50 levels"),
    ("deep keys", "? " * 100_000, "1:101: E003 nested deeper than 50 levels"),
    ("many lines", "a: 1\n" + "\n" * 20_000, "20001:1: E003 more than 20000 lines"),
    ("many comments", "#\n" * 500_000, "20001:1: E003 more than 20000 lines"),
    ("many words", "a: " + "x " * 400_000, "1:1: E003 more than 100000 words"),
    ("one long comment", "#" * (MIB - 1), "1:1: E002 the file is empty"),
    ("only spaces", " " * (MIB - 1), "1:1: E002 the file is empty"),
    ("one long word", "x" * (MIB - 1), "1:1: E002 a file is a mapping"),
    ("a long key", "x" * (MIB - 10) + ": 1", "1:1048567: E002 a `: ` stands where no key can be"),
    ("a quote that never ends", "a: '" + "x" * (MIB - 10), "1:4: E002 a quote opens here and is never closed"),
    ("many escapes", 'a: "' + "\\n" * (MIB // 2 - 10), "1:4: E002 a quote opens here and is never closed"),
    ("words, nearly too many, and never a bracket", "[" + "a " * 99_000, "1:1: E002 a `[` opens here"),
    ("many dashes", "a: b\n" + "-" * (MIB - 10), "2:1048567: E002 this is neither a key"),
    ("many documents", "---\n" * 19_000, "2:1: E002 a second document begins here"),
    ("many directives", "%YAML 1.2\n" * 19_000, "2:1: E002 a `%` directive"),
    ("a tag handle", "%TAG ! tag:evil.example,2000:\n---\na: !x b\n", "1:1: E002 a `%` directive"),
    ("a python tag", PYTHON, "1:4: E002 the tag `!!python/object/apply:os.system`"),
    ("a tag of one's own", "a: !x {b: c}\n", "1:4: E002 the tag `!x` is not read"),
    ("a timestamp tag", "a: !!timestamp 2020-01-01\n", "1:4: E002 the tag `!!timestamp` is not read"),
    ("UTF-16", "kind: runbook".encode("utf-16"), "1:1: E001 the file is UTF-16"),
    ("UTF-16 without a mark", "kind: runbook".encode("utf-16-le"), "1:2: E001 the character U+0000"),
    ("UTF-32", "kind: runbook".encode("utf-32-be"), "1:1: E001 the character U+0000"),
    ("Latin-1", "kind: runbook\nname: Müller".encode("latin-1"), "2:8: E001 the byte 0xfc is not UTF-8"),
    ("a lone surrogate's bytes", b"a: \xed\xa0\x80", "1:4: E001 the byte 0xed is not UTF-8"),
    ("a NUL", "a: b\x00c", "1:5: E001 the character U+0000"),
    ("an escape character", "a: \x1b[31m", "1:4: E001 the character U+001B"),
    ("an escaped NUL", 'a: "\\0"\n', "1:4: E002 the character U+0000 cannot be kept"),
    ("an escaped surrogate", 'a: "\\uD800"\n', "1:4: E002 the character U+D800 cannot be kept"),
    ("a tab as indentation", "a:\n\tb: c\n", "2:1: E002 a tab stands here"),
    ("nothing", "", "1:1: E002 the file is empty"),
    ("null", "null\n", "1:1: E002 the file is empty"),
    ("a list", "- a\n- b\n", "1:1: E002 a file is a mapping"),
    ("a text", "hello\n", "1:1: E002 a file is a mapping"),
    ("two documents", "a: b\n---\nc: d\n", "2:1: E002 a second document begins here"),
    ("a doubled key, deep inside", "a:\n  - b: 1\n    c: 2\n    b: 3\n", "4:5: E004 the key `b` is here twice"),
    ("a number as a key", "a: {1: b}\n", "1:5: E002 the key `1` is not a text"),
    ("an empty key", ": b\n", "1:1: E002 the key `` is not a text"),
    ("a list as a key", "[a]: b\n", "1:1: E002 a key is a text"),
    ("a merge key", "a: &a {b: c}\nd: {<<: *a}\n", "2:5: E002 merge keys"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "told"), [(raw, told) for _, raw, told in HOSTILE], ids=[name for name, *_ in HOSTILE]
)
def test_a_hostile_file_ends_in_a_finding_within_a_second(raw: str | bytes, told: str) -> None:
    source, took = timed(lambda: Source("x.yaml", raw))
    assert source.problems
    assert render(source.problems[0]).startswith(f"x.yaml:{told}"), render(source.problems[0])[:200]
    assert took < SECONDS


def test_a_thousand_findings_are_not_all_told() -> None:
    source = Source("x.yaml", "a: 1\n" * 1000)
    assert len(source.problems) == MAX_PROBLEMS


@pytest.mark.parametrize(
    ("text", "past"),
    [
        ("a: [" + ",".join(["x"] * (composing.MAX_NODES - 3)) + "]", "a: [" + ",".join(["x"] * (composing.MAX_NODES - 2)) + "]"),
        ("a: " + "[" * (composing.MAX_DEPTH - 1) + "]" * (composing.MAX_DEPTH - 1), "a: " + "[" * composing.MAX_DEPTH + "]" * composing.MAX_DEPTH),
        ("a: &a x\nb: [" + ", ".join(["*a"] * composing.MAX_ALIASES) + "]", "a: &a x\nb: [" + ", ".join(["*a"] * (composing.MAX_ALIASES + 1)) + "]"),
        ("a: b" + "\n" * (decoding.MAX_LINES - 1), "a: b" + "\n" * (decoding.MAX_LINES + 1)),
        ("a:" + " x" * (decoding.MAX_WORDS - 1), "a:" + " x" * decoding.MAX_WORDS),
        ("a: " + "x" * (decoding.MAX_BYTES - 3), "a: " + "x" * (decoding.MAX_BYTES - 2)),
    ],
    ids=["nodes", "depth", "aliases", "lines", "words", "bytes"],
)  # fmt: skip
def test_a_file_at_a_limit_is_read_and_one_past_it_is_not(text: str, past: str) -> None:
    assert Source("x.yaml", text).problems == []
    assert [problem.code for problem in Source("x.yaml", past).problems] == ["E003"]
