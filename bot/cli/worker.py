"""`cuebook worker`: carries out runs in a process of its own, where there are several processes."""

from __future__ import annotations

import typer

from bot.cli.shared import ProjectOption, find_project, run_async, stderr


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(worker)


def worker(project: ProjectOption = None) -> None:
    """Carry out runs. With SQLite the server does that, and this waits for a signal."""
    from bot.cli.opening import settings_of
    from bot.storage.address import database_path

    database_path(settings_of(find_project(project)).database_url)  # raises for any other database
    raise typer.Exit(run_async(_idle()))


async def _idle() -> int:
    """Hosts start again a process that ends, so it stays."""
    from bot.cli.signals import Signals

    signals = Signals()
    stderr().print("The database is SQLite, so `cuebook serve` carries out the runs itself. This only waits.")
    await signals.came.wait()
    return signals.code
