"""`ask`: the bot asks and waits for the person (chat)."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from flows.durations import Duration
from flows.effects import Choice, Effect, Say, Timer
from flows.events import Event, Said, TimeCame
from flows.fields import BadValue, Variable
from flows.names import Name, VariableName
from flows.state import Awaiting
from flows.steps.base import At, Exit, Move, Step
from flows.steps.say import unresolved
from flows.template import Template
from flows.values import Json

NOT_AN_OPTION = "Please choose one of the options."


class Option(BaseModel):
    """One answer to choose."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str = Field(min_length=1, max_length=75, description="What the button shows")
    value: str = Field("", max_length=200, description="What is saved; the label if left out")
    next: Name | None = Field(None, description="Where this answer leads; the next step if left out")

    @property
    def sent(self) -> str:
        """What a press sends and `save` keeps."""
        return self.value or self.label


def _either_spelling(schema: dict[str, Any]) -> None:
    """The editor's schema of `options`: a mapping, or a list of labels and options."""
    target = {"anyOf": [{"type": "string", "description": "A step's id"}, {"type": "null"}]}
    listed = {"type": "array", "maxItems": 50, "items": {"anyOf": [{"type": "string"}, schema.pop("items")]}}
    mapped = {"type": "object", "maxProperties": 50, "additionalProperties": target}
    for word in ("type", "maxItems"):
        schema.pop(word, None)
    schema["anyOf"] = [mapped, listed]


class Retry(BaseModel):
    """What happens when an answer does not fit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    times: int = Field(3, ge=0, le=100, description="Further tries; then the exit `exhausted`")
    say: Template | None = Field(None, description="Said before the question is asked again")


class AskStep(Step):
    """A question. Label, value and number of an option are all accepted (DECISIONS 10).

    Without `timeout` the runtime's sweep of forgotten chats is the limit (promise 3).
    """

    KIND: ClassVar[str] = "ask"
    TITLE: ClassVar[str] = "Question"
    WAITS: ClassVar[bool] = True

    ask: Template = Field(description="The question")
    options: list[Option] = Field(
        [],
        max_length=50,
        description="label: STEP, or a list of labels, or of {label, value, next}",
        json_schema_extra=_either_spelling,
    )
    save: VariableName | None = Field(None, description="The variable that keeps the answer")
    retry: Retry = Field(Retry(times=100), description="How often, and with which words, to ask again")
    timeout: Duration | None = Field(None, description="Leave by `timeout` when nobody answers for so long")
    next: Name | None = Field(None, description="Where an answer leads that says nothing else")
    outcomes: dict[Literal["timeout", "exhausted"], Name] = Field(
        {}, description="Left out, these end the chat with a line that says why"
    )
    _expects: Variable | None = PrivateAttr(default=None)

    @field_validator("options", mode="before")
    @classmethod
    def _spelled(cls, given: object) -> object:
        if isinstance(given, dict):
            return [{"label": label, "next": target} for label, target in given.items()]
        if isinstance(given, list):
            return [{"label": item} if isinstance(item, str) else item for item in given]
        return given

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        seen: set[str] = set()
        for option in self.options:
            for word in {fold(option.label), fold(option.sent)}:
                if word in seen:
                    raise ValueError(f"two options answer to `{option.label}`")
                seen.add(word)
        return self

    def expecting(self, variable: Variable | None) -> None:
        """Tell what the saved variable must look like; the flow does this once, at load."""
        self._expects = variable

    def exits(self) -> tuple[Exit, ...]:
        chosen = tuple(Exit(f"option {o.label}", o.next or self.next) for o in self.options)
        plain = () if self.options else (Exit("answer", self.next),)
        limits = tuple(Exit(name, target, falls=False) for name, target in self.outcomes.items())
        return (*chosen, *plain, *limits)

    def keeps(self, exit: str) -> tuple[str, ...]:
        return (self.save,) if self.save and exit not in self.outcomes else ()

    def enter(self, at: At) -> Move:
        return self._question(at, (), 0)

    def _question(self, at: At, before: tuple[Effect, ...], tries: int) -> Move:
        missing: list[str] = []
        text = at.say(self.ask, missing) or "?"
        id = at.id(str(tries)) if tries else at.id()
        choices = tuple(Choice(label=o.label, value=o.sent) for o in self.options)
        say = Say(id=id, text=text, prompt=at.id(), choices=choices)
        effects: tuple[Effect, ...] = (*unresolved(at, missing), *before, say)
        if not tries and self.timeout is not None:
            effects = (*effects, Timer(id=at.id("timeout"), after=self.timeout))
        return Move(effects=effects, awaiting=Awaiting(id=at.id(), kind="answer"), tries=tries)

    def resume(self, at: At, event: Event) -> Move | None:
        if isinstance(event, TimeCame) and event.id == at.id("timeout"):
            return Move(exit="timeout")
        if isinstance(event, Said):
            return self._answer(at, event)
        return None

    def chosen(self, said: Said) -> Option | None:
        """The option that these words mean, if any."""
        wanted = fold(said.value if said.value is not None else said.text)
        for number, option in enumerate(self.options, 1):
            if wanted in (fold(option.label), fold(option.sent), str(number)):
                return option
        return None

    def _answer(self, at: At, said: Said) -> Move:
        option = self.chosen(said)
        if option is not None:
            kept = {self.save: option.sent} if self.save else {}
            return Move(exit=f"option {option.label}", variables=kept)
        if self.options:
            return self._retry(at, NOT_AN_OPTION)
        try:
            value: Json = (self._expects or _ANYTHING).read(said.text)
        except BadValue as error:
            return self._retry(at, f"Sorry, {error}.")
        return Move(exit="answer", variables={self.save: value} if self.save else {})

    def _retry(self, at: At, reason: str) -> Move:
        tries = at.state.tries + 1
        if tries > self.retry.times:
            return Move(exit="exhausted")
        missing: list[str] = []
        text = (at.say(self.retry.say, missing) if self.retry.say else "") or reason
        sorry = Say(id=at.id(f"retry-{tries}"), text=text)
        return self._question(at, (*unresolved(at, missing), sorry), tries)


_ANYTHING = Variable()


def fold(text: str) -> str:
    """How answers are compared: case and surrounding space do not count, look-alikes do."""
    return text.strip().casefold()
