"""A turn being taken: from step to step, until one waits or the flow ends. Pure.

Rule of this file: it knows no kind of step by name, and nothing of chats but that they end
politely where a run fails.
"""

from __future__ import annotations

from typing import Final

import msgspec

from flows.effects import Effect, Finish, Say, Timer
from flows.errors import FlowStuck
from flows.events import Event
from flows.flow import Flow, Node
from flows.outcomes import remember
from flows.state import Awaiting, Ended, Frame, Outcome, State, Turn
from flows.steps.base import At, Move
from flows.values import Vars
from flows.variables import Scope

LAP: Final = 100
"""A loop gives way after so many steps in a row, by a timer of no length: going over a long
list is no cycle, and must not hold up everybody else either."""

CLOSINGS: Final = {
    "timeout": "This chat was closed because nobody answered.",
    "exhausted": "I could not understand the answers, so I am closing this chat.",
}
"""What a chat says when it ends by an exit that leads nowhere."""


def resume(flow: Flow, state: State, event: Event, hops: int = 0) -> Turn:
    """Let the step at which the flow rests hear what it waited for."""
    node = flow.nodes[state.step or ""]
    walk = Walk(flow, state, hops)
    move = node.step.resume(walk.at(node), event)
    if move is None:
        return Turn(state=state)
    walk.go(walk.follow(node, move))
    return walk.turn()


class Walk:
    """A scratch copy of a state. `hops`: steps already taken since the last outside event."""

    __slots__ = (
        "asides", "awaiting", "background", "before", "effects", "ended", "filled", "flow", "frames", "hops",
        "meanwhile", "path", "reasons", "results", "step", "tries", "variables", "visits",
    )  # fmt: skip

    def __init__(self, flow: Flow, state: State, hops: int = 0) -> None:
        self.flow, self.before, self.hops = flow, state, hops
        self.step, self.visits, self.tries = state.step, state.visits, state.tries
        self.variables, self.results = state.variables, state.results
        self.awaiting, self.meanwhile = state.awaiting, state.meanwhile
        self.frames, self.background = state.frames, state.background
        self.asides, self.ended, self.filled = state.asides, state.ended, state.filled
        self.effects: list[Effect] = []
        self.path: list[str] = []
        self.reasons: dict[str, str] = {}

    def turn(self) -> Turn:
        """What came of it."""
        state = State(
            step=self.step,
            visits=self.visits,
            context=self.before.context,
            variables=self.variables,
            results=self.results,
            awaiting=self.awaiting,
            meanwhile=self.meanwhile,
            frames=self.frames,
            tries=self.tries,
            filled=self.filled,
            hops=self.hops,
            asides=self.asides,
            background=self.background,
            ended=self.ended,
        )
        return Turn(state=state, effects=tuple(self.effects), path=tuple(self.path), reasons=self.reasons)

    def go(self, target: str | None) -> None:
        """Enter a step, and on until one waits or the flow ends."""
        flow = self.flow
        while target is not None:
            if self.hops >= flow.most_hops:
                raise FlowStuck(flow.id, self.step or "", flow.most_hops)
            node = flow.nodes[target]
            self.frames = self.around(node)
            self.arrive(node)
            target = self.follow(node, node.step.enter(self.at(node)))

    def restart(self) -> None:
        """From the first step, with nothing collected; what runs brought is kept."""
        self.variables, self.frames, self.awaiting, self.meanwhile = {}, (), None, None
        self.hops = 0
        self.go(self.flow.start)

    def arrive(self, node: Node) -> None:
        """Be at a step: a new visit."""
        self.hops += 1
        self.step, self.visits = node.id, self.visits + 1
        self.path.append(node.id)

    def at(self, node: Node) -> At:
        """What a step is told when it is asked."""
        scope = Scope(self.variables, self.results, self.before.context)
        flow = self.flow
        return At(node.id, self.visits, self.before, scope, node.id in flow.read, flow.declared)

    def around(self, node: Node) -> tuple[Frame, ...]:
        """The frames of the loops that a step is in; whoever jumps out of a loop leaves it."""
        return tuple(frame for frame in self.frames if frame.step in node.loops) if self.frames else ()

    def follow(self, node: Node, move: Move) -> str | None:
        """Keep what a move brings; the next step, or None to rest."""
        if move.frame is not None:
            self.frames = (*self.around(node), move.frame)
        self.keep(node, move)
        self.awaiting, self.meanwhile = move.awaiting, move.meanwhile
        self.tries, self.filled = move.tries, move.filled
        if move.exit is not None:
            return self.leave(node, move)
        if move.frame is not None:
            return self.round(node)
        if move.ended is not None:
            self.end(node, *move.ended)
        return None

    def keep(self, node: Node, move: Move) -> None:
        """Take over effects and values."""
        self.effects += move.effects
        if move.background is not None and self.flow.kind == "chat":
            self.background = (*self.background, move.background)
        before = Scope(self.variables, self.results, self.before.context) if self.frames else None
        if move.variables:
            self.variables = self.variables | move.variables
        if move.result is not None:
            steps: Vars = self.results.get("steps", {}) | {node.id: move.result}
            self.results = self.results | {"steps": steps}
            if "because" in move.result:
                self.reasons[f"{node.id}.{self.visits}"] = move.result["because"]
        if move.ran is not None:
            self.results = remember(self.results, move.ran)
        if move.error is not None:
            self.results = self.results | {"error": move.error}
        if before is not None:
            self.pin(before)

    def pin(self, before: Scope) -> None:
        """Loops whose elements have just been replaced go on over those of before."""
        after = Scope(self.variables, self.results, self.before.context)
        self.frames = tuple(
            msgspec.structs.replace(frame, items=before.lookup(frame.source))
            if frame.source and frame.items is None
            and after.lookup(frame.source) is not before.lookup(frame.source)
            else frame
            for frame in self.frames
        )  # fmt: skip

    # --- loops ---------------------------------------------------------------------------

    def round(self, node: Node) -> str | None:
        """Walk the body of a loop once more: now, or after what the loop waits for."""
        if self.awaiting is not None:
            return None
        if self.hops >= LAP:
            timer = Timer(id=f"{node.id}.{self.visits}.lap", after=0.0)
            self.effects.append(timer)
            self.awaiting = Awaiting(id=timer.id, kind="time")
            return None
        return node.first

    def leave(self, node: Node, move: Move) -> str | None:
        """Go out by an exit; where it leads nowhere, the flow ends and says why."""
        way = move.exit or ""
        target = self.flow.target(node.id, way)
        if target is not None:
            return target
        if way == "failure" or (way == "timeout" and self.flow.kind == "runbook"):
            self.fail(node, move.error or "it failed")
        elif way in CLOSINGS:
            self.close(node, CLOSINGS[way])
        else:
            return self.fall(node)
        return None

    def fall(self, node: Node) -> str | None:
        """Off the end of a list: round the loop, or out of the flow."""
        if node.loops:
            loop = self.flow.nodes[node.loops[-1]]
            frame = next((frame for frame in self.frames if frame.step == loop.id), None)
            self.arrive(loop)
            if frame is not None:
                return self.follow(loop, loop.step.again(self.at(loop), frame))
            # Somebody jumped into the loop: walked once, it is over.
            return self.leave(loop, Move(exit=loop.step.exits()[0].name))
        if self.flow.kind == "chat":
            self.close(node, "")
        else:
            self.fail(node, "it ended without an End step")
        return None

    # --- ends ----------------------------------------------------------------------------

    def fail(self, node: Node, reason: str) -> None:
        """A failure with nowhere to go (H79)."""
        if self.flow.kind == "chat":
            self.close(node, reason)
            return
        message = f"Runbook failed: step {node.id}: {reason}"
        self.effects.append(Finish(id=f"{node.id}.{self.visits}.end", outcome="failure", message=message))
        self.end(node, "failure", message)

    def close(self, node: Node, text: str) -> None:
        """A chat ends without an End step."""
        id = f"{node.id}.{self.visits}"
        if text:
            self.effects.append(Say(id=f"{id}.close", text=text))
        self.effects.append(Finish(id=f"{id}.end", outcome="success"))
        self.end(node, "success", text)

    def end(self, node: Node, outcome: Outcome, message: str) -> None:
        """It is over: nothing is awaited, no loop goes on."""
        self.ended = Ended(step=node.id, outcome=outcome, message=message)
        self.awaiting, self.meanwhile, self.frames = None, None, ()
        self.tries, self.filled = 0, {}
