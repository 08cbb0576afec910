"""`cuebook schema`: JSON Schemas, so that an editor completes and checks the files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.shared import find_project, stderr, write

if TYPE_CHECKING:
    from flows.project import Project

FOLDER = ".schema"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(schema)


def schema(
    directory: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="The project's folder; found from here upwards if left out."),
    ] = None,
) -> None:
    """Write .schema/*.json with the project's own names. Run it again when names change."""
    from flows.loader import read_project

    root = find_project(directory)
    project, _ = read_project(root)
    for path in write_schemas(root, project):
        write(str(path.relative_to(root)))
    if project is None:
        stderr().print("the project has errors, so its own names are left out: see `cuebook validate`")


def write_schemas(root: Path, project: Project | None) -> list[Path]:
    """Write one schema a kind of file into `.schema`; the paths written."""
    from flows.schema import schemas

    folder = root / FOLDER
    folder.mkdir(exist_ok=True)
    written = []
    for name, made in schemas(project).items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", "utf-8")
        written.append(path)
    return written
