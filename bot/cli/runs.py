"""`cuebook runs`: what was run, and how."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from bot.cli.common import JsonOption, ProjectOption, find_project, run_async, stderr, stdout, write

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from rich.text import Text

    from bot.ports import Store
    from bot.rows import Run

State = Literal["queued", "running", "waiting", "succeeded", "failed", "interrupted", "cancelled"]
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="At most so many.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
    group.callback()(runs)
    group.command()(show)
    app.add_typer(group, name="runs")


def runs(
    context: typer.Context,
    state: Annotated[State | None, typer.Option(help="Only those in this state.")] = None,
    runbook: Annotated[str, typer.Option(help="Only of this runbook.")] = "",
    limit: LimitOption = 30,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """List runs, the newest first. With `show ID`: one run, step by step."""
    if context.invoked_subcommand is None:
        run_async(
            _list(
                find_project(project),
                {"state": state or "", "runbook": runbook, "limit": limit},
                as_json=as_json,
            )
        )


def show(
    id: Annotated[str, typer.Argument(metavar="ID", help="Of the run; its last letters are enough.")],
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one run: every step, how it went, and why each branch was taken."""
    run_async(_show(find_project(project), id, as_json=as_json))


async def _list(root: Path, wanted: dict[str, Any], *, as_json: bool) -> None:
    from bot.cli.records import moment, records, table

    async with records(root) as store:
        found = await catalogue(store).runs(**wanted)
    if as_json:
        write(json.dumps(found, ensure_ascii=False, indent=2))
        return
    rows = [
        [
            run["id"],
            run["runbook"],
            run["state"],
            run["step"],
            moment(run["created_at"]),
            took(run),
            run["message"],
        ]
        for run in found
    ]
    table(["run", "runbook", "state", "step", "accepted", "took", "message"], rows)
    if not found:
        stderr().print("There are no such runs.")


def took(run: dict[str, Any]) -> str:
    """How long a run took, or nothing yet."""
    if not run["finished_at"] or not run["started_at"]:
        return ""
    return f"{(run['finished_at'] - run['started_at']) / 1000:.1f} s"


def catalogue(store: Store) -> Any:
    from bot.runtime.catalogue import Catalogue
    from bot.runtime.clock import SchedulerClock
    from bot.runtime.library import Library

    return Catalogue(Library(store, SchedulerClock()), store)


async def _show(root: Path, id: str, *, as_json: bool) -> None:
    from bot.cli.records import by_id, records
    from bot.rows import Run

    async with records(root) as store:
        row = await by_id(store, Run, id)
        if as_json:
            write(json.dumps(await catalogue(store).run(row.id), ensure_ascii=False, indent=2))
            return
        for line in _head(row):
            stdout().print(line)
        async for line in _tree(store, row, 0):
            stdout().print(line)


def _head(row: Run) -> list[Text]:
    from rich.text import Text

    from bot.cli.records import moment
    from bot.runtime.wire import load, load_person
    from flows.problems import visible

    person = load_person(row.person)
    colour = {"succeeded": "green", "waiting": "yellow", "running": "yellow", "queued": "yellow"}.get(
        row.state, "red"
    )
    given = ", ".join(f"{name}={value}" for name, value in load(row.inputs)["inputs"].items())
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
            lines.append(
                Text(f"{name:<10}", "dim").append(visible(value), colour if name == "state" else "not dim")
            )
    return lines


async def _tree(store: Store, row: Run, depth: int) -> AsyncIterator[Text]:
    """The steps of a run, those of the runs it started below the step that did."""
    import msgspec

    from bot.cli.steps import step_line, texts
    from bot.rows import Definition, Run, Trace
    from flows.project import compile_source

    kept = await store.get(Definition, hash=row.definition)
    flow = compile_source(kept.kind, kept.id, kept.source, kept.path).flow if kept is not None else None
    said = texts(flow) if flow is not None else {}
    children = await store.find(Run, parent=row.id, order="created_at")
    for step in await store.find(Trace, owner=f"run:{row.id}", order="no"):
        if step.ok < 0 and row.finished_at:
            step = msgspec.structs.replace(step, ok=0, note="not answered")  # noqa: PLW2901
        yield step_line(step, said.get(step.step, ""), depth)
        for child in [one for one in children if one.effect.split(".")[0] == step.step]:
            children.remove(child)
            async for line in _tree(store, child, depth + 1):
                yield line
