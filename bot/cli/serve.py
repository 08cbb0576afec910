"""`cuebook serve`: the server."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.common import JsonOption, ProjectOption, find_project, run_async, stderr

if TYPE_CHECKING:
    from bot.app import App
    from bot.cli.opening import Lack, Opened

PortOption = Annotated[
    int | None, typer.Option("--port", min=0, max=65535, help="Or PORT. 0 takes a free one. [default: 8080]")
]
HostOption = Annotated[
    str | None, typer.Option("--host", help="Or CUEBOOK_HOST; 0.0.0.0 for all. [default: 127.0.0.1]")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def serve(
    project: ProjectOption = None,
    port: PortOption = None,
    host: HostOption = None,
    reload: Annotated[
        bool | None, typer.Option("--reload/--no-reload", help="Take changed files into force.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Serve the project: web chat, REST, runs in the background."""
    from bot.cli.opening import open_project

    opened = open_project(find_project(project), port=port, host=host, reload=reload)
    raise typer.Exit(run_async(_serve(opened, as_json=as_json)))


async def _serve(opened: Opened, *, as_json: bool) -> int:
    from bot.app import App
    from bot.cli.opening import lacking
    from bot.cli.signals import Signals
    from bot.logs import set_up

    project, settings, secrets, _ = opened
    set_up(settings.log_level, settings.log_format, secrets.mask)
    _complain(lacking(project, secrets))
    signals = Signals()
    async with App.running(settings, project, secrets, tell) as app:
        assert app.server is not None
        stderr().print(
            f"Serving {project.root.name} at {app.server.url}; state in {app.state_folder}", markup=False
        )
        if as_json:
            sys.stdout.write(json.dumps({"address": app.server.url}) + "\n")
            sys.stdout.flush()
        await signals.came.wait()
        say_goodbye(app)
    return signals.code


def tell(text: str) -> None:
    """Show whoever watches the server what an author should know."""
    stderr().print(text, markup=False)


def say_goodbye(app: App) -> None:
    """The first signal came."""
    patience = app.settings.drain
    tell(f"Stopping. What is in flight has {patience:g} s to finish; once more ends it at once.")


def _complain(lacks: list[Lack]) -> None:
    import structlog

    log = structlog.get_logger()
    for lack in lacks:
        log.warning(
            "variable_missing",
            connector=lack.connector,
            variable=lack.variable,
            effect="calls to it fail until it is set",
        )
