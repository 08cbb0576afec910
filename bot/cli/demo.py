"""`cuebook demo`: a project with everything it needs, on this machine, at once."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from bot.cli.serve import PortOption
from bot.cli.shared import NoProject, ProjectOption, find_project, run_async, stderr, stdout
from flows.errors import ProjectInvalid

if TYPE_CHECKING:
    from bot.app import App
    from bot.settings import Settings

EXAMPLE: Final = "it-helpdesk"
FOLDER: Final = ".cuebook-demo"
TRY: Final = "click Unlock my account, type j.doe; then type nobody; then Rebuild my laptop, LAP-0042"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(project: ProjectOption = None, port: PortOption = None) -> None:
    """Serve this project, or an example, with the systems it calls.

    Needs no network and no keys. Without a project the example is copied to .cuebook-demo/
    and kept there, so that you can change it and see what happens.
    """
    from bot.cli.opening import open_project
    from bot.cli.services import read_services
    from bot.cli.serving import serve_until_told, tell
    from bot.logs import set_up

    root = _root(project)
    try:
        opened = open_project(root, port=port)
    except ProjectInvalid:
        if root.name == FOLDER:
            tell(f"The example in {root} was changed. To begin with a fresh one, remove that folder.")
        raise
    settings = opened.settings.model_copy(update={"port": _port(opened.settings, port)})
    level = settings.log_level if "CUEBOOK_LOG_LEVEL" in os.environ else "ERROR"
    set_up(level, settings.log_format, opened.secrets.mask)
    services = read_services(opened.project.settings)
    raise typer.Exit(run_async(serve_until_told(opened._replace(settings=settings), services, _show)))


def _root(project: Path | None) -> Path:
    """The project given or found here; else the example, copied where it can be changed."""
    if project is not None:
        return find_project(project)
    try:
        return find_project(None)
    except NoProject:
        folder = _home() / FOLDER
    if not folder.exists():
        _copy_example(folder)
    return folder


def _home() -> Path:
    """Here, or where nobody else writes."""
    here = Path.cwd()
    if os.access(here, os.W_OK):
        return here
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    state.mkdir(parents=True, exist_ok=True)
    return state


def _copy_example(folder: Path) -> None:
    """Whole or not at all, and nothing that a version control would notice."""
    from bot.cli.init import examples, lay_out

    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{FOLDER}.") as draft:
        copy = Path(draft) / EXAMPLE
        lay_out(examples() / EXAMPLE, copy)
        (copy / ".gitignore").write_text("*\n", "utf-8")
        copy.rename(folder)


def _port(settings: Settings, given: int | None) -> int:
    """The port that was asked for; if none was, the usual one or a free one."""
    from bot.cli.opening import is_free

    if given is not None or "port" in settings.model_fields_set or is_free(settings.host, settings.port):
        return settings.port
    stderr().print(f"Port {settings.port} is in use, so a free one is taken; PORT=… chooses another.")
    return 0


def _short(path: Path) -> str:
    """As one would type it here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) and path != here else str(path)


def _show(app: App) -> None:
    """What a person needs to know, on a terminal in a box."""
    assert app.server is not None
    url, root = app.server.url, app.project.root
    chats = [f"{url}/chat/{id}" for id, loaded in app.project.profiles.items()
             if "anonymous" in loaded.document.audience]  # fmt: skip
    rows = [("Open", chat) for chat in chats] or [("Served at", url)]
    if EXAMPLE in app.project.profiles:
        rows.append(("Try", TRY))
    rows += [
        ("Change", f"the files in {_short(root)}; saved ones are taken at once"),
        ("Operator", f"token in {_short(app.state_folder / 'operator-token')}, for /metrics and lists"),
        ("Stop", "Ctrl-C"),
    ]  # fmt: skip
    if not sys.stdout.isatty():
        for name, text in rows:
            sys.stdout.write(f"{name}: {text}\n")
        sys.stdout.flush()
        return
    from rich import box
    from rich.panel import Panel
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for name, text in rows:
        table.add_row(name, text, style="bold" if name == "Open" else "")
    stdout().print(Panel.fit(table, box=box.ROUNDED, title="Cuebook", border_style="cyan"))
