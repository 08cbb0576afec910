"""The README is true: its settings, the paths of its change map, its links."""

from __future__ import annotations

import re

import pytest

from bot.settings_table import written
from tests.repo import tree

README = tree.ROOT / "README.md"


def test_the_settings_are_those_of_the_code() -> None:
    text = README.read_text("utf-8")
    assert text == written(text), "run `make docs`"


def change_map() -> list[str]:
    text = (
        README.read_text("utf-8").partition("Where each kind of change goes:")[2].partition("`make` alone")[0]
    )
    named = re.findall(r"`((?:adapters|bot|flows|tests)/[\w./-]+)`", text)
    return [path for path in dict.fromkeys(named) if "NAME" not in path]


@pytest.mark.parametrize("path", change_map())
def test_the_change_map_names_what_exists(path: str) -> None:
    assert (tree.ROOT / path).exists()


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README.read_text("utf-8")))))
def test_a_link_leads_somewhere(link: str) -> None:
    assert (tree.ROOT / link).exists()
