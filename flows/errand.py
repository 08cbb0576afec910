"""A chat about one runbook: ask for the inputs that are missing, execute it, show the result.

Written as the text of a profile, so that the machine, the store and the pictures know of
nothing new: such a chat is pinned and replayed like any other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from flows.documents import Runbook
from flows.fields import BadValue, Input
from flows.project import Loaded, compile_source
from flows.steps.form import MAX_FIELDS
from flows.values import Json, Vars

ON_ITS_WAY = "{name} is on its way. You will hear here how it ended."


def errand(runbook: Runbook, given: Vars) -> tuple[Loaded, Vars]:
    """The profile that executes `runbook`, and its first variables: `given`, read.

    Raises BadValue for a value that does not fit, or that belongs to no input.
    """
    values = dict(_read(runbook, given))
    missing = [name for name, field in runbook.inputs.items() if name not in values and _needed(field)]
    document = {
        "kind": "chat-profile",
        "id": runbook.id,
        "name": runbook.called[:100],
        "audience": list(runbook.audience),
        "variables": {name: _variable(field) for name, field in runbook.inputs.items()},
        "flow": [*_questions(runbook, missing), *_execution(runbook, [*values, *missing])],
    }
    return compile_source("chat-profile", runbook.id, json.dumps(document)), values


def _read(runbook: Runbook, given: Vars) -> Iterator[tuple[str, Json]]:
    for name, value in given.items():
        field = runbook.inputs.get(name)
        if field is None:
            known = ", ".join(f"`{known}`" for known in runbook.inputs) or "none"
            raise BadValue(f"{runbook.called} has no input `{name}`; it has: {known}")
        try:
            yield name, field.read(value)
        except BadValue as error:
            raise BadValue(f"{field.label or name}: {error}") from None


def _needed(field: Input) -> bool:
    return field.required and field.default in (None, "")


def _variable(field: Input) -> dict[str, Any]:
    shown = field.model_dump(mode="json", exclude_defaults=True)
    return {key: value for key, value in shown.items() if key not in ("required", "default")}


def _questions(runbook: Runbook, missing: list[str]) -> Iterator[dict[str, Any]]:
    """One input is asked for by its name; several, and what is secret, by a form."""
    if len(missing) == 1 and not runbook.inputs[missing[0]].secret:
        label = runbook.inputs[missing[0]].label or missing[0]
        yield {"ask": f"{_plain(label)}?".replace("??", "?"), "save": missing[0]}
        return
    for first in range(0, len(missing), MAX_FIELDS):
        asked = runbook.description.strip() or runbook.called
        yield {"ask": _plain(asked), "fields": missing[first : first + MAX_FIELDS]}


def _execution(runbook: Runbook, inputs: list[str]) -> Iterator[dict[str, Any]]:
    outcomes = {"success": "told", "failure": "told"}
    if runbook.method == "asynchronous":
        outcomes["started"] = "begun"
    yield {
        "id": "execute",
        "title": runbook.called[:200],
        "runbook": runbook.id,
        "with": {name: f"${{{name}}}" for name in inputs},
        "outcomes": outcomes,
    }
    yield {"id": "told", "end": "$RUNBOOKRESULT"}
    if runbook.method == "asynchronous":
        yield {"id": "begun", "end": ON_ITS_WAY.format(name=_plain(runbook.called))}


def _plain(text: str) -> str:
    """An author's label as a text in which nothing is filled in."""
    return text.replace("$", "$$")
