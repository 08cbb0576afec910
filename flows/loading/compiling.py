"""A file's source → a definition, with everything about the file alone checked."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Final, Literal, TypeAlias

from flows.connector import Connector
from flows.documents import Document, Profile, Runbook
from flows.flow import Flow, listed, place
from flows.loading.loaded import Loaded
from flows.loading.structure import build
from flows.names import nearest
from flows.problems import Problem
from flows.reading.nodes import Entries, Loc
from flows.source import Source
from flows.steps.base import Step
from flows.webhook import Webhook

Kind: TypeAlias = Literal["chat-profile", "runbook", "connector", "webhook"]
MODELS: Final[dict[Kind, type[Document]]] = {
    "chat-profile": Profile,
    "runbook": Runbook,
    "connector": Connector,
    "webhook": Webhook,
}
FOLDERS: Final[dict[str, str]] = {
    "chat-profile": "profiles",
    "runbook": "runbooks",
    "connector": "connectors",
    "webhook": "webhooks",
}
OTHER_FOLDERS: Final = {"test": "tests"}

MAX_STEPS: Final = 500


def compiled(kind: Kind, id: str, source: Source) -> tuple[Loaded | None, list[Problem]]:
    """The definition, or all findings of the file alone. With findings of structure the
    definition is None; with a wrong id or doubled step it is there for further checks."""
    if source.root is None:
        return None, source.problems
    problems = [*source.problems, *_misplaced(kind, source)]
    if len(problems) > len(source.problems):
        return None, problems
    document, found = build(source, MODELS[kind])
    problems += found
    if document is None:
        return None, problems
    problems += _misnamed(id, source)
    flow = None
    if isinstance(document, Profile | Runbook):
        doubled = list(_doubled(document, source))
        problems += doubled
        flow = None if doubled else Flow(document, hash=hash_of(document, source.text))
    return Loaded(document, flow, source.text, hash_of(document, source.text), source.path, source), problems


def hash_of(document: Document, text: str) -> str:
    """Names a definition's content: its canonical model and its source text."""
    whole = f"{document.model_dump_json(by_alias=True)}\0{text}"
    return sha256(whole.encode()).hexdigest()[:32]


def step_places(steps: list[Step] | tuple[Step, ...], top: str) -> Iterator[Loc]:
    """Where each step stands in the file, in the order of `flows.flow.place`."""
    yield from _step_places(steps, (top,))


def _step_places(steps: list[Step] | tuple[Step, ...], at: Loc) -> Iterator[Loc]:
    for index, step in enumerate(steps):
        yield (*at, index)
        yield from _step_places(step.body(), (*at, index, "steps"))


def _misplaced(kind: Kind, source: Source) -> Iterator[Problem]:
    """A file of one kind in the folder of another."""
    assert isinstance(source.root, Entries)
    given: Any = source.value().get("kind")
    folders = FOLDERS | OTHER_FOLDERS
    if given != kind and given in folders:
        message = f"this is a {given}, in the folder of every {kind}"
        yield source.problem("E005", source.offset(("kind",)), message, f"move it to {folders[given]}/")


def _misnamed(id: str, source: Source) -> Iterator[Problem]:
    given = source.value().get("id")
    if given != id:
        message = f"the id `{given}` is not the file's name"
        hint = f"write `id: {id}`" if nearest(str(given), [id]) else f"write `id: {id}`, or rename the file"
        yield source.problem("E005", source.offset(("id",)), message, hint)


def _doubled(document: Profile | Runbook, source: Source) -> Iterator[Problem]:
    """Steps of one name; more steps than a flow may have."""
    steps = list(listed(document))
    first: dict[str, Loc] = {}
    for number, (node, loc) in enumerate(
        zip(place(steps), step_places(steps, loc_of_steps(document)), strict=True)
    ):
        if number == MAX_STEPS:
            hint = "make two flows of it"
            yield source.problem("E003", source.offset(loc), f"more than {MAX_STEPS} steps", hint)
        if node.id not in first:
            first[node.id] = loc
            continue
        given = node if node.step.id else None
        at = source.offset((*loc, "id")) if given else source.offset(loc)
        line, _ = source.place(source.offset(first[node.id]))
        yield source.problem(
            "E104", at, f"the step `{node.id}` is here twice", f"the first is in line {line}"
        )


def loc_of_steps(document: Profile | Runbook) -> str:
    """The key that holds a document's steps."""
    return "flow" if isinstance(document, Profile) else "steps"
