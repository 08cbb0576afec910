"""docs/language.md says what the models say."""

from __future__ import annotations

import subprocess
import sys

from flows.checker import RULES
from flows.reference import reference
from flows.steps import CHAT_KINDS, RUNBOOK_KINDS
from tests.repo import tree

PAGE = tree.ROOT / "docs/language.md"


def test_the_reference_is_current() -> None:
    assert PAGE.read_text("utf-8") == reference(), "python -m flows.reference > docs/language.md"


def test_it_tells_every_kind_of_step_every_key_and_every_code() -> None:
    text = reference()
    for kind, step in {**CHAT_KINDS, **RUNBOOK_KINDS}.items():
        assert f"### `{kind}`: {step.TITLE}" in text
        for name, field in step.model_fields.items():
            assert f"| `{field.alias or name}` |" in text, (kind, name)
    for code in RULES:
        assert f"### {code}: " in text


def test_every_key_is_described() -> None:
    rows = [line for line in reference().splitlines() if line.startswith("| `") and line.count(" | ") == 3]
    bare = {line.split(" | ")[0].strip("| `") for line in rows if line.endswith(" |  |")}
    assert bare <= {"kind", "type", "auth"}, bare


def test_it_is_printed_by_its_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flows.reference"], capture_output=True, check=True, cwd=tree.ROOT
    )
    assert done.stdout.decode() == reference()
