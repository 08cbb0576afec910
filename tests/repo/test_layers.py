"""The import contracts know every part of the house."""

from __future__ import annotations

import re
import tomllib

from tests.repo import tree

LINTER = tomllib.loads((tree.ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
CONTRACTS = {contract["id"]: contract for contract in LINTER["contracts"]}


def test_every_part_of_the_bot_room_has_its_layer() -> None:
    placed = {name for layer in CONTRACTS["rooms"]["layers"] for name in re.findall(r"[\w.]+", layer)}
    parts = {
        f"bot.{path.relative_to(tree.ROOT / 'bot').parts[0]}".removesuffix(".py")
        for path in tree.modules("bot")
    }
    assert parts - {"bot.__init__"} - placed == set()


def test_every_adapter_but_slacks_own_is_kept_from_slacks_library() -> None:
    adapters = {
        f"adapters.{path.parent.name}" for path in tree.modules("adapters") if path.name == "__init__.py"
    }
    kept = set(CONTRACTS["platforms"]["source_modules"])
    assert adapters - {"adapters.adapters", "adapters.slack"} <= kept
