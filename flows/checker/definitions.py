"""What concerns a definition as a whole, or several of them."""

from __future__ import annotations

from flows.checker.runs import steps
from flows.checker.view import Findings, Place, View
from flows.documents import Runbook

MAX_NESTED = 5  # runs in one another (safety, section 8)


def promises(view: View, found: Findings) -> None:
    """W215: what a runbook says about itself."""
    if isinstance(view.document, Runbook) and view.document.destructive and not view.document.changes:
        message = f"`{view.document.id}` is destructive and says that it changes nothing"
        found.add("W215", ("destructive",), message, "write `changes: true`", key=True)


def nesting(view: View, found: Findings) -> None:
    """E117, W210: runbooks that start runbooks."""
    if not isinstance(view.document, Runbook):
        return
    for place, step in steps(view):
        chain = _longest(view, [view.document.id, step.runbook])
        if view.document.id in chain[1:]:
            circle = " → ".join(f"`{id}`" for id in chain[: chain.index(view.document.id, 1) + 1])
            message = f"runbooks start each other in a circle: {circle}"
            _tell(found, "W210", place, message, "make sure that a condition ends it")
        elif len(chain) > MAX_NESTED and len(set(chain)) == len(chain):
            message = f"{len(chain)} runbooks stand in one another, at most {MAX_NESTED} may"
            _tell(found, "E117", place, message, "start one of them from the chat")


def _tell(found: Findings, code: str, place: Place, message: str, hint: str) -> None:
    found.add(code, (*place.loc, "runbook"), message, hint)


def _longest(view: View, chain: list[str]) -> list[str]:
    """The longest chain of starts from here; it stops where a runbook comes again. Bounded:
    a chain that is too long already is not followed further."""
    if len(chain) > MAX_NESTED + 1 or chain[-1] in chain[:-1]:
        return chain
    runbook = view.files.runbook(chain[-1])
    if runbook is None:
        return chain
    inner = dict.fromkeys(
        step.runbook for outer in runbook.steps for step in (outer, *outer.body()) if hasattr(step, "runbook")
    )
    found = chain
    for id in list(inner)[:50]:
        longer = _longest(view, [*chain, id])
        back = chain[0] in longer[1:]
        if back:
            return longer
        found = max(found, longer, key=len)
    return found
