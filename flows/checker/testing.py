"""Conversation tests: what they name is there."""

from __future__ import annotations

from flows.checker.view import Findings, did_you_mean
from flows.problems import Problem
from flows.project import Project
from flows.reading.nodes import Loc
from flows.source import Source
from flows.testfile import Case, TestFile


def check_test(document: TestFile, source: Source, project: Project) -> list[Problem]:
    """E106: profiles, connectors and runbooks that a file of tests names."""
    found = Findings(source)
    _profile(found, ("profile",), document.profile, project)
    for number, case in enumerate(document.cases):
        at = ("cases", number)
        if case.profile is not None:
            _profile(found, (*at, "profile"), case.profile, project)
        _stubs(found, (*at, "connectors"), case, project)
        for index, run in enumerate(case.expect.runs or ()):
            if run.runbook not in project.runbooks:
                hint = did_you_mean(run.runbook, project.runbooks)
                loc = (*at, "expect", "runs", index, "runbook")
                found.add("E106", loc, f"there is no runbook `{run.runbook}`", hint)
    return found.problems


def _profile(found: Findings, loc: Loc, id: str, project: Project) -> None:
    if id not in project.profiles:
        found.add("E106", loc, f"there is no chat profile `{id}`", did_you_mean(id, project.profiles))


def _stubs(found: Findings, loc: Loc, case: Case, project: Project) -> None:
    known = [f"{id}.{name}" for id, loaded in project.connectors.items() for name in loaded.document.methods]
    for name in case.connectors:
        if name not in known:
            found.add("E106", (*loc, name), f"there is no `{name}`", did_you_mean(name, known), key=True)
