"""`cuebook serve`: the server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.shared import JsonOption, ProjectOption, find_project, run_async, stderr, write

if TYPE_CHECKING:
    from bot.app import App
    from bot.cli.opening import Lack

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
    from bot.cli.opening import lacking, open_project
    from bot.cli.serving import serve_until_told
    from bot.logs import set_up

    opened = open_project(find_project(project), port=port, host=host, reload=reload)
    settings = opened.settings
    set_up(settings.log_level, settings.log_format, opened.secrets.mask)
    _complain(lacking(opened.project, opened.secrets))
    show = _show_as_json if as_json else _show
    raise typer.Exit(run_async(serve_until_told(opened, [], show)))


def _show(app: App) -> None:
    assert app.server is not None
    name, url = app.project.root.name, app.server.url
    stderr().print(f"Serving {name} at {url}; state in {app.state_folder}", markup=False)


def _show_as_json(app: App) -> None:
    _show(app)
    assert app.server is not None
    write(json.dumps({"address": app.server.url}))


def _complain(lacks: list[Lack]) -> None:
    """What `validate` cannot know: a host that lacks a secret should be told at once."""
    import structlog

    log = structlog.get_logger()
    effect = "calls to it fail until it is set"
    for lack in lacks:
        log.warning("variable_missing", connector=lack.connector, variable=lack.variable, effect=effect)
