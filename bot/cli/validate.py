"""`cuebook validate`: what is wrong in a project's files."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli.shared import FINDINGS, FINE, USAGE, ProjectOption, find_project, stderr, write

if TYPE_CHECKING:
    from flows.problems import Problem


class Format(StrEnum):
    """How findings are written."""

    text = "text"
    json = "json"
    github = "github"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(validate)


def validate(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATHS]", help="Only what is in these files or folders.")
    ] = None,
    project: ProjectOption = None,
    format: Annotated[Format, typer.Option("--format", "-f", help="text, json or github.")] = Format.text,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count too.")] = False,
) -> None:
    """Check every file of the project: structure, names, ways, and advice.

    Ends with 0 if nothing is wrong (warnings aside), 3 if something is.
    """
    root = _root(paths, project)
    problems = _chosen(findings(root), root, paths or [])
    _WRITERS[format](problems)
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    stderr().print(_summary(root, errors, warnings), markup=False)
    raise typer.Exit(FINDINGS if errors or (strict and warnings) else FINE)


def findings(root: Path) -> list[Problem]:
    """All findings of a project and its tests, by file and place."""
    from flows.loader import read_project, read_tests
    from flows.problems import in_order

    found, problems = read_project(root)
    _, of_tests = read_tests(root, found)
    return in_order([*problems, *of_tests])


def _root(paths: list[Path] | None, project: Path | None) -> Path:
    """The project that the paths are in; else the one from here upwards."""
    missing = next((path for path in paths or () if not path.exists()), None)
    if missing is not None:
        stderr().print(f"there is no file or folder {missing}", markup=False)
        raise typer.Exit(USAGE)
    if project is None and paths:
        first = paths[0].absolute()
        for folder in (first, *first.parents):
            if (folder / "cuebook.toml").is_file():
                return folder
    return find_project(project)


def _chosen(problems: list[Problem], root: Path, paths: Sequence[Path]) -> list[Problem]:
    if not paths:
        return problems
    wanted = [path.resolve() for path in paths]
    return [
        problem
        for problem in problems
        if any((root / problem.path).resolve().is_relative_to(path) for path in wanted)
    ]


def _summary(root: Path, errors: int, warnings: int) -> str:
    if not errors and not warnings:
        return f"{root.name}: nothing to complain about"
    counted = [(errors, "error"), (warnings, "warning")]
    said = " and ".join(f"{n} {word}{'' if n == 1 else 's'}" for n, word in counted if n)
    return f"{root.name}: {said}"


def _as_text(problems: list[Problem]) -> None:
    from flows.problems import render

    for problem in problems:
        write(render(problem))


def _as_json(problems: list[Problem]) -> None:
    write(json.dumps([asdict(problem) for problem in problems], ensure_ascii=False, indent=2))


def _as_github(problems: list[Problem]) -> None:
    """Workflow commands; the forge shows them beside the lines."""
    for problem in problems:
        place = f"file={_property(problem.path)},line={problem.line},col={problem.col}"
        write(f"::{problem.severity} {place},title={_property(problem.code)}::{_data(problem.sentence)}")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


_WRITERS: Final[dict[Format, Callable[[list[Problem]], None]]] = {
    Format.text: _as_text,
    Format.json: _as_json,
    Format.github: _as_github,
}
