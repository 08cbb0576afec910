"""Runs of the past, as a table and step by step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from rich.text import Text

from bot.cli.records import by_id, catalogue, moment, records, table
from bot.cli.shared import stderr, stdout
from bot.cli.steps import in_words, step_line, texts
from bot.ports import Store
from bot.rows import Definition, Run, Trace
from bot.runtime.secrecy import shown_inputs
from bot.runtime.wire import load_person
from flows.errors import ProjectInvalid
from flows.problems import visible
from flows.project import compile_source


class Past(NamedTuple):
    """A run with its definition, its steps, and the runs that it started."""

    run: Run
    definition: Definition | None
    steps: list[Trace]
    children: list[Past]


async def listed_runs(database_url: str, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """`wanted`: what `Catalogue.runs` takes."""
    async with records(database_url) as store:
        return await catalogue(store).runs(**wanted)


async def one_run(database_url: str, id: str) -> tuple[Past, dict[str, Any] | None]:
    """The run for people and for programs. Raises NotFound."""
    async with records(database_url) as store:
        past = await _past(store, await by_id(store, Run, id))
        return past, await catalogue(store).run(past.run.id)


async def _past(store: Store, run: Run) -> Past:
    children = await store.find(Run, parent=run.id, order="created_at")
    return Past(
        run,
        await store.get(Definition, hash=run.definition),
        await store.find(Trace, owner=f"run:{run.id}", order="no"),
        [await _past(store, child) for child in children],
    )


def show_runs(found: list[dict[str, Any]]) -> None:
    """As a table."""
    rows = [
        [run["id"], run["runbook"], run["state"], run["step"], moment(run["created_at"]), _took(run), run["message"]]
        for run in found
    ]  # fmt: skip
    table(["run", "runbook", "state", "step", "accepted", "took", "message"], rows)
    if not found:
        stderr().print("There are no such runs.")


def show_run(past: Past) -> None:
    """Step by step."""
    for line in (*_head(past.run), *_tree(past, 0)):
        stdout().print(line)


def _took(run: dict[str, Any]) -> str:
    """How long a run took, or nothing yet."""
    if not run["finished_at"] or not run["started_at"]:
        return ""
    return in_words(run["finished_at"] - run["started_at"])


def _head(row: Run) -> list[Text]:
    person = load_person(row.person)
    colour = "green" if row.state == "succeeded" else "red" if row.finished_at else "yellow"
    given = ", ".join(f"{name}={value}" for name, value in shown_inputs(row).items())
    facts = {
        "state": row.state,
        "result": row.message,
        "inputs": given,
        "for": " ".join(part for part in (person.kind, person.name or person.email) if part),
        "asked by": f"{row.origin} {row.chat or row.parent}".strip(),
        "accepted": moment(row.created_at),
        "started": moment(row.started_at),
        "ended": moment(row.finished_at),
    }
    lines = [Text(f"{row.runbook}  {row.id}", "bold")]
    for name, value in facts.items():
        if value:
            style = colour if name == "state" else "not dim"
            lines.append(Text(f"{name:<10}", "dim").append(visible(value), style))
    return lines


def _tree(past: Past, depth: int) -> Iterator[Text]:
    """The steps of a run, those of the runs it started below the step that did."""
    said, children = _texts(past.definition), list(past.children)
    for step in past.steps:
        unanswered = step.ok < 0 and past.run.finished_at
        shown = msgspec.structs.replace(step, ok=0, note="not answered") if unanswered else step
        yield step_line(shown, said.get(step.step, ""), depth)
        child = next((one for one in children if one.run.effect.split(".")[0] == step.step), None)
        if child is not None:
            children.remove(child)  # a later visit of the step started the next
            yield from _tree(child, depth + 1)


def _texts(kept: Definition | None) -> dict[str, str]:
    """What the steps say and do in the runbook as it was."""
    if kept is None:
        return {}
    try:
        flow = compile_source(kept.kind, kept.id, kept.source, kept.path).flow
    except ProjectInvalid:  # written for an earlier version
        return {}
    return texts(flow) if flow is not None else {}
