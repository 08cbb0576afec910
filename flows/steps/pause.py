"""`pause`: wait for a while, at no cost (runbook)."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from flows.durations import Duration
from flows.effects import Timer
from flows.events import Event
from flows.state import Awaiting
from flows.steps.base import At, Move, Straight


class PauseStep(Straight):
    """Wait. Durable: it goes on after a restart (DECISIONS 22), and costs no thread."""

    KIND: ClassVar[str] = "pause"
    TITLE: ClassVar[str] = "Pause"
    WAITS: ClassVar[bool] = True

    pause: Duration = Field(description="How long, e.g. 30s")

    def enter(self, at: At) -> Move:
        timer = Timer(id=at.id(), after=self.pause)
        return Move(effects=(timer,), awaiting=Awaiting(id=timer.id, kind="time"))

    def resume(self, at: At, event: Event) -> Move | None:
        return Move(exit="next")
