"""What a flow keeps to itself: the values of secret variables, wherever they turn up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from bot.masks import Mask, texts
from bot.rows import Run
from bot.runtime.wire import dump, load, load_state
from flows.documents import Runbook
from flows.events import Said
from flows.fields import MASK
from flows.flow import Flow
from flows.state import State
from flows.transcript import hushed
from flows.values import Json, Vars

HIDES_NOTHING = Mask()


def mask_of(flow: Flow, *states: State) -> Mask:
    """Masks what the secret variables of a flow hold in these states."""
    return Mask(_values(flow, states)) if flow.secret else HIDES_NOTHING


def _values(flow: Flow, states: tuple[State, ...]) -> Iterator[str]:
    for state in states:
        for held in (state.variables, state.filled):
            for name in flow.secret & held.keys():
                yield from texts(held[name])


def without_secrets(flow: Flow, state: State, said: Said, mask: Mask) -> Said:
    """What a person did, as it may be kept and shown."""
    said = hushed(flow, state, said)
    return msgspec.structs.replace(said, text=mask.text(said.text), values=mask.value(said.values))


def secret_inputs(runbook: Runbook, inputs: Vars, secrets: frozenset[str]) -> list[str]:
    """The values that a run must not show: of its secret inputs, and those that the flow
    which asks for it keeps secret and passes on."""
    own = (inputs.get(name) for name, field in runbook.inputs.items() if field.secret)
    hidden = {text for value in own for text in texts(value) if text}
    hidden |= {value for value in secrets if Mask((value,)).value(inputs) != inputs}
    return sorted(hidden)


def forgotten(flow: Flow, state: State, mask: Mask) -> State:
    """A state that is over, without the values of secrets."""
    variables: Vars = mask.value(state.variables)
    ended = state.ended
    if ended is not None:
        ended = msgspec.structs.replace(ended, message=mask.text(ended.message))
    return msgspec.structs.replace(
        state,
        variables=variables | dict.fromkeys(flow.secret & variables.keys(), MASK),
        results=mask.value(state.results),
        filled={},
        ended=ended,
    )


def shown_inputs(row: Run) -> Vars:
    """What a run was given, for people to look at."""
    given = load(row.inputs)
    secrets = frozenset(given.get("secrets", ()))
    inputs: Vars = Mask(secrets).value(given["inputs"])
    # one that is too short to be masked wherever it turns up is masked as a whole at least
    return {name: MASK if _within(value, secrets) else value for name, value in inputs.items()}


def _within(value: Json, secrets: frozenset[str]) -> bool:
    found = set(texts(value))
    return bool(found) and found <= secrets


def mask_of_run(row: Run, more: Iterable[str] = ()) -> Mask:
    """Masks what a run keeps to itself, and `more`."""
    return Mask([*load(row.inputs).get("secrets", ()), *more])


def closed(row: Run, flow: Flow, mask: Mask) -> Run:
    """The row of a run that is over: nobody needs the values of its secrets any more."""
    if not mask.values and not flow.secret:
        return row
    given = load(row.inputs)
    inputs: Vars = mask.value(given["inputs"])
    hidden = {name: MASK for name in flow.secret if inputs.get(name) not in (None, "")}
    return msgspec.structs.replace(
        row,
        inputs=dump({**given, "inputs": inputs | hidden, "secrets": []}),
        flow=dump(forgotten(flow, load_state(row.flow), mask)) if row.flow else "",
        message=mask.text(row.message),
    )
