"""What a flow keeps to itself: the values of secret variables, wherever they turn up."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from bot.masks import Mask, texts
from flows.documents import Runbook
from flows.fields import MASK
from flows.flow import Flow
from flows.state import State
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


def secret_inputs(runbook: Runbook, inputs: Vars, secrets: frozenset[str]) -> list[str]:
    """The values that a run must not show: of its secret inputs, and those that the flow
    which asks for it keeps secret and passes on."""
    own = (inputs.get(name) for name, field in runbook.inputs.items() if field.secret)
    hidden = {text for value in own for text in texts(value) if text}
    hidden |= {value for value in secrets if Mask((value,)).value(inputs) != inputs}
    return sorted(hidden)


def forgotten(flow: Flow, state: State, mask: Mask) -> State:
    """A state that is over, without the values of secrets."""
    over: Vars = msgspec.to_builtins(state)
    over |= {key: mask.value(over[key]) for key in ("variables", "results", "ended") if key in over}
    variables: Vars = over.get("variables", {})
    over["variables"] = variables | dict.fromkeys(flow.secret & variables.keys(), MASK)
    over.pop("filled", None)
    return msgspec.convert(over, State)


def without(inputs: Json, runbook: Runbook, mask: Mask) -> Json:
    """What a run was given, without the values of secrets: once it is over nobody needs them."""
    if not mask.values and not any(field.secret for field in runbook.inputs.values()):
        return inputs
    shown: Vars = mask.value(inputs["inputs"])
    secret = [name for name, field in runbook.inputs.items() if field.secret and shown.get(name)]
    return {**inputs, "inputs": shown | dict.fromkeys(secret, MASK), "secrets": []}
