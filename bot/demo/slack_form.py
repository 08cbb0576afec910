"""A form of Slack's, asked field by field. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from bot.testing.slack.render import label, lines, options
from bot.testing.slack.things import Json, View

Secret = Callable[[Json], bool]
"""Whether nobody should see what is typed into a block's field."""
HOW: Final = "(answer field by field; an empty line leaves out what may be left out; /cancel closes the form)"
_SEVERAL: Final = ("checkboxes", "multi_static_select", "multi_external_select")


class Field(NamedTuple):
    """One field of a form. `given`: what is in it already."""

    name: str
    label: str
    hint: str
    options: tuple[str, ...]
    several: bool
    optional: bool
    secret: bool
    given: str


def fields(view: View, secret: Secret) -> list[Field]:
    """What a form asks for, in order."""
    return [_field(block, secret(block)) for block in view.blocks if block["type"] == "input"]


def _field(block: Json, secret: bool) -> Field:  # noqa: FBT001  (the one thing that the block does not say)
    element = block["element"]
    return Field(
        name=block["block_id"],
        label=block["label"]["text"],
        hint=block.get("hint", {}).get("text", ""),
        options=tuple(label(one) for one in options(element)),
        several=element["type"] in _SEVERAL,
        optional=bool(block.get("optional")),
        secret=secret,
        given=_given(element),
    )


def _given(element: Json) -> str:
    for part, value in element.items():
        if part.startswith("initial_"):
            found = value if isinstance(value, list) else [value]
            return ", ".join(label(one) if isinstance(one, dict) else str(one) for one in found)
    return ""


class Filling:
    """A form while somebody fills it in. `wants`: the field that is asked for now; None: it can
    be sent, with `values`."""

    def __init__(self, view: View, secret: Secret) -> None:
        self.view, self.values, self._hash = view, dict[str, Any](), view.hash
        self._fields = fields(view, secret)
        self._left = [*self._fields]

    def shows(self, view: View) -> bool:
        """Whether this is that form, unchanged."""
        return view is self.view and view.hash == self._hash

    @property
    def wants(self) -> Field | None:
        """See above."""
        return self._left[0] if self._left else None

    def opening(self, name_of: Callable[[str], str]) -> list[str]:
        """What the form says before it asks."""
        title = self.view.body.get("title", {}).get("text", "")
        said = [line for block in self.view.blocks if block["type"] != "input"
                for line in lines([block], name_of)]  # fmt: skip
        return [f"= {title} =", *said, *([HOW] if self._fields else [])]

    def question(self) -> list[str]:
        """The field that is asked for."""
        field = self.wants
        if field is None:
            return []
        rest = [f"({field.hint})"] if field.hint else []
        rest += [f"[{field.given}]"] if field.given and not field.secret else []
        choices = [f"  [{number}] {one}" for number, one in enumerate(field.options, 1)]
        return [" ".join([f"{field.label}:", *rest]), *choices]

    def take(self, line: str) -> str:
        """What is typed into the field; what is wrong with it, or empty, and then the next is
        asked for."""
        field, text = self._left[0], line.strip()
        if not text:
            if not (field.optional or field.given):
                return f"“{field.label}” must be filled in."
        elif field.options:
            picked = [*_picked(field, text)]
            if not all(picked):
                return "Choose by number or by name."
            self.values[field.name] = picked if field.several else picked[0]
        else:
            self.values[field.name] = text
        self._left.pop(0)
        return ""

    def again(self, wrong: Mapping[str, str]) -> None:
        """The form was not taken: ask once more for what is wrong; for everything, where nobody
        can say what."""
        self._left = [field for field in self._fields if field.name in wrong] or [*self._fields]

    def said(self, wrong: Mapping[str, str]) -> list[str]:
        """The complaints."""
        names = {field.name: field.label for field in self._fields}
        return [f"! {names[name]}: {text}" if name in names else f"! {text}" for name, text in wrong.items()]


def _picked(field: Field, text: str) -> Iterator[str]:
    for word in [part.strip() for part in text.split(",")] if field.several else [text]:
        yield _one(field.options, word)


def _one(known: Sequence[str], word: str) -> str:
    spelled = next((one for one in known if one.casefold() == word.casefold()), "")
    if spelled:
        return spelled
    return known[int(word) - 1] if word.isdecimal() and 0 < int(word) <= len(known) else ""
