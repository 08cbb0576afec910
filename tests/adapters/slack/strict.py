"""What Slack takes, and what we promise on top: no value is ever markup.

The SDK's classes check the limits that Slack documents, the fake those that it found to be
so; the rest is checked here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from adapters.slack.blocks import Post
from bot.testing.slack.blocks import checked_message, checked_view

RAW = re.compile(r"[<>]|&(?!(?:amp|lt|gt);)")
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
RICH = {"rich_text", "rich_text_section", "rich_text_quote"}


def check_post(post: Post) -> None:
    """A message that Slack takes and that notifies nobody."""
    assert 0 < len(post.text) <= 40_000
    check_words(post.text)
    assert len(post.blocks) <= 50
    check_blocks(post.blocks)
    checked_message(post.blocks)
    assert sum(len(text) for text in texts(post.blocks)) <= 13_000
    if post.snippet:
        assert post.snippet.content
        post.snippet.content.encode()


def check_view(view: dict[str, Any]) -> None:
    """A view that Slack takes."""
    View(**view).to_dict()
    checked_view(view, kinds=("modal", "home"))
    assert 1 <= len(view["blocks"]) <= 100
    check_blocks(view["blocks"])
    if any(block["type"] == "input" for block in view["blocks"]):
        assert "submit" in view
    for part in ("title", "submit", "close"):
        if part in view:
            assert 1 <= len(view[part]["text"]) <= 24
    assert len(view.get("private_metadata", "")) <= 3_000
    assert len(view.get("callback_id", "")) <= 255


def check_blocks(blocks: list[dict[str, Any]]) -> None:
    """Limits of the SDK's classes, unique ids, and nothing that Slack would parse."""
    for block in blocks:
        parsed = Block.parse(block)
        assert parsed is not None, block
        parsed.to_dict()
        assert len(block.get("elements", ())) <= 25
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    assert len(ids) == len(set(ids))
    for found in walk(blocks):
        check_part(found)


def check_part(found: dict[str, Any]) -> None:
    """One object somewhere in blocks."""
    kind = found.get("type")
    assert kind != "mrkdwn", found
    if kind == "plain_text":
        assert found["text"].strip()
        check_words(found["text"])
    elif kind in ("text", "link"):
        assert found["text"]
        assert not HIDDEN.search(found["text"]), found
        if kind == "link":
            assert found["text"] == found["url"]
            assert re.match(r"https?://", found["url"], re.IGNORECASE)
            assert len(found["url"]) <= 3_000
    elif kind in ("plan", "task_card"):
        assert 1 <= len(found["title"]) <= 256
        check_words(found["title"])
    elif kind == "static_select":
        entries = [
            *found.get("options", ()),
            *(o for g in found.get("option_groups", ()) for o in g["options"]),
        ]
        assert 1 <= len(entries) <= 100
        assert len({one["value"] for one in entries}) == len(entries)
        assert all(1 <= len(one["value"]) <= 150 and 1 <= len(one["text"]["text"]) <= 75 for one in entries)
    elif kind == "actions":
        assert 1 <= len(found["elements"]) <= 25
        names = [one["action_id"] for one in found["elements"]]
        assert len(names) == len(set(names))
    elif kind == "rich_text":
        assert {one["type"] for one in found["elements"]} <= RICH
        assert all(part["elements"] for part in found["elements"])
        kinds = {one["type"] for part in found["elements"] for one in part["elements"]}
        assert kinds <= {"text", "link", "date"}, kinds


def check_words(text: str) -> None:
    """Escaped, and with nothing hidden."""
    assert not RAW.search(text), text[:200]
    assert not HIDDEN.search(text), text[:200]


def walk(found: Any) -> Iterator[dict[str, Any]]:
    """Every object in JSON."""
    if isinstance(found, dict):
        yield found
        for one in found.values():
            yield from walk(one)
    elif isinstance(found, list):
        for one in found:
            yield from walk(one)


def texts(found: Any) -> Iterator[str]:
    """Every text that Slack counts."""
    for part in walk(found):
        for name in ("text", "title", "details", "output", "description"):
            if isinstance(part.get(name), str):
                yield part[name]


def seen(found: Any) -> str:
    """What a person reads in blocks, one text after the other."""
    return "\n".join(texts(found)).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
