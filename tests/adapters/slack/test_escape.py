"""No value can mention, notify, mislead or turn the writing round."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from adapters.slack.blocks import pieces, plain, quoted, rich
from adapters.slack.escape import cut, elements, escape, fitted, shown, within
from adapters.slack.mrkdwn import readable, unescaped
from tests.adapters.slack.hostile import HOSTILE, TEXT
from tests.adapters.slack.strict import HIDDEN, check_blocks, check_words


@pytest.mark.parametrize("text", HOSTILE)
def test_no_value_is_a_token_of_slacks(text: str) -> None:
    """Threats 22 to 24: mentions and lying links through texts of people and of systems."""
    assert not re.search("[<>]", escape(text))
    check_words(escape(text))
    check_words(fitted(text, 300))
    check_blocks([rich(text), quoted(text), {"type": "header", "text": plain(text, 150)}])


@given(TEXT)
def test_escaped_text_reads_as_it_was(text: str) -> None:
    assert unescaped(escape(text)) == shown(text)
    assert readable(escape(text)) == shown(text).strip()[:40_000]


@given(TEXT)
def test_elements_say_what_was_written(text: str) -> None:
    assert "".join(one["text"] for one in elements(text)) == shown(text)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://a.test/x?y=1&z=2.", ["https://a.test/x?y=1&z=2"]),
        ("(https://a.test/x_(y))", ["https://a.test/x_(y)"]),
        ("https://a.test, HTTP://b.test!", ["https://a.test", "HTTP://b.test"]),
        ("<https://evil.test|https://bank.test>", ["https://evil.test", "https://bank.test"]),
        ("https://bank.test/\u202egnp.exe", ["https://bank.test/gnp.exe"]),
        ("ftp://a.test javascript:x mailto:a@b.test a.test", []),
        ("https://", []),
        ("https://...", []),
        ("https://" + "a" * 4_000, []),
    ],
)
def test_a_link_shows_where_it_leads(text: str, links: list[str]) -> None:
    found = [one for one in elements(text) if one["type"] == "link"]
    assert [one["url"] for one in found] == links
    assert all(one["text"] == one["url"] for one in found)


def test_marks_of_emphasis_come_out_as_typed() -> None:
    text = "*bold* _it_ ~no~ `code` ```x``` > y @here :smile:"
    assert elements(text) == [{"type": "text", "text": text}]


def test_what_cannot_be_seen_is_gone_and_emoji_stay() -> None:
    assert shown("a\0b\x1b\u202ec\u2069\ufeff") == "abc"
    assert shown("a\r\nb\rc\u2028d\te") == "a\nb\nc\nd\te"
    scotland = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
    for emoji in ("👩‍👩‍👧‍👦", "🇩🇪", "👍🏽", scotland, f"a{scotland}b{scotland}"):
        assert shown(emoji) == emoji
    assert shown("\U000e0041hidden\U000e007f") == "hidden"
    assert shown("אב\u200fג") == "אב\u200fג"


def test_half_a_character_is_none() -> None:
    assert escape("a\ud83c") == "a\ufffd"


@given(TEXT)
def test_what_is_cut_fits_and_halves_no_entity(text: str) -> None:
    for most in (1, 5, 24, 75):
        assert len(fitted(text, most)) <= most
        assert len(cut(text, most)) <= most
        check_words(fitted(text, most))


def test_a_cut_text_says_so() -> None:
    assert fitted("&" * 10, 12) == "&amp;&amp;…"
    assert fitted("&" * 10, 10) == "&amp;…"
    assert cut("abcdef", 4) == "abc…"
    assert cut("abcd", 4) == "abcd"


@given(TEXT)
def test_pieces_are_the_whole_but_for_spaces(text: str) -> None:
    found = list(pieces(text, 50))
    assert all(0 < len(piece) <= 50 for piece in found)
    assert "".join("".join(found).split()) == "".join(shown(text).split())
    assert not any(HIDDEN.search(piece) for piece in found)


def test_pieces_part_after_lines_and_words() -> None:
    assert list(pieces("aaaa bbbb\ncccc", 10)) == ["aaaa bbbb", "cccc"]
    assert list(pieces("aaaa bbbb cccc", 10)) == ["aaaa bbbb", "cccc"]
    assert list(pieces("x" * 25, 10)) == ["x" * 10, "x" * 10, "x" * 5]


@pytest.mark.parametrize("text", ["short", "ä" * 3_000, "a" * 3_998 + "&amp;", "👩🏽‍💻" * 500])
def test_an_edit_keeps_within_its_bytes_and_halves_no_entity(text: str) -> None:
    kept = within(text, 4_000)
    assert len(kept.encode()) <= 4_000
    assert kept == text or (kept.endswith("…") and "&" not in kept)
