"""Whose result is it? Follows through a flow which run may have ended last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

from flows.checker.paths import Paths
from flows.checker.steps import is_waited_for
from flows.checker.texts import asked, texts
from flows.checker.view import Findings, Place, View
from flows.steps.run import RunbookStep
from flows.variables import canonical

LAST: Final = frozenset({"last.message", "last.outcome", "last.code"})


class Fact(NamedTuple):
    """`end`: the run of `step` was the last to end, by `outcome`. `refused`: it could not be
    started. `begun`: it has only begun, in the background. `open`: it may end at any time.
    `waited`: something was waited for since the last end. `none`: no run has ended."""

    kind: str
    step: str = ""
    outcome: str = ""


Facts: TypeAlias = frozenset[Fact]


def facts(view: View, paths: Paths) -> dict[str, Facts]:
    """What may be so on entering each step."""
    return paths.carried(frozenset({Fact("none")}), _after(view))


def replaced(view: View, paths: Paths, found: Findings) -> None:
    """W213: a result that may be another run's (DECISIONS 6)."""
    here = facts(view, paths)
    for place in view.places:
        if place.id not in here:
            continue
        for test in asked(place):
            if canonical(test.row.field) in LAST:
                at = view.source.offset(test.loc[:-1], key=True)
                if not _begun(found, here[place.id], at):
                    _overwritten(view, found, here[place.id], at)
        for text in texts(place):
            for ref in text.template.refs:
                if canonical(ref.path) in LAST and not found.full:
                    _begun(found, here[place.id], text.offset(view.source, ref))


def _after(view: View) -> Callable[[Place, str, Facts], Facts | None]:
    def after(place: Place, exit: str, before: Facts) -> Facts | None:
        step = place.step
        if not isinstance(step, RunbookStep):
            since = frozenset(fact for fact in before if fact.kind != "begun")
            return since | {Fact("waited")} if step.WAITS else before
        waits = is_waited_for(view, step)
        opened = frozenset(fact for fact in before if fact.kind == "open")
        if waits and exit == "started":
            return None
        if exit in ("started", "still_running") or (exit == "success" and waits is False):
            return before - {Fact("waited")} | {Fact("begun", place.id), Fact("open", place.id)}
        if waits is False:
            return opened | {Fact("refused", place.id)}
        return opened | {Fact("end", place.id, exit)}

    return after


def _begun(found: Findings, here: Facts, at: int) -> bool:
    begun = sorted(fact.step for fact in here if fact.kind == "begun")
    if begun:
        message = f"the run of step `{begun[0]}` has only begun here, this is an older result or none"
        found.at("W213", at, message, "say it in your own words; the result comes by itself")
    return bool(begun)


def _overwritten(view: View, found: Findings, here: Facts, at: int) -> None:
    if {"end", "waited", "open"} <= {fact.kind for fact in here}:
        step = view.by_id[min(fact.step for fact in here if fact.kind == "open")].step
        runbook = step.runbook if isinstance(step, RunbookStep) else ""
        message = f"`{runbook}` runs in the background and may have replaced this result meanwhile"
        found.at("W213", at, message, "write results.RUNBOOK.message for the run you mean")
