"""Finds what is wrong between the steps and files of a project. Pure.

One module holds one group of rules; `flows.checker.rules` is the list of all codes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flows.checker import definitions, inputs, questions, results, runs, steps, variables, waiting, wording
from flows.checker.paths import Paths
from flows.checker.rules import RULES, Rule
from flows.checker.testing import check_test
from flows.checker.view import Definitions, Files, Findings, Known, View
from flows.checker.webhooks import check_webhook
from flows.problems import Problem

__all__ = ["RULES", "Rule", "check", "check_test"]

_BY_NAMES: Final[tuple[Callable[[View, Findings], None], ...]] = (
    steps.targets,
    variables.names,
    variables.known,
    questions.fields,
    questions.secrets,
    runs.bindings,
    runs.outcomes,
    runs.waits,
    waiting.addresses,
    waiting.patience,
    inputs.calls,
    inputs.schedule,
    definitions.promises,
    definitions.nesting,
)
_BY_WAYS: Final[tuple[Callable[[View, Paths, Findings], None], ...]] = (
    steps.endings,
    steps.reach,
    steps.circles,
    waiting.once,
    variables.early,
    runs.audiences,
    results.replaced,
    wording.conditions,
)


def check(found: Definitions, known: Known) -> list[Problem]:
    """All findings about definitions that could be read. `known` has the ids of all files,
    so that a name is not called unknown because its own file is broken."""
    files = Files(found["chat-profile"], found["runbook"], found["connector"], known)
    views = [View(loaded, files) for loaded in files.profiles.values()]
    views += [View(loaded, files) for loaded in files.runbooks.values()]
    problems = [problem for view in views for problem in _checked(view, Findings(view.source))]
    return problems + [
        one for hook in found.get("webhook", {}).values() for one in check_webhook(hook, files)
    ]


def _checked(view: View, found: Findings) -> list[Problem]:
    for rule in _BY_NAMES:
        rule(view, found)
    if view.whole:
        paths = Paths(view)
        for follow in _BY_WAYS:
            follow(view, paths, found)
    return found.problems
