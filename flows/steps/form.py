"""Forms: variables that one question asks for together. Pure.

A person gives all values at once, or, where the platform shows no form, one after the other
as words. Both are read by the same rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from flows.effects import Choice, FormField
from flows.fields import MASK, BadValue, Variable
from flows.values import Json, Vars, as_text

MAX_FIELDS: Final = 20
ANYTHING: Final = Variable()
"""What an undeclared variable must look like."""
_YES_OR_NO: Final = (Choice(label="Yes", value="yes"), Choice(label="No", value="no"))
_TYPES: Final[dict[str, Any]] = {kind: kind for kind in ("text", "integer", "number", "boolean", "date")}


def fields(names: Iterable[str], declared: Mapping[str, Variable]) -> tuple[FormField, ...]:
    """The fields of a form for these variables."""
    return tuple(_field(name, declared.get(name, ANYTHING)) for name in names)


def _field(name: str, variable: Variable) -> FormField:
    return FormField(
        name=name,
        label=variable.label or name,
        type=_TYPES.get(variable.type, "text"),
        options=_options(variable),
        secret=variable.secret,
        hint=variable.description,
    )


def _options(variable: Variable) -> tuple[Choice, ...]:
    if variable.one_of is not None:
        return tuple(Choice(label=option, value=option) for option in variable.one_of)
    return _YES_OR_NO if variable.type == "boolean" else ()


def label(name: str, declared: Mapping[str, Variable]) -> str:
    """How people know a variable."""
    return declared.get(name, ANYTHING).label or name


def question(name: str, declared: Mapping[str, Variable]) -> str:
    """The words that ask for one field: its label, and what may be chosen."""
    options = _options(declared.get(name, ANYTHING))
    words = label(name, declared).rstrip("?: ") + "?"
    return f"{words} ({', '.join(option.label for option in options)})" if options else words


def read(
    names: Iterable[str], values: Mapping[str, Json], declared: Mapping[str, Variable]
) -> tuple[Vars, dict[str, str]]:
    """What fits, in its type; and what is wrong, by name."""
    good: Vars = {}
    bad: dict[str, str] = {}
    for name in names:
        try:
            good[name] = declared.get(name, ANYTHING).read(values.get(name))
        except BadValue as error:
            bad[name] = str(error)
    return good, bad


def told(bad: Mapping[str, str], declared: Mapping[str, Variable]) -> str:
    """What is wrong with a form, each field by its label."""
    named = " ".join(f"{label(name, declared)}: {reason}." for name, reason in bad.items())
    return f"Sorry, something does not fit. {named}"


def summary(values: Mapping[str, Json], declared: Mapping[str, Variable]) -> str:
    """A filled-in form as a line of the transcript, secrets masked. What the flow knows
    nothing of is left out."""
    return " · ".join(_parts(values, declared))


def _parts(values: Mapping[str, Json], declared: Mapping[str, Variable]) -> Iterator[str]:
    for name, value in values.items():
        variable = declared.get(name)
        if variable is not None:
            yield f"{variable.label or name}: {MASK if variable.secret else as_text(value).strip()}"
