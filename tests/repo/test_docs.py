"""The written record holds together: decisions are numbered and complete, threats name tests
that exist, no page links to nowhere."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.repo import tree

DECISIONS = sorted((tree.ROOT / "docs" / "decisions").glob("[0-9]*.md"))
THREATS = tree.ROOT / "docs" / "threats.md"


def test_decisions_are_numbered_without_gaps() -> None:
    assert [path.name[:4] for path in DECISIONS] == [f"{no:04}" for no in range(1, len(DECISIONS) + 1)]


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_says_why_and_what_follows(path: Path) -> None:
    text = path.read_text("utf-8")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert re.match(rf"# {int(path.name[:4])}\. \S.*\n\n(Accepted|Superseded by \d{{4}})\.\n", text)
    assert len(text.splitlines()) <= 70, "a decision is a page"


def test_every_test_that_a_threat_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", THREATS.read_text("utf-8"))
    missing = [f"{file}::{test}" for file, test in named if not _defines(tree.ROOT / file, test)]
    assert missing == []


def test_every_threat_has_a_defence_and_a_proof() -> None:
    rows = [line for line in THREATS.read_text("utf-8").splitlines() if re.match(r"\| [A-Z]\d+ ", line)]
    assert rows
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 6, row
        assert all(cells), row
    numbers = [row.split()[1] for row in rows]
    assert len(numbers) == len(set(numbers))


def test_links_between_pages_lead_somewhere() -> None:
    pages = [*tree.under("docs", suffix=".md"), *tree.ROOT.glob("*.md")]
    broken = [
        f"{tree.name(page)} → {target}"
        for page in pages
        for target in _links(page)
        if not (page.parent / target).exists()
    ]
    assert broken == []


def _links(page: Path) -> list[str]:
    """The files that a page links to; code is no link."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text("utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
    return [target for target in targets if "://" not in target and not target.startswith("mailto:")]


def _defines(path: Path, test: str) -> bool:
    if not path.is_file():
        return False
    return not test or any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == test
        for node in ast.walk(tree.parsed(path))
    )
