"""Steps that wait to be called back: can anybody, and will the run still be there?"""

from __future__ import annotations

from flows.checker.paths import Paths
from flows.checker.texts import texts
from flows.checker.variables import declared
from flows.checker.view import Findings, Place, View
from flows.documents import Runbook
from flows.durations import spoken
from flows.steps.wait_for import WaitForStep


def addresses(view: View, found: Findings) -> None:
    """E113, W216: the address is `${ID.url}`, and somebody has to be told it."""
    waits = _waits(view)
    told = _told(view) if waits else set()
    for place, _ in waits:
        at = (*place.loc, place.step.KIND)
        if place.step.id is None:
            hint = "its address is ${ID.url}, so it needs a name"
            found.add("E113", at, "`id` is missing", hint, key=True)
        elif f"{place.id}.url" not in told:
            message = f"nobody is told where to call: nothing names `{place.id}.url`"
            found.add("W216", at, message, f"give ${{{place.id}.url}} to a call before it", key=True)


def patience(view: View, found: Findings) -> None:
    """W217: the run's own limit."""
    for place, step in _waits(view):
        if isinstance(view.document, Runbook) and step.timeout >= view.document.limit:
            message = f"this waits up to {spoken(step.timeout)}, and the run ends after {spoken(view.document.limit)}"
            hint = "write a longer `timeout:` of the runbook, or a shorter one here"
            found.missing("W217", place, "timeout", message, hint)


def once(view: View, paths: Paths, found: Findings) -> None:
    """E119: an address works once, so its step is come to once."""
    again = {id for group in paths.cycles(lambda place: True) for id in group}
    for place, _ in _waits(view):
        if place.node.loops or place.id in again:
            where = f"inside the loop `{place.node.loops[-1]}`" if place.node.loops else "come to again"
            message = f"`{place.id}` is {where}, and its address works once"
            hint = "wait after it, or start a runbook that waits"
            found.add("E119", (*place.loc, place.step.KIND), message, hint, key=True)


def _waits(view: View) -> list[tuple[Place, WaitForStep]]:
    return [(place, place.step) for place in view.places if isinstance(place.step, WaitForStep)]


def _told(view: View) -> set[str]:
    """The paths that texts name. A variable of a step's name would be meant instead of its address."""
    mine = declared(view)
    named = {ref.path for place in view.places for text in texts(place) for ref in text.template.refs}
    return {path for path in named if path.partition(".")[0] not in mine}
