"""Variables: known, allowed by name, and set before they are used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from flows.checker.paths import EACH, ROUND, Paths
from flows.checker.texts import Text, asked, global_texts, texts
from flows.checker.view import Findings, Hint, Place, View, did_you_mean
from flows.documents import Profile
from flows.names import nearest
from flows.reading.nodes import Loc
from flows.steps.ask import AskStep
from flows.steps.run import RunbookStep
from flows.template import Ref
from flows.variables import BUILTINS, BY_ALIAS

RESERVED: Final = frozenset({"chat", "run", "last", "results", "error", "env", "secret"})
_OUTCOME: Final = ("message", "outcome", "code", "data")


class Unknown(NamedTuple):
    """What is wrong with a variable's name."""

    code: str
    message: str
    hint: Hint


def declared(view: View) -> set[str]:
    """The author's variables: declared, given at the start, or kept by some step."""
    document = view.document
    names = set(document.variables if isinstance(document, Profile) else document.inputs)
    for place in view.places:
        for exit in _exits(place):
            names.update(place.step.keeps(exit))
    return names


def names(view: View, found: Findings) -> None:
    """E118: names that lead elsewhere."""
    top = "variables" if isinstance(view.document, Profile) else "inputs"
    hint = "choose another name"
    for name in sorted(RESERVED & set(getattr(view.document, top))):
        found.add("E118", (top, name), f"`{name}` is a built-in name", hint, key=True)
    for place in view.places:
        kept = {name for exit in _exits(place) for name in place.step.keeps(exit)}
        for name in sorted(RESERVED & kept):
            loc, key = _kept_at(view, place, name)
            found.add("E118", loc, f"`{name}` is a built-in name", hint, key=key)


def known(view: View, found: Findings) -> None:
    """E105: every variable in a text or condition exists."""
    mine = declared(view)
    if isinstance(view.document, Profile):
        _known_in(view, found, mine, global_texts(view.document))
    for place in view.places:
        _known_in(view, found, mine, texts(place))
        for test in asked(place):
            wrong = judge(view, mine, test.row.field)
            if wrong is not None:
                found.add(wrong.code, test.loc[:-1], wrong.message, wrong.hint, key=True)


def _known_in(view: View, found: Findings, mine: set[str], all_texts: Iterator[Text]) -> None:
    for text in all_texts:
        for ref in text.template.refs:
            wrong = None if found.full else judge(view, mine, ref.path)
            if wrong is not None:
                found.at(wrong.code, text.offset(view.source, ref), wrong.message, wrong.hint)


def early(view: View, paths: Paths, found: Findings) -> None:
    """W211: every variable has a value on each way to where it is used. A condition may ask
    for one that has none."""
    mine = declared(view)
    start = frozenset() if isinstance(view.document, Profile) else frozenset(view.document.inputs)
    holds = paths.carried(start, _keep, every=True)
    some = paths.carried(start, _keep)
    for place in view.places:
        if place.id not in holds:
            continue
        compared = {test.loc for test in asked(place)}
        for text in texts(place):
            if text.loc in compared:
                continue
            for ref in text.template.refs:
                name = None if found.full else _needed(view, mine, ref)
                if name is not None and name not in holds[place.id]:
                    never = name not in some[place.id]
                    _tell_early(view, found, text, ref, never=never)


def _tell_early(view: View, found: Findings, text: Text, ref: Ref, *, never: bool) -> None:
    at = text.offset(view.source, ref)
    where = "nothing before this step" if never else "not every way to this step"
    message = f"{where} gives `{ref.path}` a value"
    found.at("W211", at, message, f"write ${{{ref.path}:-…}} with what to say then, or set it before")


def _needed(view: View, mine: set[str], ref: Ref) -> str | None:
    """The fact that a use rests on; None if it rests on none."""
    head, _, rest = ref.path.partition(".")
    if ref.default is not None or ref.path in BY_ALIAS:
        return None
    if head in mine:
        return head
    if head not in view.by_id or not rest or rest in view.by_id[head].step.FROM_START:
        return None
    return f"step {head}"


def _keep(place: Place, exit: str, facts: frozenset[str]) -> frozenset[str]:
    if exit == ROUND:
        return facts
    brought = bool(place.step.BRINGS) and exit != EACH
    if isinstance(place.step, RunbookStep) and exit in ("started", "still_running"):
        brought = False
    return facts | set(place.step.keeps(exit)) | ({f"step {place.id}"} if brought else set())


def judge(view: View, mine: set[str], path: str) -> Unknown | None:
    """What is wrong with a name, if anything."""
    head, *rest = path.split(".")
    scope = "chat" if view.kind == "chat" else "run"
    builtin = BY_ALIAS.get(path)
    if builtin is not None:
        return _out_of_scope(path, builtin.scope, scope)
    if head in mine:
        return None
    paths = [known.path for known in BUILTINS if known.scope in ("both", scope)]
    if any(known == path or known.startswith(f"{path}.") for known in paths) or path.startswith("last.data"):
        return None
    if any(known.path == path for known in BUILTINS):
        return _out_of_scope(path, "run", scope)
    if head == "results" and rest:
        return _of_runbook(view, rest)
    if head in view.by_id and head not in RESERVED:
        return _of_step(view.by_id[head], rest)
    return _unknown(view, mine, path, paths)


def _out_of_scope(path: str, wanted: str, scope: str) -> Unknown | None:
    if wanted in ("both", scope):
        return None
    return Unknown("E105", f"`{path}` has no value in a chat", "it is known inside a runbook")


def _of_runbook(view: View, rest: list[str]) -> Unknown | None:
    runbooks = view.files.names["runbook"]
    if rest[0] not in runbooks:
        return Unknown("E106", f"there is no runbook `{rest[0]}`", did_you_mean(rest[0], runbooks))
    if len(rest) > 1 and rest[1] not in _OUTCOME:
        hint = did_you_mean(rest[1], _OUTCOME, f"it has {', '.join(_OUTCOME)}")
        return Unknown("E105", f"a run has no `{rest[1]}`", hint)
    return None


def _of_step(place: Place, rest: list[str]) -> Unknown | None:
    brings = sorted(place.step.BRINGS)
    if not brings:
        return Unknown("E105", f"the step `{place.id}` brings no value", "use a variable that it sets")
    if rest and rest[0] not in brings:
        hint = did_you_mean(rest[0], brings, f"it brings {', '.join(brings)}")
        return Unknown("E105", f"the step `{place.id}` brings no `{rest[0]}`", hint)
    return None


def _unknown(view: View, mine: set[str], path: str, paths: list[str]) -> Unknown:
    message = f"there is no variable `{path}`"
    if path.partition(".")[0] in ("env", "secret"):
        return Unknown("E105", message, "settings and secrets can be used in connectors alone")

    def hint() -> str:
        aliases = [known.alias for known in BUILTINS if known.path in paths]
        near = nearest(path, aliases if path.isupper() else [*mine, *paths, *view.by_id])
        near = near or nearest(path.upper(), aliases)
        return f"did you mean `{near}`?" if near else "set it before; a plain dollar sign is $$"

    return Unknown("E105", message, hint)


def _exits(place: Place) -> Iterator[str]:
    yield from (exit.name for exit in place.step.exits())
    yield EACH


def _kept_at(view: View, place: Place, name: str) -> tuple[Loc, bool]:
    """Where a step says that it keeps a variable: as a key of `set` or `save`, or as a value."""
    for key in ("set", "save"):
        if view.source.find((*place.loc, key, name)) is not None:
            return (*place.loc, key, name), True
    step = place.step
    if isinstance(step, AskStep) and name in step.fields:
        return (*place.loc, "fields", step.fields.index(name)), False
    key = "as" if view.source.find((*place.loc, "as")) is not None else "save"
    return (*place.loc, key), False
