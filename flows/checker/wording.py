"""Conditions on results: can they mean what they say?

The End messages of a runbook are known texts, and so is how a generated failure begins
(DECISIONS 5). So it can be seen which of them reach a condition, and what it makes of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from flows.checker.matching import CUT_SHORT, GENERATED, Match, match
from flows.checker.paths import Paths
from flows.checker.results import Facts, facts
from flows.checker.texts import Asked, asked
from flows.checker.view import Findings, View, did_you_mean
from flows.conditions import OPERATORS
from flows.steps.base import each
from flows.steps.end import RunbookEndStep
from flows.steps.run import RunbookStep
from flows.template import Template
from flows.values import as_text
from flows.variables import canonical

_SAID: Final = frozenset({"error", "ERROR", "chat", "CHAT_ID", "CHAT_USER_NAME", "CHAT_USER_EMAIL"})
"""Variables whose words nobody makes conditions on: machines' reasons, and who one is."""
_OUTCOMES: Final = ("success", "failure")
_INSTEAD: Final = "ask RUNBOOKOUTCOME: {is: failure}, which does not hang on wording"


@dataclass(frozen=True, slots=True)
class Ending:
    """One way in which a run may have ended. `step` is empty for a generated failure."""

    runbook: str
    outcome: str
    step: str
    message: Template
    inert: frozenset[str]
    """Variables in the message that only repeat what the start was given."""


def conditions(view: View, paths: Paths, found: Findings) -> None:
    """W208: every condition on the result of a run."""
    here = facts(view, paths)
    for place in view.places:
        if place.id not in here:
            continue
        for test in asked(place):
            field = canonical(test.row.field)
            if field.endswith(".outcome"):
                _outcome(view, found, test, field)
            else:
                _message(found, test, list(_endings(view, here[place.id], field)))


def _message(found: Findings, test: Asked, endings: list[Ending]) -> None:
    wanted = _wanted(test)
    if not endings or not wanted:
        return
    verdicts = [
        (ending, max(match(test.row, word, ending.message, ending.inert) for word in wanted))
        for ending in endings
    ]
    said = f'{_operator(test)} "{", ".join(wanted)}"'
    if all(verdict is Match.NO for _, verdict in verdicts) and not _cut_short(test, wanted, endings):
        runbooks = " or ".join(f"`{id}`" for id in dict.fromkeys(ending.runbook for ending in endings))
        message = f"no result of {runbooks} that comes here {said}"
        found.add("W208", test.loc, message, f"they are {_examples(endings)}")
    else:
        _mixed(found, test, said, verdicts)


def _cut_short(test: Asked, wanted: list[str], endings: list[Ending]) -> bool:
    """Whether the words are those of a run that was stopped."""
    stopped = any(not ending.step for ending in endings)
    return stopped and any(match(test.row, word, text, _SAID) for word in wanted for text in CUT_SHORT)


def _mixed(found: Findings, test: Asked, said: str, verdicts: list[tuple[Ending, Match]]) -> None:
    """A word that tells some failures from others, or takes successes along."""
    yes = [ending for ending, verdict in verdicts if verdict is Match.YES]
    failures = [ending for ending in yes if ending.outcome == "failure"]
    success = next((ending for ending in yes if ending.outcome == "success"), None)
    if failures and success is not None:
        message = f"the success `{success.message.source}` {said} too, like the failures"
        found.add("W208", test.loc, message, _INSTEAD)
        return
    missed = [ending for ending, verdict in verdicts if verdict is Match.NO and ending.outcome == "failure"]
    if missed and any(not ending.step for ending in failures):
        message = f"not every failure {said}: `{missed[0].message.source}` of `{missed[0].runbook}` does not"
        found.add("W208", test.loc, message, _INSTEAD)


def _outcome(view: View, found: Findings, test: Asked, field: str) -> None:
    head = field.partition(".")[0]
    of_run = head in ("last", "results") or head in view.by_id
    if of_run and test.row.operator in ("is", "is_not", "one_of", "none_of"):
        for word in _wanted(test):
            if word.casefold() not in (*_OUTCOMES, ""):
                hint = did_you_mean(word, _OUTCOMES, "it is `success` or `failure`")
                found.add("W208", test.loc, f"an outcome is never `{word}`", hint)


def _endings(view: View, here: Facts, field: str) -> Iterator[Ending]:
    """What a result may say here; nothing if that is not known."""
    head, *rest = field.split(".")
    if field == "last.message":
        yield from _last(view, here)
    elif head == "results" and rest[1:] == ["message"]:
        yield from _of(view, rest[0], _OUTCOMES)
    elif rest in (["message"], ["result"]) and head in view.by_id:
        step = view.by_id[head].step
        if isinstance(step, RunbookStep):
            yield from _of(view, step.runbook, _OUTCOMES)


def _last(view: View, here: Facts) -> Iterator[Ending]:
    for fact in sorted(here):
        step = view.by_id[fact.step].step if fact.step else None
        if not isinstance(step, RunbookStep):
            continue
        if fact.kind == "refused":
            yield _generated(step.runbook)
        else:
            yield from _of(view, step.runbook, (fact.outcome,) if fact.kind == "end" else _OUTCOMES)


def _of(view: View, id: str, outcomes: tuple[str, ...]) -> Iterator[Ending]:
    runbook = view.files.runbook(id)
    if runbook is None:
        return
    inert = _SAID | set(runbook.inputs)
    for step in (inner for outer in runbook.steps for inner in each(outer)):
        if isinstance(step, RunbookEndStep) and step.end in outcomes:
            yield Ending(id, step.end, step.id or "end", step.result, inert)
    if "failure" in outcomes:
        yield _generated(id)


def _generated(runbook: str) -> Ending:
    return Ending(runbook, "failure", "", GENERATED, _SAID)


def _wanted(test: Asked) -> list[str]:
    """The texts a row asks for; none if they depend on variables, or it asks for no text."""
    if test.row.operator not in _TEXTUAL or any(template.refs for template in test.row.wanted.templates):
        return []
    source = test.row.wanted.source
    return [as_text(word) for word in (source if isinstance(source, list) else [source])]


_TEXTUAL: Final = frozenset(OPERATORS) - {"empty", "above", "at_least", "below", "at_most"}


def _operator(test: Asked) -> str:
    return OPERATORS[{"not_contains": "contains", "is_not": "is", "none_of": "one_of"}.get(
        test.row.operator, test.row.operator)][0]  # fmt: skip


def _examples(endings: list[Ending]) -> str:
    written = list(dict.fromkeys(f"`{ending.message.source}`" for ending in endings if ending.step))[:3]
    return ", ".join([*written, "`Runbook failed: …`"] if any(not e.step for e in endings) else written)
