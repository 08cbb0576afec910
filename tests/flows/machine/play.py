"""Flows from a few lines, and a player that proves replay at every event."""

from __future__ import annotations

from typing import Any

import msgspec

from flows.documents import Profile, Runbook
from flows.effects import Effect, Say
from flows.events import Event, RunAccepted, RunEnded, Said, Started, TimeCame
from flows.flow import Flow
from flows.machine import advance
from flows.state import State

CHAT = {
    "id": "c1",
    "profile": "helpdesk",
    "platform": "test",
    "authenticated": True,
    "user": {"id": "u1", "name": "Ann", "email": "ann@example.org"},
}

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(State).decode


def chat(*steps: dict[str, Any], **rest: Any) -> Flow:
    """A chat profile's flow."""
    given = {"kind": "chat-profile", "id": "helpdesk", "flow": list(steps)} | rest
    return Flow(Profile.model_validate(given))


def runbook(*steps: dict[str, Any], **rest: Any) -> Flow:
    """A runbook's flow."""
    given = {"kind": "runbook", "id": "unlock", "steps": list(steps)} | rest
    return Flow(Runbook.model_validate(given))


class Play:
    """Feeds events to a flow. Each one is also fed to the state as read back from JSON."""

    def __init__(self, flow: Flow, **variables: Any) -> None:
        context: dict[str, Any] = {"chat": CHAT}
        if flow.kind == "runbook":
            context["run"] = {"id": "r1", "runbook": flow.id}
        self.flow, self.state = flow, State(context=context, variables=variables)
        self.path: tuple[str, ...] = ()

    def feed(self, event: Event) -> list[Effect]:
        """What it led to; nothing means that nothing changed."""
        turn = advance(self.flow, self.state, event)
        again = advance(self.flow, _decode(_encode(self.state)), event)
        assert again == turn, "replay from the stored state differs"
        assert turn.effects or turn.path or turn.state is self.state or turn.state != self.state
        self.state, self.path = turn.state, turn.path
        return list(turn.effects)

    def start(self) -> list[Effect]:
        return self.feed(Started())

    def say(self, text: str) -> list[Effect]:
        return self.feed(Said(text=text))

    def press(self, prompt: str, value: str) -> list[Effect]:
        return self.feed(Said(text=value, prompt=prompt, value=value))

    def time(self, id: str, quiet: float = 0.0) -> list[Effect]:
        return self.feed(TimeCame(id=id, quiet=quiet))

    def accept(self, run: str = "r7", *, wait: bool = True, quiet: float = 0.0) -> list[Effect]:
        """The runtime's yes to the StartRun that is awaited."""
        return self.feed(RunAccepted(id=self.awaited, run=run, wait=wait, quiet=quiet))

    def end_run(
        self, id: str, message: str = "", outcome: str = "success", run: str = "r7", **rest: Any
    ) -> list[Effect]:
        assert outcome in ("success", "failure")
        return self.feed(
            RunEnded(
                id=id,
                run=run,
                runbook=rest.pop("runbook", "unlock"),
                outcome="success" if outcome == "success" else "failure",
                message=message,
                **rest,
            )
        )

    def ignores(self, event: Event) -> None:
        """The event changes nothing: the very same state, no effect, no step."""
        turn = advance(self.flow, self.state, event)
        assert turn.state is self.state
        assert (turn.effects, turn.path) == ((), ())

    @property
    def awaited(self) -> str:
        """The id of what is awaited; something must be."""
        assert self.state.awaiting is not None
        return self.state.awaiting.id

    @property
    def waits_for(self) -> str:
        """`KIND ID`, or nothing."""
        awaiting = self.state.awaiting
        return f"{awaiting.kind} {awaiting.id}" if awaiting else ""


def texts(effects: list[Effect]) -> list[str]:
    """Only what was said, in order."""
    return [effect.text for effect in effects if isinstance(effect, Say)]
