"""`cuebook init`: a working project to begin with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final

import typer

from bot.cli.shared import USAGE, stderr, write

PROCFILE: Final = "release: cuebook migrate\nweb: cuebook serve\nworker: cuebook worker\n"
IGNORED: Final = "# state of the server: database, lock, keys\n.cuebook/\n.env\n"
EDITOR: Final = {
    "yaml.schemas": {
        ".schema/chat-profile.json": "profiles/*.yaml",
        ".schema/runbook.json": "runbooks/*.yaml",
        ".schema/connector.json": "connectors/*.yaml",
        ".schema/webhook.json": "webhooks/*.yaml",
        ".schema/test.json": "tests/*.yaml",
    }
}
"""For VS Code with its YAML extension. Other editors read the first line of each file."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(init)


def init(
    directory: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="Where; a new or empty folder.")
    ] = Path(),
    example: Annotated[str, typer.Option("--example", help="Which example to begin with.")] = "it-helpdesk",
) -> None:
    """Make a project of its own from an example, ready to run. Nothing is overwritten."""
    source = _example(example)
    there = sorted(path.name for path in directory.iterdir()) if directory.is_dir() else []
    if directory.exists() and not directory.is_dir():
        _refuse(f"{directory} is a file", "name a folder: cuebook init my-desk")
    taken = [name for name in there if name in _written(source)]
    if taken:
        _refuse(
            f"{directory.resolve()} has {', '.join(taken)} already, and nothing is overwritten",
            "name a new folder: cuebook init my-desk",
        )
    lay_out(source, directory)
    _tell(directory)


def lay_out(source: Path, directory: Path) -> None:
    """A project of its own from an example, with what editors and hosts want beside it."""
    _copy(source, directory)
    _furnish(directory)


def examples() -> Path:
    """The folder of the examples that come with the program."""
    from flows import examples

    return Path(examples.__path__[0])


def _example(name: str) -> Path:
    from flows.names import nearest

    known = sorted(path.name for path in examples().iterdir() if (path / "cuebook.toml").is_file())
    if name not in known:
        near = nearest(name, known)
        _refuse(
            f"there is no example `{name}`",
            f"did you mean `{near}`?" if near else f"there are: {', '.join(known)}",
        )
    return examples() / name


def _written(source: Path) -> set[str]:
    return {path.name for path in source.iterdir()} | {".schema", ".vscode", "Procfile", ".gitignore"}


def _copy(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())


def _furnish(directory: Path) -> None:
    """What an editor, a host and a version control want beside the files themselves."""
    from bot.cli.schema import write_schemas
    from flows.loader import load_project

    write_schemas(directory, load_project(directory))
    (directory / ".vscode").mkdir()
    (directory / ".vscode" / "settings.json").write_text(json.dumps(EDITOR, indent=2) + "\n", "utf-8")
    (directory / "Procfile").write_text(PROCFILE, "utf-8")
    (directory / ".gitignore").write_text(IGNORED, "utf-8")


def _tell(directory: Path) -> None:
    write(str(directory.resolve()))
    inside = "" if directory.resolve() == Path.cwd() else f"  cd {directory}\n"
    stderr().print(
        f"A project is there. Next:\n{inside}"
        "  cuebook chat it-helpdesk    talk to it here\n"
        "  cuebook test                play its conversation tests\n"
        "  cuebook demo                serve it with its web chat\n"
        "Then change runbooks/unlock-account.yaml, and see what `cuebook validate` says.",
        markup=False,
    )


def _refuse(message: str, advice: str) -> None:
    stderr().print(f"{message}\n{advice}", markup=False)
    raise typer.Exit(USAGE)
