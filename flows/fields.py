"""Typed values that people give: the variables of a profile and the inputs of a runbook."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from flows.conditions import MAX_MATCHED, compile_pattern
from flows.values import Json, as_text

_YES = frozenset({"yes", "y", "true", "1", "on"})
_NO = frozenset({"no", "n", "false", "0", "off"})
MAX_TEXT = 8_000


class BadValue(ValueError):
    """A person's value does not fit; the message is for that person."""


class Variable(BaseModel):
    """What a value must look like. Checked when a person answers and when a run starts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["text", "integer", "number", "boolean", "date", "list", "object"] = "text"
    label: str = Field("", description="How forms and questions call it", max_length=200)
    description: str = Field("", max_length=1000)
    matches: str | None = Field(None, max_length=500, description="A pattern (RE2) that the whole text must match")
    one_of: list[str] | None = Field(None, min_length=1, description="The only values allowed")
    min: float | None = None
    max: float | None = None
    _pattern: Any = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        if self.matches is not None:
            if self.type != "text":
                raise ValueError("`matches` goes with type text")
            self._pattern = compile_pattern(f"^(?:{self.matches})$")
        if (self.min is not None or self.max is not None) and self.type not in ("integer", "number"):
            raise ValueError("`min` and `max` go with type integer or number")
        return self

    def read(self, value: Json) -> Json:
        """The value in its type. BadValue says what is wanted."""
        found = _READERS[self.type](value)
        if self.one_of is not None:
            found = self._chosen(as_text(found))
        if self._pattern is not None and not self._pattern.search(as_text(found)[:MAX_MATCHED]):
            raise BadValue(f"`{as_text(found)[:80]}` does not have the right form")
        if isinstance(found, int | float) and not isinstance(found, bool):
            self._in_range(found)
        return found

    def _chosen(self, text: str) -> str:
        for option in self.one_of or ():
            if option.casefold() == text.casefold():
                return option
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


def _text(value: Json) -> str:
    text = as_text(value).strip() if not isinstance(value, dict | list) else ""
    if not text:
        raise BadValue("it must not be empty")
    if len(text) > MAX_TEXT:
        raise BadValue(f"it must be shorter than {MAX_TEXT} characters")
    return text


def _integer(value: Json) -> int:
    try:
        number = int(as_text(value).strip()) if not isinstance(value, bool) else None
    except ValueError:
        number = None
    if number is None or abs(number) >= 2**53:
        raise BadValue("it must be a whole number")
    return number


def _decimal(value: Json) -> float:
    try:
        number = float(as_text(value).strip()) if not isinstance(value, bool) else float("nan")
    except ValueError:
        number = float("nan")
    if not abs(number) < 1e15:  # also refuses nan
        raise BadValue("it must be a number")
    return number


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


_READERS = {
    "text": _text,
    "integer": _integer,
    "number": _decimal,
    "boolean": _boolean,
    "date": _date,
    "list": _list,
    "object": _object,
}


def read_inputs(declared: dict[str, Input], given: dict[str, Json]) -> dict[str, Json]:
    """The inputs of a run, all in their types. BadValue names the first that does not fit."""
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise BadValue(f"there is no input `{unknown[0]}`")
    values: dict[str, Json] = {}
    for name, field in declared.items():
        value = given.get(name)
        if value is None or value == "":
            if field.default is None and field.required:
                raise BadValue(f"`{field.label or name}` is missing")
            values[name] = field.default
            continue
        try:
            values[name] = field.read(value)
        except BadValue as error:
            raise BadValue(f"`{field.label or name}`: {error}") from None
    return values
