"""`cuebook doctor`: is everything there that a server needs?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from bot.cli.shared import (
    FINE,
    UNREACHABLE,
    JsonOption,
    ProjectOption,
    find_project,
    run_async,
    stdout,
    write,
)

if TYPE_CHECKING:
    from bot.cli.reach import Check


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """Check what a server needs.

    One line each, with what to do about it. Ends with 4 if something would not work.
    """
    from bot.cli.checks import checks
    from bot.cli.reach import connector_checks
    from bot.cli.slack_checks import slack_checks

    found, opened = checks(find_project(project))
    if opened is not None:
        found += run_async(connector_checks(opened))
        found += run_async(slack_checks(opened))
    if as_json:
        from msgspec import to_builtins

        write(json.dumps(to_builtins(found), ensure_ascii=False, indent=2))
    else:
        for check in found:
            _show(check)
    raise typer.Exit(UNREACHABLE if any(check.state == "problem" for check in found) else FINE)


def _show(check: Check) -> None:
    from rich.text import Text

    from flows.problems import visible

    mark, colour = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "problem": ("✗", "red")}[check.state]
    line = (
        Text(f"{mark} ", colour)
        .append(f"{check.name}: ", "bold not red")
        .append(visible(check.text), "not bold")
    )
    if check.fix:
        line.append(f" → {visible(check.fix)}", "cyan")
    stdout().print(line)
