"""What people are asked for, and what must not be said back to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flows.checker.texts import Text, global_texts, texts
from flows.checker.view import Findings, Place, View, did_you_mean
from flows.documents import Profile
from flows.steps.ask import AskStep
from flows.steps.call import CallStep

_SAID: Final = frozenset({"say", "ask", "end", "chat_message"})
"""The kinds whose texts people read; what an End keeps as `data` is for programs."""
_NOT_WRITTEN: Final = {"list": "a list", "object": "an object"}


def fields(view: View, found: Findings) -> None:
    """E105, E112: the fields of a form are declared, and can be written by people."""
    if not isinstance(view.document, Profile):
        return
    declared = view.document.variables
    for place in view.of_kind(AskStep.KIND):
        for index, name in enumerate(place.step.fields if isinstance(place.step, AskStep) else ()):
            at = (*place.loc, "fields", index)
            variable = declared.get(name)
            if variable is None:
                hint = did_you_mean(name, declared, "declare it under `variables:`")
                found.add("E105", at, f"no variable `{name}` is declared", hint)
            elif variable.type in _NOT_WRITTEN:
                message = f"`{name}` is {_NOT_WRITTEN[variable.type]}, which nobody can write in a form"
                found.add("E112", at, message, "ask for texts or numbers, and `set` it of them")


def secrets(view: View, found: Findings) -> None:
    """W216: texts for people that name a secret."""
    document = view.document
    given = document.variables if isinstance(document, Profile) else document.inputs
    secret = {name for name, variable in given.items() if variable.secret}
    for text in _said(view) if secret else ():
        for ref in text.template.refs:
            if ref.path.partition(".")[0] in secret:
                message = f"`{ref.path}` is secret: people see ••• here"
                found.at("W216", text.offset(view.source, ref), message, "leave it out of the text")


def _said(view: View) -> Iterator[Text]:
    if isinstance(view.document, Profile):
        yield from global_texts(view.document)
    for place in view.places:
        if place.step.KIND in _SAID or _posts(place):
            yield from (text for text in texts(place) if "data" not in text.loc[len(place.loc) :])


def _posts(place: Place) -> bool:
    return isinstance(place.step, CallStep) and place.step.call == "chat.add_message"
