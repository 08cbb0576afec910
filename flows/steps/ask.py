"""`ask`: the bot asks and waits for the person (chat)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from flows.durations import Duration
from flows.effects import Choice, Say, Timer
from flows.events import Event, Said
from flows.fields import BadValue, Variable
from flows.names import Name, VariableName
from flows.state import Awaiting, Meanwhile
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

    `timeout` counts from when the step was entered, whatever is answered in between.
    Without it the runtime's sweep of forgotten chats is the limit (promise 3): it sends the
    same `TimeCame`.
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

    def exits(self) -> tuple[Exit, ...]:
        chosen = tuple(Exit(f"option {o.label}", o.next or self.next) for o in self.options)
        plain = () if self.options else (Exit("answer", self.next),)
        limits = tuple(Exit(name, target, falls=False) for name, target in self.outcomes.items())
        return (*chosen, *plain, *limits)

    def keeps(self, exit: str) -> tuple[str, ...]:
        return (self.save,) if self.save and exit not in self.outcomes else ()

    def enter(self, at: At) -> Move:
        return self._ask(at, 0)

    def resume(self, at: At, event: Event) -> Move | None:
        return self._answer(at, event) if isinstance(event, Said) else Move(exit="timeout")

    def offers(self, said: Said) -> bool:
        return self.chosen(said) is not None

    def complaints(self, values: Mapping[str, Json], declared: Mapping[str, Variable]) -> dict[str, str]:
        """What is wrong with a form, by field; empty: it can be taken."""
        return {}

    def chosen(self, said: Said) -> Option | None:
        """The option that these words mean, if any. A number counts only where it is no
        option's own spelling, and a press never is a number."""
        if said.value is not None:
            return self._spellings.get(fold(said.value))
        word = fold(said.text)
        return self._spellings.get(word) or self._numbers.get(word)

    @cached_property
    def _spellings(self) -> dict[str, Option]:
        return {word: o for o in self.options for word in (fold(o.label), fold(o.sent))}

    @cached_property
    def _numbers(self) -> dict[str, Option]:
        return {str(number): option for number, option in enumerate(self.options, 1)}

    @cached_property
    def _choices(self) -> tuple[Choice, ...]:
        return tuple(Choice(label=o.label, value=o.sent) for o in self.options)

    def _answer(self, at: At, said: Said) -> Move:
        expected = at.declared.get(self.save or "")
        option = self.chosen(said)
        if option is not None:
            return Move(exit=f"option {option.label}", variables=self._kept(_typed(option.sent, expected)))
        if self.options:
            return self._retry(at, NOT_AN_OPTION)
        try:
            value = (expected or _ANYTHING).read(said.text)
        except BadValue as error:
            return self._retry(at, f"Sorry, {error}.")
        return Move(exit="answer", variables=self._kept(value))

    def _kept(self, value: Json) -> dict[str, Json]:
        return {self.save: value} if self.save else {}

    def _retry(self, at: At, reason: str) -> Move:
        tries = at.state.tries + 1
        return Move(exit="exhausted") if tries > self.retry.times else self._ask(at, tries, reason)

    def _ask(self, at: At, tries: int, reason: str = "") -> Move:
        missing: list[str] = []
        says: list[Say] = []
        if tries:
            sorry = (at.say(self.retry.say, missing) if self.retry.say else "") or reason
            says.append(Say(id=at.id(f"retry-{tries}"), text=sorry))
        text = at.say(self.ask, missing) or "?"
        visit = at.id()
        id = f"{visit}.{tries}" if tries else visit
        says.append(Say(id=id, text=text, prompt=visit, choices=self._choices))
        timeout = f"{visit}.timeout"
        timers = () if tries or self.timeout is None else (Timer(id=timeout, after=self.timeout),)
        return Move(
            effects=(*unresolved(at, missing, f"log-{tries}" if tries else "log"), *says, *timers),
            awaiting=Awaiting(id=visit, kind="answer"),
            meanwhile=Meanwhile(timers=(timeout,)),
            tries=tries,
        )


_ANYTHING = Variable()


def _typed(sent: str, expected: Variable | None) -> Json:
    """An option's value in the type of its variable; as it is where it does not fit, so that
    an author's slip cannot make a question that nobody can answer."""
    try:
        return expected.read(sent) if expected else sent
    except BadValue:
        return sent


def fold(text: str) -> str:
    """How answers are compared: case and surrounding space do not count, look-alikes do."""
    return text.strip().casefold()
