"""Bytes to lines, with and without the keys of a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.terminal.editor import KEPT, Editor


def keyed(data: bytes) -> tuple[list[str], str]:
    editor = Editor(keys=True)
    return editor.feed(data), editor.typed


@pytest.mark.parametrize(
    ("keys", "typed"),
    [
        (b"abc\x7f", "ab"),
        (b"\x7f\x08a", "a"),
        (b"abc\x15d", "d"),
        (b"one two \x17", "one "),
        (b"one\x17", ""),
        (b"a\x1b[Ab\x1b[1;5Cc\x1bOPd", "abcd"),
        (b"a\tb\x01\x00c", "a bc"),
        ("e\u0301".encode() + b"\x7f", ""),
        ("ж€😀".encode() + b"\x7f", "ж€"),
        (b"ab\x04", "ab"),
    ],
)
def test_keys_mend_the_line(keys: bytes, typed: str) -> None:
    assert keyed(keys) == ([], typed)


def test_enter_ends_a_line_once() -> None:
    assert keyed(b"one\r\ntwo\nthree\r") == (["one", "two", "three"], "")


def test_a_paste_is_several_lines() -> None:
    assert keyed(b"one\ntwo\nthr") == (["one", "two"], "thr")


def test_ctrl_d_ends_only_an_empty_line() -> None:
    editor = Editor(keys=True)
    editor.feed(b"a\x04")
    assert not editor.ended
    editor.feed(b"\x7f\x04more")
    assert (editor.ended, editor.typed) == (True, "")


def test_a_pipe_has_no_keys() -> None:
    editor = Editor(keys=False)
    assert editor.feed(b"a\x7f\x15\x1b[A\x04\nlast") == ["a\x7f\x15\x1b[A\x04"]
    assert editor.feed(b"") == ["last"]
    assert editor.ended


def test_what_is_no_text_is_replaced() -> None:
    editor = Editor(keys=False)
    assert editor.feed(b"a\xff\xc3") == []
    assert editor.feed(b"") == ["a\ufffd\ufffd"]


def test_an_endless_line_is_not_kept() -> None:
    editor = Editor(keys=False)
    editor.feed(b"a" * (KEPT + 10))
    assert len(editor.typed) == KEPT


@given(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])), st.integers(1, 7))
def test_however_it_is_cut_a_line_is_the_same(text: str, size: int) -> None:
    data, editor, lines = f"{text}\r\n".encode(), Editor(keys=False), []
    for start in range(0, len(data), size):
        lines += editor.feed(data[start : start + size])
    assert lines == [text]


@given(st.binary(max_size=60))
def test_no_key_is_too_much(data: bytes) -> None:
    editor = Editor(keys=True)
    editor.feed(data)
    assert not set(editor.typed) & {"\x1b", "\n", "\r", "\x04", "\x7f"}
