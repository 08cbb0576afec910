"""`cuebook migrate`: brings the database to this version."""

from __future__ import annotations

import typer

from bot.cli.shared import ProjectOption, find_project, run_async, stderr, write


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="migrate")(command)


def command(project: ProjectOption = None) -> None:
    """Bring the database to this version. `serve` does it too; hosts do it before a release."""
    from bot.cli.opening import settings_of
    from bot.storage.address import database_path
    from bot.storage.migrate import migrate

    url = settings_of(find_project(project)).database_url
    done = run_async(migrate(url))
    for name in done:
        write(name)
    path = database_path(url)
    stderr().print(f"{path} is {'now ' if done else ''}up to date", markup=False)
