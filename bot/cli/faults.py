"""What goes wrong, in words and as an exit code: never a traceback, unless CUEBOOK_DEBUG is set."""

from __future__ import annotations

import os
import sys
import traceback

from bot.cli.shared import FAILED, FINDINGS, UNREACHABLE, USAGE, stderr
from bot.errors import (
    CallFailed,
    DeliveryError,
    MissingSecret,
    OperatorError,
    SettingsError,
    StoreError,
)
from flows.errors import CuebookError, ProjectError, ProjectInvalid
from flows.problems import Problem, render, visible

_CODES: tuple[tuple[type[CuebookError], int], ...] = (
    (ProjectInvalid, FINDINGS),
    (ProjectError, USAGE),
    (SettingsError, USAGE),
    (MissingSecret, USAGE),
    (OperatorError, UNREACHABLE),
    (StoreError, UNREACHABLE),
    (CallFailed, UNREACHABLE),
    (DeliveryError, UNREACHABLE),
)
"""The first that fits; any other error of ours is a failure."""


def explain(error: CuebookError) -> int:
    """Say on stderr what is wrong; the exit code that fits."""
    _trace(error)
    if isinstance(error, ProjectInvalid):
        show_problems(error.problems)
    else:
        _say("\n".join(visible(line) for line in (str(error) or type(error).__name__).splitlines()))
    return next((code for kind, code in _CODES if isinstance(error, kind)), FAILED)


def confess(error: Exception) -> int:
    """A fault of ours, or of the machine's."""
    _trace(error)
    if isinstance(error, OSError):
        _say(visible(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"))
        return UNREACHABLE
    _say(visible(f"this is a fault of Cuebook's: {type(error).__name__}: {error}"))
    stderr().print("Set CUEBOOK_DEBUG=1 to see where it happened.", style="dim")
    return FAILED


def show_problems(problems: tuple[Problem, ...]) -> None:
    """All of them, each with its line, and how many there are."""
    for problem in problems:
        stderr().print(render(problem), markup=False)
    errors = sum(problem.severity == "error" for problem in problems)
    stderr().print(f"{errors} error{'' if errors == 1 else 's'} in the project", style="bold red")


def _say(text: str) -> None:
    stderr().print("error: ", style="bold red", end="")
    stderr().print(text, markup=False)


def _trace(error: Exception) -> None:
    if os.environ.get("CUEBOOK_DEBUG"):
        traceback.print_exception(error, file=sys.stderr)
