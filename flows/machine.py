"""The machine: `advance(flow, state, event)` says what an event leads to. Pure.

Rule of this file: it knows no kind of step by name, no clock, no database, no log. What
differs between a chat and a run is in the two policies at the end: a chat receives events
that nobody awaits (words while parked, a background end), a run does not.
"""

from __future__ import annotations

from typing import Final

import msgspec

from flows.effects import CancelRun, Effect, Finish, Say
from flows.documents import Profile
from flows.errors import FlowStuck
from flows.events import Event, RunAccepted, RunEnded, RunRefused, Said, Started
from flows.flow import Flow
from flows.state import Awaiting, Ended, Frame, State, Turn
from flows.steps.base import At, Move
from flows.values import Json
from flows.variables import Scope

MAX_HOPS: Final = 200  # steps in one turn; more is a cycle that never waits (D5)

ENDINGS: Final = {
    "timeout": "This chat was closed because nobody answered.",
    "exhausted": "I could not understand the answers, so I am closing this chat.",
}
WORKING = "I'm still working on it. You'll hear from me as soon as it is done."
STALE = "That question is no longer open."
NOTHING_TO_CANCEL = "There is nothing running that I could cancel."
BUSY = "Something is still running. Say “cancel” to stop it first."
CANCELLING = "I'm asking it to stop …"
HELP = "You can answer the question above, or say: {words}."


def advance(flow: Flow, state: State, event: Event) -> Turn:
    """What `event` leads to. The same arguments give the same turn, for ever.

    An event that answers nothing changes nothing: `turn.state is state`.
    Raises FlowStuck when more than `MAX_HOPS` steps follow without waiting.
    """
    if isinstance(event, Started):
        if state.step is not None or state.ended is not None:
            return Turn(state=state)
        walk = _Walk(flow, state)
        walk.enter(flow.start)
        return walk.turn()
    if state.ended is None and state.awaiting is not None:
        assert state.step is not None
        if not (flow.kind == "chat" and isinstance(event, Said)):
            move = _resume(flow, state, event)
            if move is not None:
                walk = _Walk(flow, state)
                walk.hear(event)
                walk.take(state.step, state.visits, move)
                return walk.turn()
    return _chat(flow, state, event) if flow.kind == "chat" else Turn(state=state)


def _resume(flow: Flow, state: State, event: Event) -> Move | None:
    assert state.step is not None
    at = At(state.step, state.visits, state, Scope.of(state))
    return flow.nodes[state.step].step.resume(at, event)


class _Walk:
    """One turn being taken: a scratch copy of the state."""

    def __init__(self, flow: Flow, state: State) -> None:
        self.flow, self.before = flow, state
        self.step, self.visits, self.tries = state.step, state.visits, state.tries
        self.variables, self.results = state.variables, state.results
        self.awaiting: Awaiting | None = state.awaiting
        self.frames: list[Frame] = list(state.frames)
        self.ended: Ended | None = state.ended
        self.effects: list[Effect] = []
        self.path: list[str] = []

    def turn(self) -> Turn:
        state = State(
            step=self.step,
            visits=self.visits,
            context=self.before.context,
            variables=self.variables,
            results=self.results,
            awaiting=self.awaiting,
            frames=tuple(self.frames),
            tries=self.tries,
            ended=self.ended,
        )
        return Turn(state=state, effects=tuple(self.effects), path=tuple(self.path))

    def hear(self, event: Event) -> None:
        """Remember what an event tells beside moving the flow."""
        if isinstance(event, RunEnded | RunRefused):
            self.remember(event)

    def remember(self, event: RunEnded | RunRefused) -> None:
        """`last` is the newest *finished* run (D3), `runs` has one entry a runbook."""
        if isinstance(event, RunEnded):
            outcome: dict[str, Json] = {
                "outcome": event.outcome,
                "message": event.message,
                "code": event.code,
                "data": event.data,
            }
        else:
            outcome = {"outcome": "failure", "message": event.reason, "code": "refused", "data": None}
        runs = self.results.get("runs", {}) | {event.runbook: outcome}
        self.results = self.results | {"last": outcome, "runs": runs}

    def enter(self, target: str) -> None:
        """Go to a step, and on until one waits or the flow ends."""
        hop: str | None = target
        for _ in range(MAX_HOPS):
            if hop is None:
                return
            node = self.flow.nodes[hop]
            self.frames = [frame for frame in self.frames if frame.step in node.loops]
            self.step, self.visits, self.tries = hop, self.visits + 1, 0
            self.path.append(hop)
            hop = self.follow(hop, node.step.enter(self.at(hop)))
        raise FlowStuck(self.flow.id, self.step or "", MAX_HOPS)

    def take(self, step: str, visit: int, move: Move) -> None:
        """Apply what a resumed step decided."""
        target = self.follow(step, move)
        if target is not None:
            self.enter(target)

    def at(self, step: str) -> At:
        scope = Scope(self.variables, self.results, self.before.context)
        return At(step, self.visits, self.before, scope)

    def follow(self, step: str, move: Move) -> str | None:
        """Keep what a move brings; the next step, or None to rest."""
        self.keep(step, move)
        if move.ended is not None:
            self.ended = Ended(step=step, outcome="success" if move.ended[0] == "success" else "failure", message=move.ended[1])
            self.awaiting, self.frames = None, []
            return None
        if move.frame is not None:
            return self.inside(step, move.frame)
        self.awaiting, self.tries = move.awaiting, move.tries
        return None if move.exit is None else self.leave(step, move)

    def keep(self, step: str, move: Move) -> None:
        self.effects += move.effects
        if move.variables:
            self.variables = self.variables | move.variables
        if move.result is not None:
            steps = self.results.get("steps", {}) | {step: move.result}
            self.results = self.results | {"steps": steps}
            if move.result.get("code") == "refused":
                self.remember(RunRefused(id="", runbook=move.result["runbook"], reason=move.result["message"]))
        if move.error is not None:
            self.results = self.results | {"error": move.error}

    def inside(self, step: str, frame: Frame) -> str:
        """Walk the body of a loop once more."""
        self.awaiting, self.tries = None, 0
        kept = [outer for outer in self.frames if outer.step in self.flow.nodes[step].loops]
        first = self.flow.nodes[step].first
        assert first is not None
        # the filter in `enter` drops frames of loops that the target is not in
        self.frames = [*kept, frame]
        return first

    def leave(self, step: str, move: Move) -> str | None:
        assert move.exit is not None
        target = self.flow.target(step, move.exit)
        if target is not None:
            return target
        if move.exit == "failure":
            return self.fail(step, move.error or "failure")
        if move.exit in ENDINGS:
            return self.close(step, ENDINGS[move.exit])
        return self.fall(step)

    def fall(self, step: str) -> str | None:
        """Off the end of a list: round the loop, or out of the flow."""
        loops = self.flow.nodes[step].loops
        if loops:
            frame = next(frame for frame in reversed(self.frames) if frame.step == loops[-1])
            return self.round(frame)
        if self.flow.kind == "chat":
            return self.close(step, "")
        return self.fail(step, "it ended without an End step")

    def round(self, frame: Frame) -> str | None:
        self.step, self.visits = frame.step, self.visits + 1
        self.path.append(frame.step)
        node = self.flow.nodes[frame.step]
        move = node.step.again(self.at(frame.step), frame)
        return self.follow(frame.step, move)

    def fail(self, step: str, reason: str) -> None:
        """A failure with nowhere to go (H79)."""
        if self.flow.kind == "chat":
            self.close(step, reason)
            return
        message = f"Runbook failed: step {step}: {reason}"
        self.effects.append(Finish(id=f"{step}.{self.visits}.end", outcome="failure", message=message))
        self.ended = Ended(step=step, outcome="failure", message=message)
        self.awaiting, self.frames = None, []

    def close(self, step: str, text: str) -> None:
        id = f"{step}.{self.visits}"
        if text:
            self.effects.append(Say(id=f"{id}.close", text=text))
        self.effects.append(Finish(id=f"{id}.end", outcome="success"))
        self.ended = Ended(step=step, outcome="success", message=text)
        self.awaiting, self.frames = None, []


# --- the chat's policy: events that nobody awaits ----------------------------------------


def _chat(flow: Flow, state: State, event: Event) -> Turn:
    if isinstance(event, RunEnded):
        return _background_end(flow, state, event)
    if isinstance(event, Said) and state.ended is None and state.awaiting is not None:
        return _words(flow, state, event, state.awaiting)
    return Turn(state=state)


def _background_end(flow: Flow, state: State, event: RunEnded) -> Turn:
    """A run that the chat does not wait for is final. It never moves the flow (D2, N1)."""
    walk = _Walk(flow, state)
    walk.remember(event)
    if event.announce:
        walk.effects.append(Say(id=f"run.{event.run}.end", text=event.announce))
    return walk.turn()


def _words(flow: Flow, state: State, said: Said, awaiting: Awaiting) -> Turn:
    """A person's words: an answer, a global word, or chatter while a run works."""
    assert isinstance(flow.document, Profile)
    if said.prompt is not None and (awaiting.kind != "answer" or said.prompt != awaiting.id):
        return _reply(state, f"stale.{said.prompt}.{state.visits}", STALE)
    step = flow.nodes[state.step or ""].step
    chosen = getattr(step, "chosen", None)
    meaning = flow.document.words.meaning(said.text) if said.prompt is None else None
    if awaiting.kind == "answer" and (meaning is None or (chosen is not None and chosen(said))):
        move = _resume(flow, state, said)
        if move is None:
            return Turn(state=state)
        walk = _Walk(flow, state)
        walk.take(state.step or "", state.visits, move)
        return walk.turn()
    id = f"{awaiting.id}.{meaning or 'words'}"
    if meaning == "help":
        return _reply(state, id, _help(flow, state))
    if meaning == "cancel":
        return _cancel(flow, state, id, awaiting)
    if meaning == "start_over":
        return _start_over(flow, state, id, awaiting)
    if awaiting.told:
        return Turn(state=state)
    told = msgspec.structs.replace(state, awaiting=msgspec.structs.replace(awaiting, told=True))
    return _reply(told, id, WORKING)


def _reply(state: State, id: str, text: str) -> Turn:
    return Turn(state=state, effects=(Say(id=id, text=text),))


def _help(flow: Flow, state: State) -> str:
    words = flow.document.words  # type: ignore[union-attr]
    if words.help and words.help.say is not None:
        return words.help.say.text(Scope.of(state), []).strip()
    known = [word.words[0] for word in (words.start_over, words.cancel) if word]
    return HELP.format(words=", ".join(known)) if known else "Please answer the question above."


def _cancel(flow: Flow, state: State, id: str, awaiting: Awaiting) -> Turn:
    if awaiting.run is None:
        return _reply(state, id, NOTHING_TO_CANCEL)
    word = flow.document.words.cancel  # type: ignore[union-attr]
    text = word.say.text(Scope.of(state), []).strip() if word and word.say else CANCELLING
    return Turn(state=state, effects=(Say(id=id, text=text), CancelRun(id=f"{id}.run", run=awaiting.run)))


def _start_over(flow: Flow, state: State, id: str, awaiting: Awaiting) -> Turn:
    """From the first step, with nothing collected; what runs brought is kept."""
    if awaiting.kind != "answer":
        return _reply(state, id, BUSY)
    walk = _Walk(flow, state)
    walk.variables, walk.frames, walk.awaiting = {}, [], None
    word = flow.document.words.start_over  # type: ignore[union-attr]
    if word and word.say:
        walk.effects.append(Say(id=id, text=word.say.text(Scope.of(state), []).strip()))
    walk.enter(flow.start)
    return walk.turn()


__all__ = ["MAX_HOPS", "RunAccepted", "advance"]
