"""`end`: the flow is over."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from flows.effects import Effect, Finish, Say
from flows.steps.base import At, Exit, Move, Step
from flows.steps.say import unresolved
from flows.template import Template, Tree


class ChatEndStep(Step):
    """The chat ends, with a closing text."""

    KIND: ClassVar[str] = "end"
    TITLE: ClassVar[str] = "End"

    end: Template = Field(description="The bot's last words; may be empty")

    def exits(self) -> tuple[Exit, ...]:
        return ()

    def enter(self, at: At) -> Move:
        missing: list[str] = []
        text = at.say(self.end, missing)
        effects: tuple[Effect, ...] = unresolved(at, missing)
        if text:
            effects = (*effects, Say(id=at.id(), text=text))
        finish = Finish(id=at.id("end"), outcome="success")
        return Move(effects=(*effects, finish), ended=("success", text))


class RunbookEndStep(Step):
    """The run ends, with an outcome and a result message (S32–S34).

    An empty result is an empty result, not the previous run's (S34).
    """

    KIND: ClassVar[str] = "end"
    TITLE: ClassVar[str] = "End"

    end: Literal["success", "failure"] = Field(description="Decides the outcome that the chat takes")
    result: Template = Field(Template(""), description="The result message: $RUNBOOKRESULT in the chat")
    code: str = Field("", max_length=64, description="A word for conditions: $RUNBOOKCODE")
    data: Tree = Field(Tree(None), description="Structured data: ${results.RUNBOOK.data}")

    def exits(self) -> tuple[Exit, ...]:
        return ()

    def enter(self, at: At) -> Move:
        missing: list[str] = []
        message = at.say(self.result, missing)
        data = self.data.fill(at.scope, missing)
        finish = Finish(id=at.id("end"), outcome=self.end, message=message, code=self.code, data=data)
        return Move(effects=(*unresolved(at, missing), finish), ended=(self.end, message))
