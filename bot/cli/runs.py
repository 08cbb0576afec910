"""`cuebook runs`: what was run, and how."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer

from bot.cli.shared import JsonOption, ProjectOption, find_project, run_async, write

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
    from bot.cli.opening import settings_of
    from bot.cli.run_records import listed_runs, show_runs

    if context.invoked_subcommand is not None:
        return
    wanted = {"state": state or "", "runbook": runbook, "limit": limit}
    found = run_async(listed_runs(settings_of(find_project(project)).database_url, wanted))
    if as_json:
        write(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        show_runs(found)


def show(
    id: Annotated[str, typer.Argument(metavar="ID", help="Of the run; its last letters are enough.")],
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one run: every step, how it went, and why each branch was taken."""
    from bot.cli.opening import settings_of
    from bot.cli.run_records import one_run, show_run

    past, record = run_async(one_run(settings_of(find_project(project)).database_url, id))
    if as_json:
        write(json.dumps(record, ensure_ascii=False, indent=2))
    else:
        show_run(past)
