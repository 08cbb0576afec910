"""What a start or a call is given, against what it needs."""

from __future__ import annotations

from collections.abc import Mapping

from flows.checker.view import Findings, Place, View, did_you_mean
from flows.connector import Connector
from flows.documents import Runbook
from flows.fields import BadValue, Input
from flows.steps.call import INTERNAL, CallStep
from flows.template import Tree

_INTERNAL_INPUTS = {"chat.add_message": frozenset({"chat_id", "text"})}


def given(found: Findings, place: Place, values: Mapping[str, Tree], runbook: Runbook) -> None:
    """E111: the inputs of a runbook, by name and, where they are written out, by value."""
    for name, tree in values.items():
        field = runbook.inputs.get(name)
        at = (*place.loc, "with", name)
        if field is None:
            hint = did_you_mean(name, runbook.inputs, _takes(runbook.inputs))
            found.add("E111", at, f"`{runbook.id}` has no input `{name}`", hint, key=True)
        elif not any(template.refs for template in tree.templates):
            _fits(found, place, name, field, tree)
    _complete(
        found,
        place,
        {name for name, field in runbook.inputs.items() if is_needed(field)},
        values,
        runbook.id,
    )


def calls(view: View, found: Findings) -> None:
    """E106, E111: connectors, their methods, and what those need."""
    for place in view.places:
        if not isinstance(place.step, CallStep):
            continue
        name, values = place.step.call, place.step.arguments
        if name in INTERNAL:
            needed = _INTERNAL_INPUTS.get(name, frozenset())
            _arguments(found, place, name, values, needed, needed)
        else:
            _method(view, found, place, name, values)


def schedule(view: View, found: Findings) -> None:
    """E111: a runbook that starts by itself is given nothing."""
    if not isinstance(view.document, Runbook) or view.document.schedule is None:
        return
    for name, field in view.document.inputs.items():
        if is_needed(field):
            hint = "give it a `default`, or do not require it"
            found.add(
                "E111", ("schedule",), f"a schedule gives no inputs, and `{name}` is required", hint, key=True
            )


def _method(view: View, found: Findings, place: Place, name: str, values: Mapping[str, Tree]) -> None:
    connector_id, method_id = name.split(".")
    at, names = (*place.loc, "call"), view.files.names["connector"]
    if connector_id not in names:
        hint = did_you_mean(name, [*INTERNAL, *(f"{known}.{method_id}" for known in names)])
        found.add("E106", at, f"there is no connector `{connector_id}`", hint)
        return
    loaded = view.files.connectors.get(connector_id)
    if loaded is None:
        return
    connector: Connector = loaded.document
    method = connector.methods.get(method_id)
    if method is None:
        hint = did_you_mean(method_id, connector.methods, f"it has {', '.join(list(connector.methods)[:10])}")
        found.add("E106", at, f"the connector `{connector_id}` has no method `{method_id}`", hint)
        return
    _arguments(found, place, name, values, method.inputs(), method.names())


def _arguments(
    found: Findings,
    place: Place,
    name: str,
    values: Mapping[str, Tree],
    needed: frozenset[str],
    known: frozenset[str],
) -> None:
    for key in values:
        if key not in known:
            hint = did_you_mean(key, known, _takes(known))
            found.add("E111", (*place.loc, "with", key), f"`{name}` has no use for `{key}`", hint, key=True)
    _complete(found, place, needed, values, name)


def _complete(
    found: Findings, place: Place, needed: set[str] | frozenset[str], values: Mapping[str, Tree], name: str
) -> None:
    missing = sorted(key for key in needed if key not in values or values[key].source in (None, ""))
    if missing:
        said = " and ".join(f"`{key}`" for key in missing[:5])
        example = ", ".join(f"{key}: …" for key in missing[:5])
        found.missing("E111", place, "with", f"`{name}` needs {said}", f"write with: {{{example}}}")


def _fits(found: Findings, place: Place, name: str, field: Input, tree: Tree) -> None:
    if tree.source in (None, ""):
        return  # as if it were not there
    try:
        field.read(tree.fill(_NOTHING, []))
    except BadValue as error:
        found.add("E111", (*place.loc, "with", name), f"`{name}` would be refused: {error}")


def is_needed(field: Input) -> bool:
    """Whether a start without it is refused."""
    return field.required and field.default is None


def _takes(names: Mapping[str, object] | frozenset[str]) -> str:
    return f"it takes {', '.join(sorted(names))}" if names else "it takes nothing"


class _Nothing:
    def lookup(self, path: str) -> None:
        return None


_NOTHING = _Nothing()
