"""`say`: the bot says something (chat)."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from flows.effects import Effect, Log, Say
from flows.steps.base import At, Move, Straight
from flows.template import Template


class SayStep(Straight):
    """The bot says something. S42: `$RUNBOOKRESULT` works inside surrounding text."""

    KIND: ClassVar[str] = "say"
    TITLE: ClassVar[str] = "Message"

    say: Template = Field(description="What the bot says; $NAME and ${path} are filled")

    def enter(self, at: At) -> Move:
        missing: list[str] = []
        text = at.say(self.say, missing)
        effects = unresolved(at, missing)
        if text:  # an empty message is not sent (DECISIONS 8)
            effects = (*effects, Say(id=at.id(), text=text))
        return Move(exit="next", effects=effects)


def unresolved(at: At, missing: list[str], name: str = "log") -> tuple[Effect, ...]:
    """One log line for the variables that had no value. Names, never values."""
    if not missing:
        return ()
    names = ", ".join(dict.fromkeys(missing))
    return (Log(id=at.id(name), message=f"no value for {names}: shown as empty text"),)
