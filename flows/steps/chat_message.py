"""`chat_message`: a run speaks in the chat that started it."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from flows.effects import Note
from flows.steps.base import At, Move, Straight
from flows.steps.say import unresolved
from flows.template import Template


class ChatMessageStep(Straight):
    """*Add Live Chat Message*: shown before the next step begins; never waits (S21–S29).

    The chat is always the one that started the run, so there is no id to get wrong (S27).
    Without a chat nothing is posted and the step succeeds (DECISIONS 9).
    """

    KIND: ClassVar[str] = "chat_message"
    TITLE: ClassVar[str] = "Add Live Chat Message"

    chat_message: Template = Field(description="What is posted into the chat, filled when the step runs")

    def enter(self, at: At) -> Move:
        missing: list[str] = []
        text = at.say(self.chat_message, missing)
        effects = unresolved(at, missing)
        if text:
            effects = (*effects, Note(id=at.id(), text=text))
        return Move(exit="next", effects=effects)
