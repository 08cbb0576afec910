"""`ask`: the bot asks and waits for the person (chat)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import ClassVar, Final, Literal, Self

import msgspec
from pydantic import Field, field_validator, model_validator

from flows.durations import Duration
from flows.effects import Choice, Effect, Say, Timer
from flows.events import Event, Said
from flows.fields import BadValue, Variable
from flows.hearing import MAX_FILES, listed, words_of
from flows.names import Name, VariableName
from flows.state import Awaiting, Meanwhile
from flows.steps import form
from flows.steps.base import At, Exit, Move, Step
from flows.steps.option import Option, Retry, either_spelling
from flows.steps.say import unresolved
from flows.template import Template
from flows.values import Json, Vars

NOT_AN_OPTION: Final = "Please choose one of the options."


class AskStep(Step):
    """A question. Label, value and number of an option are all accepted (DECISIONS 10). With
    `fields` it is a form: people fill it in, or answer one field after the other in words.

    `timeout` counts from when the step was entered, whatever is answered in between.
    Without it the runtime's sweep of forgotten chats is the limit (promise 3): it sends the
    same `TimeCame`.
    """

    KIND: ClassVar[str] = "ask"
    TITLE: ClassVar[str] = "Question"
    WAITS: ClassVar[bool] = True
    BRINGS: ClassVar[frozenset[str]] = frozenset({"files"})

    ask: Template = Field(description="The question")
    options: list[Option] = Field(
        [],
        max_length=50,
        description="label: STEP, or a list of labels, or of {label, value, next}",
        json_schema_extra=either_spelling,
    )
    save: VariableName | None = Field(None, description="The variable that keeps the answer")
    fields: list[VariableName] = Field(
        [],
        max_length=form.MAX_FIELDS,
        description="Variables of the profile that are asked for together, as a form; each keeps its value",
    )
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

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        for name in ("options", "save"):
            if self.fields and getattr(self, name):
                raise ValueError(f"`{name}` and `fields` exclude each other")
        for name in self.fields:
            if self.fields.count(name) > 1:
                raise ValueError(f"`fields` has `{name}` twice")
        return self

    def exits(self) -> tuple[Exit, ...]:
        chosen = tuple(Exit(f"option {o.label}", o.next or self.next) for o in self.options)
        plain = () if self.options else (Exit("answer", self.next),)
        limits = tuple(Exit(name, target, falls=False) for name, target in self.outcomes.items())
        return (*chosen, *plain, *limits)

    def keeps(self, exit: str) -> tuple[str, ...]:
        kept = tuple(self.fields) or ((self.save,) if self.save else ())
        return () if exit in self.outcomes else kept

    def enter(self, at: At) -> Move:
        opened: Vars | None = {"files": []} if at.read else None
        return msgspec.structs.replace(self._ask(at, 0, {}), result=opened)

    def resume(self, at: At, event: Event) -> Move | None:
        if not isinstance(event, Said):
            return Move(exit="timeout")
        return msgspec.structs.replace(self._answer(at, event), result=_files(at, event))

    def offers(self, said: Said) -> bool:
        return self.chosen(said) is not None

    def together(self, declared: Mapping[str, Variable]) -> tuple[str, ...]:
        """The variables that a form asks for; none: it is a plain question. A secret is never
        asked for in the open."""
        if self.fields:
            return tuple(self.fields)
        secret = self.save and not self.options and declared.get(self.save, form.ANYTHING).secret
        return (self.save,) if self.save and secret else ()

    def awaits(self, filled: Mapping[str, Json], declared: Mapping[str, Variable]) -> str:
        """The variable that words will answer now; none if they are not kept."""
        left = (name for name in self.together(declared) if name not in filled)
        return next(left, self.save or "")

    def complaints(self, values: Mapping[str, Json], declared: Mapping[str, Variable]) -> dict[str, str]:
        """What is wrong with a form, by field; empty: it can be taken."""
        _, bad = form.read(self.together(declared), values, declared)
        return {name: f"{reason[:1].upper()}{reason[1:]}." for name, reason in bad.items()}

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
        if said.values is not None and self.together(at.declared):
            return self._all(at, said.values)
        if self.fields:
            return self._next(at, said)
        expected = at.declared.get(self.save or "")
        option = self.chosen(said)
        if option is not None:
            return Move(exit=f"option {option.label}", variables=self._kept(_typed(option.sent, expected)))
        if self.options:
            return self._retry(at, NOT_AN_OPTION)
        try:
            value = (expected or form.ANYTHING).read(words_of(said))
        except BadValue as error:
            return self._retry(at, f"Sorry, {error}.")
        return Move(exit="answer", variables=self._kept(value))

    def _kept(self, value: Json) -> Vars:
        return {self.save: value} if self.save else {}

    def _all(self, at: At, values: Vars) -> Move:
        """A form; what words have filled in before counts where it has nothing."""
        good, bad = form.read(self.together(at.declared), at.state.filled | values, at.declared)
        if bad:
            return self._retry(at, form.told(bad, at.declared), good)
        return Move(exit="answer", variables=good)

    def _next(self, at: At, said: Said) -> Move:
        """Words for the first field that has no value yet."""
        filled, tries = at.state.filled, at.state.tries
        name = self.awaits(filled, at.declared)
        good, bad = form.read((name,), {name: words_of(said)}, at.declared)
        if bad:
            return self._retry(at, f"Sorry, {bad[name]}.", filled, field=True)
        filled = filled | good
        if len(filled) == len(self.fields):
            return Move(exit="answer", variables=filled)
        return _rest(at, (self._field(at, tries, filled),), tries, filled)

    def _retry(self, at: At, reason: str, filled: Vars | None = None, *, field: bool = False) -> Move:
        """Ask again, everything or the one field; a form is told what is wrong with each."""
        tries = at.state.tries + 1
        if tries > self.retry.times:
            return Move(exit="exhausted")
        missing: list[str] = []
        own = at.say(self.retry.say, missing) if self.retry.say else ""
        named = f"{own} {reason}".strip() if filled is not None and not field else own or reason
        sorry = Say(id=at.id(f"retry-{tries}"), text=named)
        return self._ask(at, tries, filled or {}, (sorry,), missing, field=field)

    def _ask(
        self,
        at: At,
        tries: int,
        filled: Vars,
        before: tuple[Effect, ...] = (),
        missing: list[str] | None = None,
        *,
        field: bool = False,
    ) -> Move:
        missing = [] if missing is None else missing
        says = [] if field else [self._question(at, tries, missing)]
        if self.fields:
            says.append(self._field(at, tries, filled))
        timers = () if tries or self.timeout is None else (Timer(id=at.id("timeout"), after=self.timeout),)
        log = unresolved(at, missing, f"log-{tries}" if tries else "log")
        return _rest(at, (*log, *before, *says, *timers), tries, filled)

    def _question(self, at: At, tries: int, missing: list[str]) -> Say:
        return Say(
            id=at.id(str(tries)) if tries else at.id(),
            text=at.say(self.ask, missing) or "?",
            prompt=at.id(),
            choices=self._choices,
            form=form.fields(self.together(at.declared), at.declared),
        )

    def _field(self, at: At, tries: int, filled: Vars) -> Say:
        """For whoever sees no form: the first field that has no value yet."""
        name = self.awaits(filled, at.declared)
        return Say(id=at.id(f"{tries}.{name}"), text=form.question(name, at.declared), prompt=at.id())


def _rest(at: At, effects: tuple[Effect, ...], tries: int, filled: Vars) -> Move:
    """Wait for the answer, and listen to the time limit meanwhile."""
    return Move(
        effects=effects,
        awaiting=Awaiting(id=at.id(), kind="answer"),
        meanwhile=Meanwhile(timers=(at.id("timeout"),)),
        tries=tries,
        filled=filled,
    )


def _files(at: At, said: Said) -> Vars | None:
    """Everything sent along since the question was asked, wrong answers included."""
    if not at.read:
        return None
    before = at.state.results.get("steps", {}).get(at.step, {}).get("files", [])
    return {"files": [*before, *listed(said)][:MAX_FILES]}


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
