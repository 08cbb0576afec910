"""What all commands share: exit codes, where to write, which project, how to run a loop."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias, TypeVar

import typer

from flows.errors import ProjectError

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from rich.console import Console

FINE: Final = 0
FAILED: Final = 1
"""A run or a test failed."""
USAGE: Final = 2
FINDINGS: Final = 3
"""The project has errors."""
UNREACHABLE: Final = 4
"""A database, a port or an outside system cannot be had."""
INTERRUPTED: Final = 130

T = TypeVar("T")

ProjectOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--project", "-p", metavar="DIR", help="The project's folder; found from here upwards if left out."
    ),
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]

_FOLDERS: Final = ("profiles", "runbooks")


class NoProject(ProjectError):
    """There is no project where one was looked for."""


def find_project(project: Path | None) -> Path:
    """The project's folder: as given, or the nearest one from the working directory upwards.

    Raises NoProject, with what to do next.
    """
    if project is not None:
        if not project.is_dir():
            raise NoProject(f"{project} is not a folder: --project names a project's folder")
        return project.resolve()
    here = Path.cwd()
    if any((here / folder).is_dir() for folder in _FOLDERS):
        return here
    for folder in (here, *here.parents):
        if (folder / "cuebook.toml").is_file():
            return folder
    raise NoProject(f"there is no project in {here} or above it: begin one with `cuebook init`")


@cache
def stdout() -> Console:
    """Data. Coloured on a terminal only; NO_COLOR turns that off."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True)


@cache
def stderr() -> Console:
    """Everything that is no data."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run it to its end on the fastest loop there is. Until the command sets up its own log,
    warnings go to stderr, and nothing else anywhere."""
    import asyncio

    import structlog

    from bot.logs import set_up

    if not structlog.is_configured():
        set_up("WARNING", "text")
    with asyncio.Runner(loop_factory=_fastest()) as runner:
        return runner.run(work)


def _fastest() -> Callable[[], AbstractEventLoop] | None:
    try:
        from uvloop import new_event_loop
    except ImportError:  # not made for this platform
        return None
    return new_event_loop


def write(text: str) -> None:
    """Data as it is: no markup, no wrapping, no colour."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
