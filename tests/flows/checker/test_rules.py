"""Every rule: what it finds, exactly where, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.checker import RULES
from flows.problems import render
from tests.flows.checker.cases import CASES, GOOD, Case
from tests.flows.marked import findings, places, write

TELLS_ENOUGH = {"E106", "E111", "E112", "E113"}
READING = {code for code in RULES if code.startswith("E0")}  # tests/flows/loader


def test_the_good_project_has_no_findings(tmp_path: Path) -> None:
    assert write(tmp_path, GOOD) == []
    assert places(findings(tmp_path)) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code} {case.name}")
def test_a_finding_stands_where_it_belongs_and_there_are_no_others(case: Case, tmp_path: Path) -> None:
    expected = write(tmp_path, {**GOOD, **case.files})
    found = findings(tmp_path)
    assert places(found) == expected, "\n".join(render(problem) for problem in found)
    for problem in found:
        assert problem.severity == RULES[problem.code].severity
        assert problem.excerpt, problem
        assert not problem.sentence.endswith((",", " ", ".")), problem
        assert problem.hint or problem.code in TELLS_ENOUGH, "it says what to do"


def test_every_rule_has_a_case_that_breaks_it() -> None:
    broken = {case.code for case in CASES if any("⟦" + case.code in text for text in case.files.values())}
    assert broken == set(RULES) - READING
