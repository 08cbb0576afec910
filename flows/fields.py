"""Typed values that people give: the variables of a profile and the inputs of a runbook."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import cached_property
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from flows.patterns import MAX_MATCHED, compile_pattern
from flows.values import Json, as_text

_YES = frozenset({"yes", "y", "true", "1", "on"})
_NO = frozenset({"no", "n", "false", "0", "off"})
MAX_TEXT = 8_000
MASK: Final = "•••"
"""What stands for a secret value wherever people look."""


class BadValue(ValueError):
    """A person's value does not fit; the message is for that person."""


class Variable(BaseModel):
    """What a value must look like. Checked when a person answers and when a run starts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["text", "integer", "number", "boolean", "date", "list", "object"] = Field(
        "text", description="Of the value"
    )
    label: str = Field("", description="How forms and questions call it", max_length=200)
    description: str = Field("", max_length=1000, description="What it is for")
    matches: str | None = Field(
        None, max_length=500, description="A pattern (RE2) that the whole text must match"
    )
    one_of: list[str] | None = Field(None, min_length=1, description="The only values allowed")
    min: float | None = Field(None, description="The smallest number allowed")
    max: float | None = Field(None, description="The largest number allowed")
    secret: bool = Field(False, description="Shown to nobody: masked in the chat, in traces and in results")

    @field_validator("matches")
    @classmethod
    def _is_pattern(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            compile_pattern(pattern)  # alone, so that an error shows what the author wrote
        return pattern

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        if self.matches is not None:
            if self.type != "text":
                raise ValueError("`matches` goes with type text")
            _ = self._pattern
        if (self.min is not None or self.max is not None) and self.type not in ("integer", "number"):
            raise ValueError("`min` and `max` go with type integer or number")
        return self

    @cached_property
    def _pattern(self) -> Any:
        return None if self.matches is None else compile_pattern(f"^(?:{self.matches})$")

    def read(self, value: Json) -> Json:
        """The value in its type. BadValue says what is wanted."""
        found = _READERS[self.type](value)
        if self.one_of is not None:
            found = self._chosen(found)
        pattern = self._pattern
        if pattern is not None and not (len(found) <= MAX_MATCHED and pattern.search(found)):
            given = "it" if self.secret else f"`{found[:80]}`"
            raise BadValue(f"{given} does not have the right form")
        if isinstance(found, int | float) and not isinstance(found, bool):
            self._in_range(found)
        return found

    def _chosen(self, found: Json) -> Json:
        text = as_text(found).casefold()
        for option in self.one_of or ():
            if option.casefold() == text:
                return option if self.type == "text" else found
        raise BadValue(f"choose one of: {', '.join(self.one_of or ())}")

    def _in_range(self, number: float) -> None:
        if self.min is not None and number < self.min:
            raise BadValue(f"it must be at least {as_text(self.min)}")
        if self.max is not None and number > self.max:
            raise BadValue(f"it must be at most {as_text(self.max)}")


class Input(Variable):
    """One input of a runbook."""

    required: bool = Field(False, description="A start without it is refused")
    default: Json = Field(None, description="Used when the start gives nothing")

    @model_validator(mode="after")
    def _default_fits(self) -> Self:
        if not _nothing(self.default):
            try:
                self.read(self.default)
            except BadValue as error:
                raise ValueError(f"the default does not fit: {error}") from None
        return self


def _text(value: Json) -> str:
    text = as_text(value).strip() if not isinstance(value, dict | list) else ""
    if not text:
        raise BadValue("it must not be empty")
    if len(text) > MAX_TEXT:
        raise BadValue(f"it must be shorter than {MAX_TEXT} characters")
    return text


_WHOLE = re.compile(r"[+-]?[0-9]{1,16}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,16}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})")


def _integer(value: Json) -> int:
    number = _spelled(value, _WHOLE)
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if not isinstance(number, int) or abs(number) >= 2**53:  # beyond, JSON readers round
        raise BadValue("it must be a whole number")
    return number


def _decimal(value: Json) -> float:
    number = _spelled(value, _DECIMAL)
    if number is None or not abs(number) < 1e15:  # also refuses nan
        raise BadValue("it must be a number")
    return float(number)


def _spelled(value: Json, spelling: re.Pattern[str]) -> int | float | None:
    """The number that a value is or spells, in plain digits."""
    if isinstance(value, str) and spelling.fullmatch(value.strip()):
        return int(value) if spelling is _WHOLE else float(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _boolean(value: Json) -> bool:
    word = as_text(value).strip().casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise BadValue("answer yes or no")


def _date(value: Json) -> str:
    try:
        return date.fromisoformat(as_text(value).strip()).isoformat()
    except ValueError:
        raise BadValue("write a date like 2026-11-23") from None


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise BadValue("it must be a list")
    return value


def _object(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise BadValue("it must be an object")
    return value


_READERS: Final[dict[str, Callable[[Json], Json]]] = {
    "text": _text,
    "integer": _integer,
    "number": _decimal,
    "boolean": _boolean,
    "date": _date,
    "list": _list,
    "object": _object,
}


def _nothing(value: Json) -> bool:
    return value is None or value == ""


def read_inputs(declared: dict[str, Input], given: dict[str, Json]) -> dict[str, Json]:
    """The inputs of a run, all in their types. BadValue names the first that does not fit."""
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise BadValue(f"there is no input `{unknown[0]}`")
    values: dict[str, Json] = {}
    for name, field in declared.items():
        value = given.get(name)
        if _nothing(value):
            if field.default is None and field.required:
                raise BadValue(f"`{field.label or name}` is missing")
            value = field.default
        if _nothing(value):
            values[name] = value
            continue
        try:
            values[name] = field.read(value)
        except BadValue as error:
            raise BadValue(f"`{field.label or name}`: {error}") from None
    return values
