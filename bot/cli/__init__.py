"""The command line: one module a command. Heavy things are imported inside the commands."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from io import TextIOWrapper
from typing import Annotated, Final

import typer

from flows.errors import CuebookError

COMMANDS: Final = (
    "init", "demo", "validate", "test", "chat", "run", "graph", "serve", "worker", "migrate", "doctor",
    "runs", "chats", "slack", "schema",
)  # fmt: skip
"""Modules of this package, each with `register(app)`, in the order of the help."""


def main() -> None:
    """The program `cuebook`. Ends the process: 0 fine, 1 a run or test failed, 2 usage,
    3 findings in the project, 4 something cannot be reached, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows few letters is no fault
    try:
        commands()(prog_name="cuebook")
    except CuebookError as error:
        from bot.cli.faults import explain

        sys.exit(explain(error))
    except Exception as error:  # noqa: BLE001  (the outermost wall)
        from bot.cli.faults import confess

        sys.exit(confess(error))


def commands() -> typer.Typer:
    """All commands that there are."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_about)
    for name in COMMANDS:
        if find_spec(f"{__name__}.{name}") is not None:
            import_module(f"{__name__}.{name}").register(app)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        sys.stdout.write(f"cuebook {version('cuebook')}\n")
        raise typer.Exit


def _about(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and end.", callback=_print_version, is_eager=True),
    ] = False,
) -> None:
    """Chats that run runbooks. To see it: cuebook demo. To begin a project: cuebook init."""
