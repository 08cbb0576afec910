"""`cuebook doctor`: is everything there that a server needs?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from bot.cli.common import (
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
    from pathlib import Path

    from bot.cli.reach import Check


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """Look at what a server needs, one line each, with what to do about it.

    Ends with 4 if something would not work.
    """
    raise typer.Exit(run_async(_look(find_project(project), as_json=as_json)))


async def _look(root: Path, *, as_json: bool) -> int:
    from bot.cli.checks import checks

    found: list[Check] = []
    async for check in checks(root):
        found.append(check)
        if not as_json:
            _show(check)
    if as_json:
        import msgspec

        write(json.dumps(msgspec.to_builtins(found), ensure_ascii=False, indent=2))
    return UNREACHABLE if any(check.state == "problem" for check in found) else FINE


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
