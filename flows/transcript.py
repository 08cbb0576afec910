"""How a person's own words stand in the transcript: a press by its label, a form in one line,
and a secret not at all. Pure."""

from __future__ import annotations

import msgspec

from flows.chat_policy import answers
from flows.events import Said
from flows.fields import MASK
from flows.flow import Flow
from flows.hearing import words_of
from flows.state import State
from flows.steps import form
from flows.steps.ask import AskStep
from flows.values import Vars


def heard(flow: Flow, state: State, said: Said) -> Said:
    """The same with words that may be shown where it has others: of a press or of a form.
    The words of a secret stay, for the flow must hear them; see `hushed`."""
    if said.values is not None:
        return msgspec.structs.replace(said, text=form.summary(said.values, flow.declared) or "…")
    asked = _asked(flow, state)
    if asked is not None and said.prompt is not None and answers(flow, state, said):
        option = asked.chosen(said)
        return msgspec.structs.replace(said, text=option.label) if option is not None else said
    return said if said.text.strip() else msgspec.structs.replace(said, text=words_of(said))


def hushed(flow: Flow, state: State, said: Said) -> Said:
    """`heard` without anything that is secret: what may be kept and shown."""
    said = heard(flow, state, said)
    if said.values is not None:
        return msgspec.structs.replace(said, values=_masked(flow, said.values))
    if not is_secret(flow, state, said):
        return said
    return msgspec.structs.replace(said, text=MASK, value=None if said.value is None else MASK)


def is_secret(flow: Flow, state: State, said: Said) -> bool:
    """Whether these words answer a question for something secret."""
    return asks_secret(flow, state) and answers(flow, state, said)


def asks_secret(flow: Flow, state: State) -> bool:
    """Whether what a person writes next would be the value of a secret variable."""
    asked = _asked(flow, state) if flow.secret else None
    return asked is not None and asked.awaits(state.filled, flow.declared) in flow.secret


def _masked(flow: Flow, values: Vars) -> Vars:
    return {
        name: MASK if name in flow.secret else value
        for name, value in values.items()
        if name in flow.declared
    }


def _asked(flow: Flow, state: State) -> AskStep | None:
    """The question at which a chat rests."""
    if state.awaiting is None or state.awaiting.kind != "answer" or state.step is None:
        return None
    step = flow.nodes[state.step].step
    return step if isinstance(step, AskStep) else None
