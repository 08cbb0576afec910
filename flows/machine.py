"""The machine: `advance(flow, state, event)` says what an event leads to. Pure.

Rule of this file: no kind of step, no clock, no database, no log. One walker (`flows.walk`)
takes chats and runs alike; they differ in what they do with events that nobody awaits: a
chat hears words while it waits and the end of a background run (`flows.chat_policy`), a run
hears nothing.
"""

from __future__ import annotations

from flows.chat_policy import background_end, said
from flows.events import (
    CallAnswered,
    Called,
    Event,
    RunAccepted,
    RunEnded,
    RunRefused,
    Said,
    Started,
    TimeCame,
)
from flows.flow import MAX_HOPS, Flow
from flows.state import State, Turn
from flows.walk import Walk, resume


def advance(flow: Flow, state: State, event: Event) -> Turn:
    """What `event` leads to. The same arguments give the same turn, for ever.

    An event that answers nothing changes nothing: `turn.state is state`.
    Raises FlowStuck where a cycle of steps would never wait; then the event counts as not
    having happened.
    """
    match event:
        case Started():
            return _begin(flow, state)
        case Said():
            return said(flow, state, event) if flow.kind == "chat" else Turn(state=state)
        case _ if _awaited(state, event):
            return resume(flow, state, event, _hops(flow, state, event))
        case RunEnded() if flow.kind == "chat":
            return background_end(flow, state, event)
        case _:
            return Turn(state=state)


def _begin(flow: Flow, state: State) -> Turn:
    if state.step is not None or state.ended is not None:
        return Turn(state=state)
    walk = Walk(flow, state)
    walk.go(flow.start)
    return walk.turn()


def _awaited(state: State, event: Event) -> bool:
    """Whether the resting step waits for exactly this: the right kind, with the right id."""
    awaiting = state.awaiting
    if awaiting is None:
        return False
    match event:
        case TimeCame(id=id):
            if awaiting.kind == "time":
                return id == awaiting.id
            return state.meanwhile is not None and id in state.meanwhile.timers
        case CallAnswered(id=id):
            return awaiting.kind == "call" and id == awaiting.id
        case Called(step=step):
            return awaiting.kind == "callback" and step == state.step
        case RunAccepted(id=id) | RunRefused(id=id):
            return awaiting.kind == "start" and id == awaiting.id
        case RunEnded(id=id, run=run):
            return awaiting.kind == "run" and id == awaiting.id and run == awaiting.run
        case _:
            return False


def _hops(flow: Flow, state: State, event: Event) -> int:
    """How many steps in a row count already (D5). In a chat only a person's words break the
    row, else a run that fails at once could be started for ever; in a run everything does
    but the verdict on a start, which comes in the same turn."""
    if flow.kind == "chat" or isinstance(event, RunAccepted | RunRefused):
        return state.hops
    return 0


__all__ = ["MAX_HOPS", "advance"]
