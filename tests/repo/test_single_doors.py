"""Things that exist once: the outgoing client, the transaction, the owner of tasks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.repo import tree


def _calls(name: str) -> Iterator[Path]:
    for path in tree.modules():
        for node in ast.walk(tree.parsed(path)):
            if isinstance(node, ast.Call):
                function = node.func
                called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
                if called == name:
                    yield path


def test_one_module_opens_outgoing_connections() -> None:
    """Threat: a second way out by-passes the address rules."""
    places = [tree.name(path) for path in _calls("ClientSession")]
    assert len(places) <= 1, places
    assert all(place.startswith("bot/connectors/") for place in places)


def test_one_function_opens_transactions() -> None:
    """A cancel inside Tortoise's transaction wedges the database for good."""
    places = [tree.name(path) for path in [*_calls("in_transaction"), *_calls("atomic")]]
    assert len(places) <= 1, places
    assert all(place.startswith("bot/storage/") for place in places)


def test_whoever_passes_a_ban_says_why() -> None:
    """`# noqa: TID251` alone hides the reason; `# noqa: TID251  (it owns them)` gives it."""
    bare = [
        f"{tree.name(path)}:{number}"
        for path in tree.modules()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(r"noqa:[^#]*\bTID251\b", line) and not re.search(r"TID251\b[^(#]*[(#—-]+ *\w+ \w+", line)
    ]
    assert bare == []
