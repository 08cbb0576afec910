"""`cuebook graph`: a flow as a picture in text."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from bot.cli.shared import ProjectOption, find_project, write


class Format(StrEnum):
    """What a graph can be written as."""

    tree = "tree"
    mermaid = "mermaid"
    dot = "dot"
    json = "json"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(graph)


def graph(
    id: Annotated[str, typer.Argument(metavar="ID", help="A chat profile or runbook.")],
    format: Annotated[
        Format, typer.Option("--format", "-f", help="tree, mermaid, dot or json.")
    ] = Format.tree,
    project: ProjectOption = None,
) -> None:
    """Draw a chat profile or runbook: its steps, and where each of them leads."""
    from flows.errors import UnknownDefinition
    from flows.graph import FORMATS, graph_of
    from flows.loader import load_project
    from flows.names import nearest

    loaded = load_project(find_project(project))
    found = loaded.profiles.get(id) or loaded.runbooks.get(id)
    if found is None or found.flow is None:
        known = [*loaded.profiles, *loaded.runbooks]
        raise UnknownDefinition("chat profile or runbook", id, nearest(id, known))
    write(FORMATS[format](graph_of(found.flow)).rstrip("\n"))
