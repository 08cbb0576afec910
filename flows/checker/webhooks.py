"""Webhooks: the runbook that they start, what they give it, and whether they may."""

from __future__ import annotations

from flows.checker.inputs import is_needed
from flows.checker.view import Files, Findings, did_you_mean
from flows.loading.loaded import Loaded
from flows.problems import Problem
from flows.reading.nodes import Loc
from flows.webhook import Webhook, is_source


def check_webhook(loaded: Loaded[Webhook], files: Files) -> list[Problem]:
    """E105, E106, E111, E116, W214 of one file."""
    hook, found = loaded.document, Findings(loaded.origin)
    _condition(hook, found)
    names = files.names["runbook"]
    if hook.runbook not in names:
        message = f"there is no runbook `{hook.runbook}`"
        found.add("E106", ("runbook",), message, did_you_mean(hook.runbook, names))
    runbook = files.runbook(hook.runbook)
    if runbook is None:
        return found.problems
    if runbook.disabled:
        hint = "enable it, or take the webhook out"
        found.add("E116", ("runbook",), f"the runbook `{runbook.id}` is disabled", hint)
    if "agents" not in runbook.audience:
        message = f"a webhook counts as an agent, and agents may not start `{runbook.id}`"
        hint = f"write `audience: agents` in runbooks/{runbook.id}.yaml"
        found.add("W214", ("runbook",), message, hint)
    for name in hook.inputs:
        if name not in runbook.inputs:
            known = ", ".join(sorted(runbook.inputs))
            hints = did_you_mean(name, runbook.inputs, f"it takes {known}" if known else "it takes nothing")
            found.add("E111", ("inputs", name), f"`{runbook.id}` has no input `{name}`", hints, key=True)
    missing = [name for name, field in runbook.inputs.items() if is_needed(field) and name not in hook.inputs]
    if missing:
        said = " and ".join(f"`{name}`" for name in missing[:5])
        at: Loc = ("inputs",) if loaded.origin.find(("inputs",)) is not None else ("runbook",)
        hint = f"write inputs: {{{missing[0]}: body.…}}"
        found.add("E111", at, f"`{runbook.id}` needs {said}", hint, key=True)
    return found.problems


def _condition(hook: Webhook, found: Findings) -> None:
    """E105: a condition sees the request and nothing else."""
    if hook.only is None:
        return
    for row in hook.only.rows():
        wanted = [ref.path for template in row.wanted.templates for ref in template.refs]
        for path in (row.field, *wanted):
            if not is_source(path):
                hint = "write body.… or headers.…"
                found.add("E105", ("only",), f"there is no `{path}` in a request", hint, key=True)
