"""`cuebook validate` on broken copies of the example points at the right line and column."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from bot.cli import commands
from tests.flows.marked import unmarked
from tests.repo import tree

EXAMPLE = tree.ROOT / "flows/examples/it-helpdesk"


class Broken(NamedTuple):
    """One change in one file, with marks where the findings must stand."""

    name: str
    path: str
    old: str
    new: str


TEN = [
    Broken("a misspelt key", "profiles/it-helpdesk.yaml", "    save: login\n", "    ⟦E101⟧saev: login\n"),
    Broken("a misspelt kind of step", "runbooks/unlock-account.yaml", "  - chat_message: Looking", "  - ⟦E102⟧chat_mesage: Looking"),
    Broken("a way to no step", "profiles/it-helpdesk.yaml", "Rebuild my laptop: ask_asset", "Rebuild my laptop: ⟦E103⟧ask_aset"),
    Broken("a misspelt built-in name", "profiles/it-helpdesk.yaml", "    say: $RUNBOOKRESULT\n\n  - id: check_unlock",
           "    say: ⟦E105⟧$RUNBOKRESULT\n\n  - id: check_unlock"),
    Broken("an outcome that is not written", "profiles/it-helpdesk.yaml", "outcomes: {success: show_unlock, failure: show_unlock}",
           "⟦E107⟧outcomes: {success: show_unlock}"),
    Broken("an input that is not there", "profiles/it-helpdesk.yaml", "    with: {number: $order}", "    ⟦E111⟧with: {⟦E111⟧nr: $order}"),
    Broken("a method that the connector lacks", "runbooks/order-status.yaml", "call: helpdesk.get_order", "call: ⟦E106⟧helpdesk.get_ordre"),
    Broken("a tab", "connectors/helpdesk.yaml", "  unlock:\n    post", "  unlock:\n⟦E002⟧\tpost"),
    Broken("a runbook that falls off its end", "runbooks/rebuild-laptop.yaml",
           '  - id: not_started\n    end: failure\n    result: "', '  - ⟦E108⟧id: not_started\n    chat_message: "'),
    Broken("a condition on a word that no result has", "profiles/it-helpdesk.yaml", "{RUNBOOKRESULT: {contains: failed}}",
           "{RUNBOOKRESULT: {contains: ⟦W208⟧unsuccessful}}"),
]  # fmt: skip


@pytest.mark.parametrize("broken", TEN, ids=lambda broken: broken.name)
def test_a_broken_copy_of_the_example_is_pointed_at(broken: Broken, tmp_path: Path) -> None:
    root = tmp_path / "desk"
    shutil.copytree(EXAMPLE, root)
    file = root / broken.path
    text = file.read_text("utf-8")
    assert text.count(broken.old) == 1
    plain, marks = unmarked(text.replace(broken.old, broken.new))
    file.write_text(plain, "utf-8")
    result = CliRunner().invoke(
        commands(), ["validate", "--strict", "--project", str(root), "--format", "json"]
    )
    assert result.exit_code == 3, result.output
    found = [(p["path"], p["line"], p["col"], p["code"]) for p in json.loads(result.stdout)]
    assert found == sorted((broken.path, *mark) for mark in marks)


def test_there_are_ten() -> None:
    assert len(TEN) == 10
    assert len({broken.path for broken in TEN}) == 5
