"""Steps that execute a runbook: what they name, give, wait for, and who may come there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flows.checker.inputs import given
from flows.checker.paths import Paths
from flows.checker.steps import is_waited_for
from flows.checker.texts import asked
from flows.checker.view import Findings, Place, View, did_you_mean
from flows.documents import Profile, Runbook
from flows.durations import spoken
from flows.steps.branch import IfStep
from flows.steps.run import ChatRunbookStep, RunbookStep

LONG: Final = 60.0  # seconds that people may be kept waiting (the guide: "short runbooks")
SILENT: Final = 10.0  # seconds without a word


def steps(view: View) -> Iterator[tuple[Place, RunbookStep]]:
    """All steps that execute a runbook."""
    for place in view.places:
        if isinstance(place.step, RunbookStep):
            yield place, place.step


def bindings(view: View, found: Findings) -> None:
    """E106, E116, E111: the runbook, and what it is given (S10)."""
    for place, step in steps(view):
        at = (*place.loc, "runbook")
        if step.runbook not in view.files.names["runbook"]:
            names = view.files.names["runbook"]
            found.add("E106", at, f"there is no runbook `{step.runbook}`", did_you_mean(step.runbook, names))
        runbook = view.files.runbook(step.runbook)
        if runbook is None:
            continue
        if runbook.disabled:
            found.add(
                "E116", at, f"the runbook `{step.runbook}` is disabled", "enable it, or take the step out"
            )
        given(found, place, step.inputs, runbook)


def outcomes(view: View, found: Findings) -> None:
    """E107 (S12), W209: the ways on."""
    for place, step in steps(view):
        missing = [name for name in ("success", "failure") if name not in step.outcomes]
        if missing:
            said = " and ".join(f"`{name}`" for name in missing)
            hint = "write where the flow goes on"
            found.missing("E107", place, "outcomes", f"the outcome {said} leads nowhere", hint)
        _never(view, found, place, step)


def _never(view: View, found: Findings, place: Place, step: RunbookStep) -> None:
    waits, at = is_waited_for(view, step), (*place.loc, "outcomes")
    if waits and "started" in step.outcomes:
        hint = "write `mode: async`, or take it out"
        found.add("W209", (*at, "started"), "`started` never happens: this run is waited for", hint, key=True)
    instead = step.outcomes.get("started")
    if waits is False and instead is not None and step.outcomes.get("success", instead) != instead:
        message = "`success` never happens: this run goes on in the background, by `started`"
        found.add("W209", (*at, "success"), message, "lead both to the same step", key=True)


def waits(view: View, found: Findings) -> None:
    """W202, W206: what people wait for."""
    if not isinstance(view.document, Profile):
        return
    for place, step in steps(view):
        runbook = view.files.runbook(step.runbook)
        if runbook is None or not is_waited_for(view, step):
            continue
        patience = step.patience if isinstance(step, ChatRunbookStep) else None
        limit = runbook.limit if patience is None else min(patience, runbook.limit)
        at = (*place.loc, "runbook")
        if limit > LONG and view.document.audience != ("agents",):
            message = f"people may wait {spoken(limit)} for `{step.runbook}`"
            hint = "write `mode: async` or `wait_up_to:`, or shorten its `timeout`"
            found.add("W202", at, message, hint)
        if limit > SILENT and _is_silent(runbook):
            message = f"`{step.runbook}` may take {spoken(limit)} and says nothing meanwhile"
            found.add("W206", at, message, "add a `chat_message`, or shorten its `timeout`")


def _is_silent(runbook: Runbook) -> bool:
    """It may take time, and nothing in it speaks in the chat."""
    kinds = [step.KIND for step in runbook.steps]
    slow = any(step.WAITS or step.KIND in ("runbook", "for_each", "repeat") for step in runbook.steps)
    inside = [inner.KIND for step in runbook.steps for inner in step.body()]
    speaks = {"chat_message", "runbook"} & {*kinds, *inside}
    long_form = any(getattr(step, "call", "") == "chat.add_message" for step in runbook.steps)
    return slow and not speaks and not long_form


def audiences(view: View, paths: Paths, found: Findings) -> None:
    """W214: who may come to the step, and may not start the runbook (DECISIONS 14). A run's
    rights are those of the person who began, so it holds for nested runs too."""
    everyone: frozenset[str] = frozenset(view.document.audience)
    comes = paths.carried(everyone, _narrowed)
    for place, step in steps(view):
        runbook = view.files.runbook(step.runbook)
        if runbook is None or place.id not in comes:
            continue
        refused = [
            group for group in view.document.audience if group in comes[place.id] - set(runbook.audience)
        ]
        if refused:
            people = " and ".join({"anonymous": "anonymous people"}.get(group, group) for group in refused)
            message = f"{people} may come here and may not start `{step.runbook}`"
            hint = f"write `audience:` in runbooks/{step.runbook}.yaml, or ask chat.authenticated before"
            found.add("W214", (*place.loc, "runbook"), message, hint)


def _narrowed(place: Place, exit: str, people: frozenset[str]) -> frozenset[str] | None:
    """Who is left after a condition on who one is."""
    if not isinstance(place.step, IfStep):
        return people
    rows = [
        (test.row, _passing(test.row.field, test.row.operator, test.row.wanted.source))
        for test in asked(place)
    ]
    sieves = [passing for _, passing in rows if passing is not None]
    plain = set(place.step.condition.source).isdisjoint({"any", "not"})
    if not plain or not sieves:
        return people
    if exit == "then":
        left = people.intersection(*sieves)
    elif len(rows) == 1:
        left = people - sieves[0]
    else:
        return people
    return left or None


def _passing(field: str, operator: str, wanted: object) -> frozenset[str] | None:
    """The groups for which a row holds; None if it does not ask who one is."""
    everybody = frozenset({"anonymous", "authenticated", "agents"})
    if field in ("chat.authenticated", "CHAT_AUTHENTICATED") and operator in ("is", "is_not"):
        yes = (wanted in (True, "true")) == (operator == "is")
        return everybody - {"anonymous"} if yes else frozenset({"anonymous"})
    if field in ("chat.audience", "CHAT_AUDIENCE"):
        if operator in ("is", "one_of"):
            return everybody & set(wanted if isinstance(wanted, list) else [wanted])
        if operator in ("is_not", "none_of"):
            return everybody - set(wanted if isinstance(wanted, list) else [wanted])
    return None
