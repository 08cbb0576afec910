"""pydantic's findings in an author's words: code, sentence, hint, and where to point."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from flows.loading.shapes import Shape
from flows.names import nearest
from flows.reading.composing import short
from flows.reading.nodes import Entries, Items, Loc, Node, Scalar
from flows.source import Source
from flows.steps import CHAT_KINDS, RUNBOOK_KINDS
from flows.values import as_text

NO_RETRY: Final = frozenset({"retry", "retries", "attempts", "max_attempts"})
SYNONYMS: Final = {
    "access": "audience", "choices": "options", "condition": "if", "delay": "pause", "goto": "next",
    "input": "inputs", "message": "say", "on_failure": "outcomes", "on_success": "outcomes",
    "otherwise": "else", "parameters": "with", "question": "ask", "sleep": "pause", "text": "say",
    "then": "next", "wait": "pause",
}  # fmt: skip
_NAMES: Final = {
    r"^[a-z][a-z0-9_-]{0,63}$": (
        "is not a name",
        "write lower-case letters, digits, - and _, beginning with a letter",
    ),
    r"^[a-z][a-z0-9_]{0,63}$": (
        "is not the name of a variable",
        "write lower-case letters, digits and _, beginning with a letter",
    ),
    r"^[a-z][a-z0-9_-]{0,63}\.[a-z][a-z0-9_-]{0,63}$": (
        "is not CONNECTOR.METHOD",
        "write one like directory.get_user",
    ),
    r"^([01]\d|2[0-3]):[0-5]\d$": ("is not a time of day", 'write one like "22:00"'),
}
_MISSING: Final = {
    "kind": "it says what the file is",
    "id": "it is the file's name",
    "secret": "whoever knows it may start runs, nobody else: write ${secret.NAME}",
}
_WANTED: Final = {
    "int": "a whole number", "float": "a number", "bool": "true or false", "list": "a list",
    "tuple": "a list", "dict": "a mapping of keys to values", "model": "a mapping of keys to values",
}  # fmt: skip
_ALWAYS: Final = frozenset({"id", "title", "note", "next"})


class Wrong(NamedTuple):
    """A finding before it has its place: at `loc` (the error's own if None), at its key or
    its value, and inside a text at `token`."""

    code: str
    message: str
    hint: str = ""
    loc: Loc | None = None
    key: bool = False
    token: str = ""


class Case(NamedTuple):
    """One of pydantic's errors, and where it stands in the file."""

    source: Source
    shape: Shape
    error: Any
    loc: Loc

    @property
    def given(self) -> Any:
        return self.error["input"]

    @property
    def node(self) -> Node | None:
        return self.source.find(self.loc)

    @property
    def known(self) -> list[str]:
        """The keys that the place around may have."""
        return self.shape.keys(self.error["loc"][:-1])


def worded(case: Case) -> Wrong:
    """The finding for an error."""
    if case.error["loc"] and case.error["loc"][-1] == "[key]":
        return _bad_key(case)
    kind: str = case.error["type"]
    handler = _HANDLERS.get(kind)
    if handler is not None:
        return handler(case)
    stem = kind.partition("_")[0]
    if stem in _WANTED and ("type" in kind or "parsing" in kind):
        return Wrong("E112", f"{_what(case.given)} stands where {_WANTED[stem]} belongs")
    return Wrong("E112", _bound(case))


def _bad_key(case: Case) -> Wrong:
    if case.error["type"] == "literal_error":
        return _unknown(case, _expected(case))
    return _pattern(case)._replace(key=True)


def _extra(case: Case) -> Wrong:
    return _unknown(case, case.known)


def _unknown(case: Case, known: list[str]) -> Wrong:
    name = str(case.loc[-1])
    if name in NO_RETRY and "ask" not in known:
        hint = "lead the outcome `failure` to a question or an End instead"
        return Wrong("E109", "a run has one attempt, there is no retry", hint, key=True)
    near = nearest(name, known) or _synonym(name, known)
    hint = f"did you mean `{near}`?" if near else f"known here: {', '.join(known[:20])}"
    return Wrong("E101", f"unknown key `{short(name)}`", hint if known else "take it out", key=True)


def _missing(case: Case) -> Wrong:
    name = str(case.error["loc"][-1])
    parent = case.loc[:-1] if case.loc and case.loc[-1] == name else case.loc
    hint = _MISSING.get(name, "")
    node = case.source.find(parent)
    others = [key for key in node.entries if key not in case.known] if isinstance(node, Entries) else []
    near = nearest(name, others)
    if near is not None:  # misspelt: one finding is enough, the same as for the unknown key
        return Wrong(
            "E101", f"unknown key `{short(near)}`", f"did you mean `{name}`?", (*parent, near), key=True
        )
    return Wrong("E113", f"`{name}` is missing", hint, parent)


def _kindless(case: Case) -> Wrong:
    kinds = case.shape.kinds(case.error["loc"])
    if not isinstance(case.node, Entries):
        return Wrong("E102", "a step is a mapping", f"begin it with one of: {', '.join(kinds)}")
    keys = list(case.node.entries)
    here = [key for key in keys if key in kinds]
    if len(here) > 1:
        both = " and ".join(f"`{key}`" for key in here)
        message = f"a step is of one kind, this has {both}"
        return Wrong("E102", message, "make several steps of it", (*case.loc, here[1]), key=True)
    return _unkind(case.loc, keys, kinds)


def _unkind(loc: Loc, keys: list[str], kinds: list[str]) -> Wrong:
    """A step whose kind is not there: misspelt, of the other sort of flow, or forgotten."""
    foreign = [key for key in keys if key in CHAT_KINDS or key in RUNBOOK_KINDS]
    if foreign and "bot" not in kinds:
        where = "a chat profile" if "say" in kinds else "a runbook"
        message, hint = f"`{foreign[0]}` is no step of {where}", f"known here: {', '.join(kinds)}"
        return Wrong("E102", message, hint, (*loc, foreign[0]), key=True)
    for key in keys:
        near = (
            None
            if key in _ALWAYS
            else _synonym(key, kinds, exactly=True) or nearest(key, kinds) or _synonym(key, kinds)
        )
        if near is not None:
            message, hint = f"`{short(key)}` is no kind of step", f"did you mean `{near}`?"
            return Wrong("E102", message, hint, (*loc, key), key=True)
    return Wrong("E102", "a step needs its kind", f"one of: {', '.join(kinds)}")


def _text(case: Case) -> Wrong:
    node = case.node
    if case.given is None:
        hint = "a text that begins with # needs quotes"
        return Wrong("E112", "nothing stands where a text belongs", hint)
    if isinstance(case.given, bool | int | float) and isinstance(node, Scalar):
        written = case.source.text[node.begin : node.end]
        return Wrong("E112", f"`{written}` is not a text here", f'write "{written}" in quotes')
    return Wrong("E112", f"{_what(case.given)} stands where a text belongs")


def _literal(case: Case) -> Wrong:
    known, given = _expected(case), _what(case.given)
    near = nearest(as_text(case.given), known)
    wanted = " or ".join(f"`{word}`" for word in known) or str(case.error["ctx"]["expected"])
    return Wrong(
        "E112", f"{given} cannot stand here", f"did you mean `{near}`?" if near else f"write {wanted}"
    )


def _pattern(case: Case) -> Wrong:
    given = short(as_text(case.loc[-1] if case.error["loc"][-1] == "[key]" else case.given))
    what, hint = _NAMES.get(
        case.error.get("ctx", {}).get("pattern", ""), ("does not have the right form", "")
    )
    if what == "is not the name of a variable" and given.isupper():
        hint = "upper-case names are built in; write it in lower case"
    return Wrong("E112", f"`{given}` {what}", hint)


def _value(case: Case) -> Wrong:
    """One of our own validators: the sentence is ours. It stands at the first thing that
    the sentence names, if the place has it."""
    message = case.error["msg"].removeprefix("Value error, ")
    for word in re.findall(r"`([^`]+)`", message):
        if isinstance(case.node, Scalar):
            return Wrong("E112", message, token=word)
        for loc in _keys(case.node, case.loc):
            if loc[-1] == word:
                return Wrong("E112", message, "", loc, key=True)
    return Wrong("E112", message)


def _keys(node: Node | None, loc: Loc) -> Iterator[Loc]:
    """The places of all keys in a value, outer ones first; steps inside have their own."""
    if isinstance(node, Entries):
        yield from ((*loc, key) for key in node.entries)
        for key, (_, value) in node.entries.items():
            if key != "steps":
                yield from _keys(value, (*loc, key))
    elif isinstance(node, Items):
        for index, item in enumerate(node.items):
            yield from _keys(item, (*loc, index))


def _synonym(name: str, known: list[str], *, exactly: bool = False) -> str | None:
    """What other products call it, perhaps misspelt."""
    meant = SYNONYMS.get(name if exactly else nearest(name, SYNONYMS) or "")
    return meant if meant in known else None


def _expected(case: Case) -> list[str]:
    return re.findall(r"'([^']*)'", case.error.get("ctx", {}).get("expected", ""))


def _what(given: Any) -> str:
    if given is None:
        return "nothing"
    if isinstance(given, dict):
        return "a mapping"
    return "a list" if isinstance(given, list | tuple) else f"`{short(as_text(given))}`"


def _bound(case: Case) -> str:
    """Bounds; and for what nobody foresaw, pydantic's own sentence."""
    context = case.error.get("ctx", {})
    match case.error["type"]:
        case "too_short" | "string_too_short":
            return "this must not be empty"
        case "too_long" | "string_too_long":
            return f"this is too long: at most {context.get('max_length')}"
        case "greater_than_equal":
            return f"this must be at least {context.get('ge')}"
        case "less_than_equal":
            return f"this must be at most {context.get('le')}"
        case _:
            return str(case.error["msg"])


_HANDLERS: Final[dict[str, Callable[[Case], Wrong]]] = {
    "extra_forbidden": _extra,
    "missing": _missing,
    "union_tag_not_found": _kindless,
    "union_tag_invalid": _kindless,
    "string_type": _text,
    "literal_error": _literal,
    "string_pattern_mismatch": _pattern,
    "value_error": _value,
}
