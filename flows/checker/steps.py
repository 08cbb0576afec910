"""Steps and the ways between them."""

from __future__ import annotations

from typing import Final

from flows.checker.paths import Paths, enters_a_loop
from flows.checker.texts import asked
from flows.checker.view import Findings, Place, View, did_you_mean, exit_offset
from flows.steps.assign import SetStep
from flows.steps.branch import IfStep
from flows.steps.run import RunbookStep

_BROKEN_WAYS: Final = frozenset({"E103", "E107", "E114"})


def targets(view: View, found: Findings) -> None:
    """E103, E114: where ways lead."""
    for place in view.places:
        for exit in place.step.exits():
            if exit.target is None:
                continue
            at = exit_offset(view, place, exit.name, exit.target)
            to = view.by_id.get(exit.target)
            if to is None:
                known = [other.id for other in view.places if other.step.id is not None]
                hint = did_you_mean(exit.target, known, "name the step you mean with `id:`")
                found.at("E103", at, f"there is no step `{exit.target}`", hint)
            elif enters_a_loop(place, to):
                loop = next(id for id in to.node.loops if id not in place.node.loops)
                found.at(
                    "E114", at, f"`{exit.target}` is inside the loop `{loop}`", f"lead to `{loop}` instead"
                )


def endings(view: View, paths: Paths, found: Findings) -> None:
    """E108, W212: ways that lead nowhere."""
    told: set[str] = set()
    for place, exit in paths.off_the_end():
        if place.id in told:
            continue
        told.add(place.id)
        way = f"`{place.id}`" if exit in ("next", "answer") else f"`{place.id}` by `{exit}`"
        if view.kind == "runbook":
            hint = "write `end: success` or `end: failure` after it"
            found.add("E108", place.loc, f"the runbook falls off its end after {way}", hint)
        else:
            hint = "write `end:` with closing words after it, or lead it on by `next:`"
            found.add("W212", place.loc, f"the chat stops without a word after {way}", hint)


def reach(view: View, paths: Paths, found: Findings) -> None:
    """W201: steps without a way to them. Of several in a row the first is told. Where a way
    is broken, nobody knows what it was meant to reach."""
    if _BROKEN_WAYS & {problem.code for problem in found.problems}:
        return
    before_unreached = False
    for place in view.places:
        reached = place.id in paths.reached
        if not reached and not before_unreached:
            found.add(
                "W201", place.loc, f"the step `{place.id}` is never reached", "lead to it, or take it out"
            )
        before_unreached = not reached


def circles(view: View, paths: Paths, found: Findings) -> None:
    """E115: going round without waiting."""
    for group in paths.cycles(lambda place: not _waits(view, place)):
        places = [place for place in view.places if place.id in group]
        if _ends_itself(places):
            continue
        names = ", ".join(f"`{place.id}`" for place in places[:5])
        alone = len(places) == 1
        message = f"{names} leads to itself" if alone else f"{names} lead to each other"
        found.add("E115", places[0].loc, f"{message} and nothing waits", "put a question or a pause between")


def _waits(view: View, place: Place) -> bool:
    if not isinstance(place.step, RunbookStep):
        return place.step.WAITS
    return is_waited_for(view, place.step) is not False


def is_waited_for(view: View, step: RunbookStep) -> bool | None:
    """Whether the flow stands still until the run has ended; None if that is not known."""
    if step.later:
        return False
    if step.mode is not None:
        return step.mode == "wait"
    runbook = view.files.runbook(step.runbook)
    return None if runbook is None else runbook.method == "synchronous"


def _ends_itself(places: list[Place]) -> bool:
    """A circle that sets what its own condition asks goes round once or twice."""
    written = {name for place in places if isinstance(place.step, SetStep) for name in place.step.values}
    rows = [test.row for place in places if isinstance(place.step, IfStep) for test in asked(place)]
    return any(row.field.partition(".")[0] in written for row in rows)
