"""Every text and condition of a step, with its place: the rules do not know kinds of steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic import BaseModel

from flows.checker.view import Place
from flows.conditions import GROUPS, Condition, Row
from flows.documents import Profile
from flows.reading.nodes import Loc
from flows.source import Source
from flows.template import Ref, Template, Tree
from flows.values import Json


class Text(NamedTuple):
    """A text with variables."""

    loc: Loc
    template: Template

    def offset(self, source: Source, ref: Ref) -> int:
        """Where a variable stands in it."""
        braced = self.template.source.startswith("${", ref.at)
        token = ("${" if braced else "$") + ref.path
        return source.offset_in(self.loc, token, self.template.source.count(token, 0, ref.at))


class Asked(NamedTuple):
    """One row of a condition: `loc` leads to what is wanted, its parent is the field."""

    loc: Loc
    row: Row


def texts(place: Place) -> Iterator[Text]:
    """All texts of a step, those that conditions compare with included."""
    for part in _parts(place.step, place.loc):
        if isinstance(part, Text):
            yield part
        else:
            yield from (Text(part.loc, template) for template in part.row.wanted.templates)


def global_texts(profile: Profile) -> Iterator[Text]:
    """What the bot says to the global words."""
    return (part for part in _parts(profile.words, ("words",)) if isinstance(part, Text))


def asked(place: Place) -> Iterator[Asked]:
    """All rows of a step's conditions."""
    return (part for part in _parts(place.step, place.loc) if isinstance(part, Asked))


def _parts(value: Any, loc: Loc) -> Iterator[Text | Asked]:
    if isinstance(value, Tree):
        value = value.compiled
    if isinstance(value, Template):
        yield Text(loc, value)
    elif isinstance(value, Condition):
        rows = value.rows()
        yield from (Asked(at, next(rows)) for at in _row_places(value.source, loc))
    else:
        for key, inner in _inner(value):
            yield from _parts(inner, (*loc, key))


def _inner(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, BaseModel):
        fields = type(value).model_fields.items()
        # a loop's body has its own places
        yield from ((field.alias or name, getattr(value, name)) for name, field in fields if name != "steps")
    elif isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list | tuple):
        yield from enumerate(value)


def _row_places(source: Json, loc: Loc) -> Iterator[Loc]:
    """Where each row stands, in the order of `Condition.rows`."""
    for key, inner in source.items():
        if key not in GROUPS:
            yield from ((*loc, key, operator) for operator in inner if operator != "exact")
        elif isinstance(inner, list):
            for index, item in enumerate(inner):
                yield from _row_places(item, (*loc, key, index))
        else:
            yield from _row_places(inner, (*loc, key))
