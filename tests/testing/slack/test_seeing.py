"""Markup and blocks as a person sees them."""

from __future__ import annotations

from typing import Any

import pytest

from bot.testing.slack.markup import escaped, markdown_seen, pieces, seen, typed, unescaped
from bot.testing.slack.render import lines

NAMES = {"U1": "Ann", "C1": "desk"}


def name(id: str) -> str:
    return NAMES.get(id, id)


@pytest.mark.parametrize(
    ("markup", "what"),
    [
        ("*bold* and _slanted_ and ~gone~", "bold and slanted and gone"),
        ("a*b*c, snake_case_name, 2 * 3 * 4", "a*b*c, snake_case_name, 2 * 3 * 4"),
        ("**two stars**", "**two stars**"),
        ("`*code*` and ```_more_\nof it```", "*code* and _more_\nof it"),
        ("<@U1>, <@U2|eve>, <#C1>, <#C2|help>, <!here>", "@Ann, @eve, #desk, #help, @here"),
        ("<https://x.example|the page>, <https://y.example>", "the page, https://y.example"),
        ("<mailto:a@x.example|a@x.example>", "a@x.example"),
        ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
    ],
)
def test_mrkdwn(markup: str, what: str) -> None:
    assert seen(markup, name) == what


def test_what_people_type_is_shown_as_typed() -> None:
    words = "a *b* <c> & d@x.example, see https://x.example/?a=1&b=2 ok"
    arrived = typed(words)
    assert "<mailto:d@x.example|d@x.example>" in arrived
    assert "<https://x.example/?a=1&amp;b=2>" in arrived
    assert seen(arrived, name, marks=False) == words
    assert typed("<@U1> hello") == "<@U1> hello"
    assert unescaped(escaped("<&amp;>")) == "<&amp;>"


def test_typed_words_are_rich_text() -> None:
    found = pieces("<@U1> see <https://x.example/?a=1&amp;b|it> &lt;now&gt; <#C1> <!here>")
    assert found == [
        {"type": "user", "user_id": "U1"},
        {"type": "text", "text": " see "},
        {"type": "link", "url": "https://x.example/?a=1&b", "text": "it"},
        {"type": "text", "text": " <now> "},
        {"type": "channel", "channel_id": "C1"},
        {"type": "text", "text": " "},
        {"type": "broadcast", "range": "here"},
    ]


def test_markdown() -> None:
    text = "# Title\n**bold** and *slanted*, [a link](https://x.example), `code_a_b`"
    assert markdown_seen(text) == "Title\nbold and slanted, a link, code_a_b"


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def rich(*elements: dict[str, Any], kind: str = "rich_text_section") -> dict[str, Any]:
    return {"type": "rich_text", "elements": [{"type": kind, "elements": [*elements]}]}


def words(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({"type": "divider"}, ["---"]),
        ({"type": "image", "alt_text": "a cat"}, ["[a cat]"]),
        ({"type": "video", "alt_text": "a film"}, ["[a film]"]),
        (
            {"type": "section", "text": plain("*as is*"), "fields": [plain("a"), plain("b")]},
            ["*as is*", "a", "b"],
        ),
        ({"type": "context", "elements": [plain("a"), {"type": "image", "alt_text": "b"}]}, ["a  b"]),
        ({"type": "markdown", "text": "**a**\nb"}, ["a", "b"]),
        ({"type": "alert", "text": plain("careful")}, ["careful"]),
        (
            {"type": "table", "rows": [[plain("a"), rich(words("b"))], [plain("c"), plain("d")]]},
            ["a | b", "c | d"],
        ),
        ({"type": "something new"}, []),
        (
            rich(
                {"type": "user", "user_id": "U1"},
                words(" in "),
                {"type": "channel", "channel_id": "C1"},
                words(" "),
                {"type": "broadcast", "range": "here"},
                {"type": "emoji", "name": "tada"},
                {"type": "link", "url": "https://x.example"},
            ),
            ["@Ann in #desk @here:tada:https://x.example"],
        ),
        (
            rich(
                {"type": "rich_text_section", "elements": [words("a")]},
                {"type": "rich_text_section", "elements": [words("b")]},
                kind="rich_text_list",
            ),
            ["• a", "• b"],
        ),
        (
            {"type": "task_card", "title": "a", "status": "error", "output": rich(words("why"))},
            ["✗ a", "  why"],
        ),
    ],
)
def test_blocks(block: dict[str, Any], expected: list[str]) -> None:
    assert lines([block], name) == expected
